import type { AccessTokenClaims } from '../../types/claims.ts'
import type { RenewedAccessToken, TokenResponse } from '../../types/tokens.ts'
import type { Config } from '../config.ts'
import { AccessTokenMissingError } from '../errors.ts'
import { copyClaims } from '../sessions/claims.ts'
import type { OpenStore } from '../sessions/guarded-store.ts'
import { boundKeyOf } from '../tokens/access-token.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import type { AccessCookie } from './access-cookie.ts'
import { noStore } from './caching.ts'
import type { AnyReply } from './hooks.ts'
import type { ReadCookies } from './presented.ts'
import { challenged } from './replies.ts'
import type { DemandAlive } from './require-session.ts'
import type { VerifiedClaims } from './verified-claims.ts'

interface RenewAccessTokenParts {
  config: Config
  verifiedClaims: VerifiedClaims
  accessTokens: AccessTokens
  accessCookie: AccessCookie
  readCookies: ReadCookies
  openStore: OpenStore
  demandAlive: DemandAlive
}

export type RenewAccessToken = (this: AnyReply, claims: unknown) => Promise<RenewedAccessToken>

/** `reply.renewAccessToken`. It asks the store first: otherwise a stolen access token could be renewed forever. */
export function createRenewAccessToken (parts: RenewAccessTokenParts): RenewAccessToken {
  const { config, verifiedClaims, accessTokens, accessCookie, readCookies, openStore, demandAlive } = parts
  const tokensName = config.decorators.tokens as 'tokens'

  /** Sends the token in the way in which the client has its other tokens. */
  function deliver (reply: AnyReply, response: TokenResponse, { sid, ...claims }: AccessTokenClaims): RenewedAccessToken {
    const { request } = reply
    const { texts, tokens } = readCookies(request)
    if (texts.length + accessCookie.read(request).length === 0 && !hasSetCookies(reply)) return response
    accessCookie.checkSize('renewAccessToken', response, claims)
    const refreshToken = tokens.find(({ sessionId }) => sessionId === sid)
    return accessCookie.deliver(reply, response, refreshToken?.persistent ?? false)
  }

  /** Whether a refresh in this request has set cookies; with `adopt`, the request itself may have had none. */
  function hasSetCookies (reply: AnyReply): boolean {
    const given = reply[tokensName]
    return given !== null && given.refreshToken === undefined
  }

  return async function renewAccessToken (claims) {
    const known = verifiedClaims.get(this.request)
    if (known === null) throw challenged(this, new AccessTokenMissingError())
    const { sub, auth_time: authTime = null } = known
    const copy = copyClaims('renewAccessToken', claims)
    if (copy.sub !== sub) throw new TypeError('renewAccessToken: "sub" is not the subject of the session: another user needs a login')

    noStore(this)
    const session = await demandAlive(this.request, this, openStore('session', this.request), known)
    const { claims: renewed, response } = accessTokens.sign(session, copy, authTime, boundKeyOf(known))
    const body = deliver(this, response, renewed)
    verifiedClaims.set(this.request, renewed)
    return body
  }
}
