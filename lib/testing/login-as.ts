import type { FastifyInstance } from 'fastify'
import type { LoginClaims } from '../../types/claims.ts'
import { checkCallOptions } from '../checks/fields.ts'
import { copyClaims } from '../sessions/claims.ts'
import { exposedLogin, WITHOUT_LIMITS } from '../sessions/start-session.ts'

/** Options of `loginAs`. */
export interface LoginAsOptions {
  /** The name of the `issueTokens` decorator if it was changed; selects one of several registrations. */
  issueTokens?: string
}

/** What `loginAs` resolves to: a session, and what requests need to use it. */
export interface TestLogin {
  /** For routes behind `authenticate`. */
  headers: { authorization: string }
  /** For the refresh and logout routes; includes the access cookie, if the app has one. */
  cookies: Record<string, string>
  accessToken: string
  refreshToken: string
  sessionId: string
}

/**
 * Logs in without a login route: spread the result into `app.inject`.
 *
 * ```ts
 * const { headers } = await loginAs(app, { sub: 'user-1' })
 * await app.inject({ url: '/me', headers })
 * ```
 *
 * @param app the scope in which the plugin is registered, or one below it
 * @throws Error if the plugin is not registered there; TypeError for claims that `issueTokens` refuses and for an unknown option
 */
export async function loginAs (app: FastifyInstance, claims: LoginClaims, options: LoginAsOptions = {}): Promise<TestLogin> {
  const { issueTokens = 'issueTokens' } = checkCallOptions('loginAs', options, ['issueTokens'])
  await app.ready()
  const login = exposedLogin(app, issueTokens)
  if (login === undefined) throw new Error(`loginAs: fastify-jwt-refresh is not registered in this scope with reply.${issueTokens}`)
  const { cookieName, accessCookieName } = login
  const terms = login.parseTerms('loginAs', Object.create(null), true)
  const { session, response: { accessToken }, refreshToken } = await login.startSession({
    claims: copyClaims('loginAs', claims), metadata: {}, terms, request: null, ...WITHOUT_LIMITS
  })
  return {
    headers: { authorization: `Bearer ${accessToken}` },
    cookies: { [cookieName]: refreshToken, ...(accessCookieName !== undefined && { [accessCookieName]: accessToken }) },
    accessToken,
    refreshToken,
    sessionId: session.id
  }
}
