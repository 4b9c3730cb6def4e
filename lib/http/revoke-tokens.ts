import type { Sessions } from '../../types/decorators.ts'
import type { Session } from '../../types/session.ts'
import type { RevokeTokensOptions } from '../../types/tokens.ts'
import { checkCallFlag, checkCallOptions } from '../checks/fields.ts'
import type { Config } from '../config.ts'
import {
  RefreshTokenAmbiguousError, RefreshTokenInvalidError, RefreshTokenMissingError, RefreshTokenRevokedError, SessionEndedError
} from '../errors.ts'
import type { EndSessions } from '../sessions/end-sessions.ts'
import type { Emit } from '../sessions/events.ts'
import type { GuardedStore } from '../sessions/guarded-store.ts'
import { gone, isOutdated } from '../sessions/rotation.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'
import { noStore } from './caching.ts'
import type { RefreshCookie } from './cookie.ts'
import type { IsCrossSite } from './csrf.ts'
import type { AnyReply } from './hooks.ts'
import type { Brought, FindProofs, Proof } from './proofs.ts'
import { challenged, goneError, orRetryLater } from './replies.ts'

export interface RevokeTokensParts {
  config: Config
  findProofs: FindProofs
  isCrossSite: IsCrossSite
  cookie: RefreshCookie
  sessions: Sessions
  endSessions: EndSessions
  store: GuardedStore
  emit: Emit
}

export type RevokeTokens = (this: AnyReply, options?: RevokeTokensOptions) => Promise<void>

interface LivingProof extends Proof {
  session: Session
}

/** `reply.revokeTokens`: a logout. It ends every session that the request shows to be the caller's own. */
export function createRevokeTokens (parts: RevokeTokensParts): RevokeTokens {
  const { config, findProofs, isCrossSite, cookie, sessions, endSessions, store, emit } = parts
  const { windows, transport } = config.refreshToken

  return async function revokeTokens (options = {}) {
    checkCallOptions('revokeTokens', options, ['everywhere'])
    const everywhere = checkCallFlag('revokeTokens', 'everywhere', options.everywhere, false)
    noStore(this)
    const brought = findProofs(this.request)
    const { proofs, cookies: { unreadable } } = brought
    if (unreadable > 0) this.log.info({ unreadable }, 'a logout found refresh cookies that no key of this instance opens')

    if (everywhere) await orRetryLater(this, endAll(this, brought))
    else if (isBadAccessTokenAlone(brought)) throw challenged(this, brought.accessTokenError as Error)
    else await orRetryLater(this, endSessions('logout', proofs, this.request))
    clearCookie(this)
    this.code(204)
  }

  /** The form of another site brings no SameSite cookie, but what its answer sets would count. */
  function clearCookie (reply: AnyReply): void {
    if (transport !== 'body' && !isCrossSite(reply.request)) cookie.clear(reply)
  }

  async function endAll (reply: AnyReply, brought: Brought): Promise<void> {
    const proofs = demandProofs(reply, brought)
    const subject = demandOneSubject(await demandCurrent(reply, proofs))
    const count = await store.deleteAll(subject)
    if (count > 0) emit({ type: 'ended', reason: 'logout', subject, count }, reply.request)
    // By their ids too, in case the store has lost its index of the subject's sessions.
    await endSessions('logout', proofs, reply.request)
  }

  function demandProofs (reply: AnyReply, brought: Brought): Proof[] {
    const { proofs, cookies, body } = brought
    if (cookies.texts.length > 0 && body.texts.length > 0 && !proofs.some(isOfAccess)) throw new RefreshTokenAmbiguousError()
    if (proofs.length > 0) return proofs
    if (isBadAccessTokenAlone(brought)) throw challenged(reply, brought.accessTokenError as Error)
    if (cookies.texts.length + body.texts.length === 0) throw new RefreshTokenMissingError()
    clearCookie(reply)
    throw new RefreshTokenInvalidError()
  }

  /** The proofs of sessions that live and have not gone on without the token: any other may be in a thief's hands for years. */
  async function demandCurrent (reply: AnyReply, proofs: Proof[]): Promise<Proof[]> {
    const living = await findLiving(proofs)
    if (living.length === 0) throw sessionOver(reply, proofs[0] as Proof)
    const current = living.filter(({ refreshToken, session }) => refreshToken === null || !isOutdated(session, refreshToken))
    if (current.length > 0) return current
    await endReused(reply, living)
    clearCookie(reply)
    throw new RefreshTokenRevokedError()
  }

  async function findLiving (proofs: Proof[]): Promise<LivingProof[]> {
    const found = await Promise.all(proofs.map(async (proof) => ({ ...proof, session: await sessions.find(proof.sessionId) })))
    return found.filter((proof): proof is LivingProof => proof.session?.subject === proof.subject)
  }

  function sessionOver (reply: AnyReply, { refreshToken }: Proof): Error {
    if (refreshToken === null) return challenged(reply, new SessionEndedError())
    clearCookie(reply)
    return goneError(gone(refreshToken, config.now(), windows))
  }

  async function endReused (reply: AnyReply, living: LivingProof[]): Promise<void> {
    await Promise.all(living.map(async ({ subject, sessionId, refreshToken, session }) => {
      if (!await store.delete(sessionId)) return
      const { generation } = refreshToken as RefreshToken
      reply.log.warn({ sessionId, subject }, 'an old refresh token was to end all sessions of its user: only its own session is ended')
      emit({ type: 'reused', sessionId, subject, generation, expected: session.generation }, reply.request)
    }))
  }
}

/** With nothing else to end, a client that can get a new one should: 204 would be a false success. */
function isBadAccessTokenAlone ({ proofs, cookies, body, accessTokenError }: Brought): boolean {
  return accessTokenError !== null && proofs.length + cookies.texts.length + body.texts.length === 0
}

function isOfAccess ({ refreshToken }: Proof): boolean {
  return refreshToken === null
}

/** Whose sessions are to be ended; of cookies of two people, no one can tell. */
function demandOneSubject (proofs: Proof[]): string {
  const access = proofs.find(isOfAccess)
  const { subject } = access ?? proofs[0] as Proof
  if (access === undefined && proofs.some((other) => other.subject !== subject)) throw new RefreshTokenInvalidError()
  return subject
}
