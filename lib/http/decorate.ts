import type { FastifyInstance } from 'fastify'
import type { AccessTokenClaims } from '../../types/claims.ts'
import type { DecoratorName, Sessions } from '../../types/decorators.ts'
import { InvalidOptionError } from '../errors.ts'
import type { Hook, SyncHook } from './hooks.ts'
import type { IssueTokens } from './issue-tokens.ts'
import type { RenewAccessToken } from './renew-access-token.ts'
import type { RequireRecentLogin } from './require-recent-login.ts'
import type { RevokeTokens } from './revoke-tokens.ts'

export interface Decorations {
  authenticate: SyncHook
  authenticateOrRefresh: Hook
  refresh: Hook
  requireSession: Hook
  requireRecentLogin: RequireRecentLogin
  sessions: Sessions
  verifyAccessToken: (token: unknown) => AccessTokenClaims
  issueTokens: IssueTokens
  renewAccessToken: RenewAccessToken
  revokeTokens: RevokeTokens
}

/** @throws InvalidOptionError if a name is taken; the message says which option changes it */
export function decorate (app: FastifyInstance, names: Record<DecoratorName, string>, decorations: Decorations): void {
  for (const decorator of ['authenticate', 'authenticateOrRefresh', 'refresh', 'requireSession', 'requireRecentLogin', 'sessions', 'verifyAccessToken'] as const) {
    add('instance', decorator, (name) => app.decorate(name, decorations[decorator] as unknown))
  }
  for (const decorator of ['issueTokens', 'renewAccessToken', 'revokeTokens'] as const) {
    add('reply', decorator, (name) => app.decorateReply(name, decorations[decorator] as unknown))
  }
  // Two registrations can share `reply.tokens`, since only one of them refreshes a given request. The mark distinguishes the
  // plugin's own decorator from one that the host added under that name.
  const mark = Symbol.for(`fastify-jwt-refresh reply.${names.tokens}`)
  if (app.hasReplyDecorator(mark)) return
  add('reply', 'tokens', (name) => app.decorateReply(name, null))
  app.decorateReply(mark, null)

  function add (owner: string, decorator: DecoratorName, decorateWith: (name: string) => void): void {
    const name = names[decorator]
    try {
      decorateWith(name)
    } catch {
      throw new InvalidOptionError(
        `decorators.${decorator} is ${JSON.stringify(name)}, a name that this ${owner} already has (from the app, or because the plugin is registered twice): give another one`)
    }
  }
}
