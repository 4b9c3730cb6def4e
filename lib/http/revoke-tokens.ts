import type { RefusedReason } from '../../types/events.ts'
import type { Session } from '../../types/session.ts'
import type { RevokeTokensOptions } from '../../types/tokens.ts'
import { checkCallFlag, checkCallOptions } from '../checks/fields.ts'
import type { Config } from '../config.ts'
import {
  RefreshTokenAmbiguousError, RefreshTokenInvalidError, RefreshTokenMissingError, RefreshTokenRevokedError, SessionEndedError, TokenRefusedError
} from '../errors.ts'
import { endReused } from '../sessions/end-reused.ts'
import { endAll, endSessions } from '../sessions/end-sessions.ts'
import type { Emit } from '../sessions/events.ts'
import type { GuardedStore, OpenStore } from '../sessions/guarded-store.ts'
import { gone, isOutdated } from '../sessions/rotation.ts'
import { findAlive } from '../sessions/alive.ts'
import type { Refusal } from '../tokens/keyring.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'
import { noStore } from './caching.ts'
import type { RefreshCookie } from './cookie.ts'
import type { IsCrossSite } from './csrf.ts'
import type { DeviceGate } from './dbsc/gate.ts'
import type { AnyReply } from './hooks.ts'
import type { KeyProofs } from './key-proofs.ts'
import type { Brought, FindProofs, Proof } from './proofs.ts'
import type { Refuse, RefuseAccessToken } from './refusals.ts'
import { challenged, goneError, orRetryLater } from './replies.ts'

export interface RevokeTokensParts {
  config: Config
  findProofs: FindProofs
  isCrossSite: IsCrossSite
  cookie: RefreshCookie
  openStore: OpenStore
  emit: Emit
  refuse: Refuse
  refuseAccessToken: RefuseAccessToken
  /** null: tokens are not bound to keys. */
  keyProofs: KeyProofs | null
  /** null: sessions are not bound to devices. */
  deviceGate: DeviceGate | null
}

export type RevokeTokens = (this: AnyReply, options?: RevokeTokensOptions) => Promise<void>

interface LivingProof extends Proof {
  session: Session
}

