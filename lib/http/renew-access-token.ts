import type { RenewedAccessToken } from '../../types/tokens.ts'
import type { Config } from '../config.ts'
import { AccessTokenMissingError, SessionEndedError } from '../errors.ts'
import { copyClaims } from '../sessions/claims.ts'
import type { OpenStore } from '../sessions/guarded-store.ts'
import { findAlive } from '../sessions/alive.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import { noStore } from './caching.ts'
import type { AnyReply } from './hooks.ts'
import type { Refuse } from './refusals.ts'
import { challenged, orRetryLater } from './replies.ts'
import type { VerifiedClaims } from './verified-claims.ts'

interface RenewAccessTokenParts {
  config: Config
  verifiedClaims: VerifiedClaims
  accessTokens: AccessTokens
  openStore: OpenStore
  refuse: Refuse
}

export type RenewAccessToken = (this: AnyReply, claims: unknown) => Promise<RenewedAccessToken>

/** `reply.renewAccessToken`. It asks the store first: otherwise a stolen access token could renew itself for ever. */
export function createRenewAccessToken ({ config, verifiedClaims, accessTokens, openStore, refuse }: RenewAccessTokenParts): RenewAccessToken {
  return async function renewAccessToken (claims) {
    const known = verifiedClaims.get(this.request)
    if (known === null) throw challenged(this, new AccessTokenMissingError())
    const { sub, sid, auth_time: authTime = null } = known
    const copy = copyClaims('renewAccessToken', claims)
    if (copy.sub !== sub) throw new TypeError('renewAccessToken: "sub" is not the subject of the session: another user needs a login')

    noStore(this)
    const session = await orRetryLater(this, findAlive(openStore('session', this.request), sid, sub, config.now()))
    if (session === null) throw challenged(this, refuse(this.request, 'session', 'revoked', new SessionEndedError(), { sessionId: sid, subject: sub }))
    const { claims: renewed, response } = accessTokens.sign(session, copy, authTime)
    verifiedClaims.set(this.request, renewed)
    return response
  }
}
