import type { Sessions } from '../../types/decorators.ts'
import type { RevokeTokensOptions } from '../../types/tokens.ts'
import type { Config } from '../config.ts'
import { SessionEndedError } from '../errors.ts'
import type { Emit } from '../sessions/events.ts'
import type { GuardedStore } from '../sessions/guarded-store.ts'
import { gone } from '../sessions/rotation.ts'
import { noStore } from './caching.ts'
import type { RefreshCookie } from './cookie.ts'
import type { IsCrossSite } from './csrf.ts'
import type { AnyReply } from './hooks.ts'
import { demandToken } from './presented.ts'
import type { FindTokens } from './presented.ts'
import { challenged, goneError, orRetryLater } from './replies.ts'
import type { VerifiedClaims } from './verified-claims.ts'

export interface RevokeTokensParts {
  config: Config
  findTokens: FindTokens
  isCrossSite: IsCrossSite
  verifiedClaims: VerifiedClaims
  cookie: RefreshCookie
  sessions: Sessions
  store: GuardedStore
  emit: Emit
}

export type RevokeTokens = (this: AnyReply, options?: RevokeTokensOptions) => Promise<void>

/** Whose sessions a logout is about: by the access token that `authenticate` verified, else by the refresh token. */
interface Target {
  subject: string
  sessionIds: string[]
  /** The error for a session that is over already. */
  over: () => Error
}

export function createRevokeTokens (parts: RevokeTokensParts): RevokeTokens {
  const { config, findTokens, isCrossSite, verifiedClaims, cookie, sessions, store, emit } = parts
  const { windows, transport } = config.refreshToken

  return async function revokeTokens ({ everywhere = false } = {}) {
    noStore(this)
    const target = targetOf(this, everywhere)
    if (target !== null) await orRetryLater(this, everywhere ? endAll(this, target) : endEach(this, target))
    // The form of another site brings no SameSite cookie, but what its answer sets would count.
    if (transport !== 'body' && (target !== null || !isCrossSite(this.request))) cookie.clear(this)
    this.code(204)
  }

  /** null: there is nothing that could be ended, which is what a logout wants (RFC 7009 §2.2). */
  function targetOf (reply: AnyReply, everywhere: boolean): Target | null {
    const claims = verifiedClaims.get(reply.request)
    if (claims !== null) {
      return { subject: claims.sub, sessionIds: [claims.sid], over: () => challenged(reply, new SessionEndedError()) }
    }
    const found = findTokens(reply.request)
    if (!everywhere && (found.tokens === 'missing' || found.tokens === 'invalid')) return null
    const { transport, tokens } = demandToken(reply, cookie, found)
    const [token] = tokens
    return {
      subject: token.subject,
      sessionIds: tokens.map(({ sessionId }) => sessionId),
      over () {
        if (transport === 'cookie') cookie.clear(reply)
        return goneError(gone(token, config.now(), windows))
      }
    }
  }

  async function endEach (reply: AnyReply, { subject, sessionIds }: Target): Promise<void> {
    for (const sessionId of sessionIds) {
      if (!await store.delete(sessionId)) continue
      emit({ type: 'ended', reason: 'logout', subject, sessionId, count: 1 }, reply.request)
    }
  }

  async function endAll (reply: AnyReply, { subject, sessionIds, over }: Target): Promise<void> {
    // A token of a dead session may be in a thief's hands for years: it must not end what lives.
    const found = await Promise.all(sessionIds.map((id) => sessions.find(id)))
    if (!found.some((session) => session?.subject === subject)) throw over()
    const count = await store.deleteAll(subject)
    emit({ type: 'ended', reason: 'logout', subject, count }, reply.request)
  }
}