/** `reply.revokeTokens`: a logout. It ends every session that the request shows to be the caller's own. */
export function createRevokeTokens (parts: RevokeTokensParts): RevokeTokens {
  const { config, findProofs, isCrossSite, cookie, openStore, emit, refuse, refuseAccessToken, keyProofs, deviceGate } = parts
  const { windows, transport } = config.refreshToken

  return async function revokeTokens (options = {}) {
    const { everywhere: wanted } = checkCallOptions('revokeTokens', options, ['everywhere'])
    const everywhere = checkCallFlag('revokeTokens', 'everywhere', wanted, false)
    noStore(this)
    const brought = findProofs(this.request)
    const { proofs, cookies: { unreadable, refusal } } = brought
    if (unreadable > 0) this.log.info({ unreadable, reason: refusal }, 'a logout had refresh cookies that this instance cannot verify')

    const store = openStore('logout', this.request)
    if (everywhere) await orRetryLater(this, endEverywhere(this, store, brought))
    else if (isBadAccessTokenAlone(brought)) throw challenged(this, refuseAccessToken(this.request, 'logout', brought.accessTokenError as Error))
    else await orRetryLater(this, endSessions(store, emit, 'logout', proofs, this.request))
    clearCookies(this)
    this.code(204)
  }

  /** Not for a cross-site request: it has no SameSite cookies, but the response to a form of another site could clear them. */
  function clearCookies (reply: AnyReply): void {
    if (transport !== 'body' && !isCrossSite(reply.request)) cookie.clear(reply)
  }

  async function endEverywhere (reply: AnyReply, store: GuardedStore, brought: Brought): Promise<void> {
    const proofs = demandKey(reply, demandProofs(reply, brought))
    const subject = demandOneSubject(reply, await demandCurrent(reply, store, proofs))
    await endAll(store, emit, 'logout', subject, reply.request)
    // Also by their ids, in case the store has lost its index of the subject's sessions.
    await endSessions(store, emit, 'logout', proofs, reply.request)
  }

  function demandProofs (reply: AnyReply, brought: Brought): Proof[] {
    const { proofs, cookies, body } = brought
    if (cookies.texts.length > 0 && body.texts.length > 0 && !proofs.some(isOfAccess)) throw refused(reply, 'ambiguous', new RefreshTokenAmbiguousError())
    if (proofs.length > 0) return proofs
    if (isBadAccessTokenAlone(brought)) throw challenged(reply, refuseAccessToken(reply.request, 'logout', brought.accessTokenError as Error))
    if (cookies.texts.length + body.texts.length === 0) throw refused(reply, 'missing', new RefreshTokenMissingError())
    clearCookies(reply)
    const reason = (cookies.refusal ?? body.refusal) as Refusal
    throw refused(reply, reason, new RefreshTokenInvalidError({ cause: new TokenRefusedError(reason) }))
  }

  /** The proofs that need no proof of a key, or come with a valid one. For access tokens, that has been checked already. */
  function demandKey (reply: AnyReply, proofs: Proof[]): Proof[] {
    const { request } = reply
    const allowed = proofs.filter(({ refreshToken }) => refreshToken === null ||
      ((keyProofs?.allows(request, refreshToken) ?? true) && (deviceGate?.allows(request, refreshToken) ?? true)))
    if (allowed.length > 0) return allowed
    const { refreshToken } = proofs[0] as Proof
    keyProofs?.demand(request, 'logout', refreshToken as RefreshToken)
    deviceGate?.demand(request, reply, 'logout', refreshToken as RefreshToken)
    return allowed
  }

  /** The proofs of active sessions whose token has not been superseded: an older token may have been stolen long ago. */
  async function demandCurrent (reply: AnyReply, store: GuardedStore, proofs: Proof[]): Promise<Proof[]> {
    const living = await findLiving(store, proofs)
    if (living.length === 0) throw sessionOver(reply, proofs[0] as Proof)
    const current = living.filter(({ refreshToken, session }) => refreshToken === null || !isOutdated(session, refreshToken))
    if (current.length > 0) return current
    const ended = await Promise.all(living.map(async ({ session, refreshToken }) =>
      await endReused(store, emit, session, refreshToken as RefreshToken, reply.request)))
    clearCookies(reply)
    const error = new RefreshTokenRevokedError()
    throw ended.includes(true) ? error : refused(reply, 'revoked', error, living[0]) // if another request was faster
  }

  async function findLiving (store: GuardedStore, proofs: Proof[]): Promise<LivingProof[]> {
    const found = await Promise.all(proofs.map(async (proof) => {
      return { ...proof, session: await findAlive(store, proof.sessionId, proof.subject, config.now()) }
    }))
    return found.filter((proof): proof is LivingProof => proof.session !== null)
  }

  function sessionOver (reply: AnyReply, proof: Proof): Error {
    const { refreshToken } = proof
    if (refreshToken === null) return challenged(reply, refused(reply, 'revoked', new SessionEndedError(), proof))
    clearCookies(reply)
    const outcome = gone(refreshToken, config.now(), windows)
    return refused(reply, outcome.code, goneError(outcome), proof)
  }

  /** The subject whose sessions are ended; with cookies of two users, that is ambiguous. */
  function demandOneSubject (reply: AnyReply, proofs: Proof[]): string {
    const access = proofs.find(isOfAccess)
    const { subject } = access ?? proofs[0] as Proof
    if (access !== undefined || proofs.every((other) => other.subject === subject)) return subject
    throw refused(reply, 'several subjects', new RefreshTokenInvalidError())
  }

  function refused (reply: AnyReply, reason: RefusedReason, error: Error, whose?: Proof): Error {
    return refuse(reply.request, 'logout', reason, error, whose)
  }
}

/** There is nothing else to end, so a 204 would falsely report success: the client should get a new access token and try again. */
function isBadAccessTokenAlone ({ proofs, cookies, body, accessTokenError }: Brought): boolean {
  return accessTokenError !== null && proofs.length + cookies.texts.length + body.texts.length === 0
}

function isOfAccess ({ refreshToken }: Proof): boolean {
  return refreshToken === null
}
