import type { Config } from '../config.ts'
import type { Emit } from '../sessions/events.ts'
import type { OpenStore } from '../sessions/guarded-store.ts'
import type { Rotate } from '../sessions/rotate.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import type { RefreshTokens } from '../tokens/refresh-token.ts'
import type { AccessCookie } from './access-cookie.ts'
import { noStore } from './caching.ts'
import type { RefreshCookie } from './cookie.ts'
import type { DeviceGate } from './dbsc/gate.ts'
import type { Hook } from './hooks.ts'
import type { KeyProofs } from './key-proofs.ts'
import type { ChooseToken } from './presented.ts'
import { goneError, orRetryLater } from './replies.ts'
import type { VerifiedClaims } from './verified-claims.ts'

export interface RefreshParts {
  config: Config
  chooseToken: ChooseToken
  rotate: Rotate
  accessTokens: AccessTokens
  refreshTokens: RefreshTokens
  verifiedClaims: VerifiedClaims
  cookie: RefreshCookie
  accessCookie: AccessCookie
  openStore: OpenStore
  emit: Emit
  /** null: tokens are not bound to keys. */
  keyProofs: KeyProofs | null
  /** null: sessions are not bound to devices. */
  deviceGate: DeviceGate | null
}

/**
 * The preHandler hook behind `POST /refresh`: finds the token, checks and rotates it, and responds (RFC 6749 §6). A refusal does not
 * clear the cookie: another tab may have logged in meanwhile, and its new cookie would be cleared.
 */
export function createRefresh (parts: RefreshParts): Hook {
  const { config, chooseToken, rotate, accessTokens, refreshTokens, verifiedClaims, cookie, accessCookie, openStore, emit, keyProofs, deviceGate } = parts
  const tokens = config.decorators.tokens as 'tokens'

  return async function refresh (request, reply) {
    noStore(reply)
    const store = openStore('refresh', request)
    const { token, transport, sent, renews } = await orRetryLater(reply, chooseToken(request, store))
    keyProofs?.demand(request, 'refresh', token)
    deviceGate?.demand(request, reply, 'refresh', token)
    const outcome = await orRetryLater(reply, rotate(token, store, request))
    if (outcome.type === 'gone') throw goneError(outcome)

    const { session, claims, child } = outcome
    const { claims: accessClaims, response } = accessTokens.sign(session, claims, token.authTime, token.jkt)
    const parent = renews ? { ...token, generation: session.generation, hash: session.current } : token
    const refreshToken = child || renews ? refreshTokens.sign(session, parent) : null
    if (transport === 'cookie') {
      accessCookie.checkSize('claims', response, claims)
      if (refreshToken !== null) cookie.set(reply, refreshToken, session, config.now(), token.persistent)
      reply[tokens] = accessCookie.deliver(reply, response, token.persistent)
    } else {
      // The body always contains a refresh token, so that a client can store it without a check.
      reply[tokens] = { ...response, refreshToken: refreshToken ?? sent as string }
    }
    verifiedClaims.set(request, accessClaims)
    const { sessionId, subject, generation } = token
    emit(outcome.case === 'ahead'
      ? { type: 'recovered', sessionId, subject, generation, expected: outcome.before }
      : { type: 'refreshed', sessionId, subject, generation, case: outcome.case, rotated: refreshToken !== null }, request)
  }
}
