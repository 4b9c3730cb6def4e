import type { AccessTokenClaims } from '../../types/claims.ts'
import type { AnyRequest } from '../../types/requests.ts'
import { own } from '../json.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import type { AccessCookie } from './access-cookie.ts'
import { accessOf } from './authenticate.ts'
import type { ReadAccessToken } from './authenticate.ts'
import { refuseCrossSite } from './csrf.ts'
import type { IsCrossSite } from './csrf.ts'
import type { ReadCookies } from './presented.ts'
import type { Refuse } from './refusals.ts'
import type { VerifiedClaims } from './verified-claims.ts'

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']) // RFC 9110 §9.2.1

/**
 * Reads the access cookie of a request. Returns its claims, null if there is no such cookie, or an error if the token is expired or
 * invalid. If the request also has a refresh cookie, an access cookie of another session is skipped: a late response has set it
 * again after a logout or another login.
 */
export function createReadAccessCookie (accessCookie: AccessCookie, accessTokens: AccessTokens, readCookies: ReadCookies): ReadAccessToken {
  function judge (text: string): AccessTokenClaims | Error {
    try {
      return accessTokens.verify(text)
    } catch (error) {
      return error as Error
    }
  }

  return function readAccessCookie (request) {
    const texts = accessCookie.read(request)
    if (texts.length === 0) return null
    const { tokens } = readCookies(request)
    let fault: Error | null = null
    for (const text of texts) {
      const claims = judge(text)
      if (claims instanceof Error) fault ??= claims
      else if (tokens.length === 0 || tokens.some(({ sessionId }) => sessionId === claims.sid)) return claims
    }
    return fault
  }
}

/**
 * Reads the access token from the header or, if there is none, from the cookie. A browser sends the cookie no matter which site
 * caused the request, so the cookie is not accepted in a cross-site request that may change something.
 */
export function createReadEither (
  readBearer: ReadAccessToken, readAccessCookie: ReadAccessToken, verifiedClaims: VerifiedClaims, isCrossSite: IsCrossSite, refuse: Refuse
): ReadAccessToken {
  return function readAccessToken (request) {
    const sent = readBearer(request)
    if (sent !== null) return sent
    // A refresh earlier in this request has replaced the cookie that came with it.
    const claims = verifiedClaims.get(request) ?? readAccessCookie(request)
    // A page cannot remove its own httpOnly cookie, so an expired or invalid one is not an error on a route that needs no token.
    if (claims instanceof Error) return accessOf(request) === 'optional' ? null : claims
    if (claims === null || isSafe(request) || !isCrossSite(request)) return claims
    return refuseCrossSite(refuse, request, 'access', { subject: claims.sub, sessionId: claims.sid })
  }
}

/** The upgrade to a WebSocket is a GET, but opens a connection on which any message can follow. */
export function isSafe (request: AnyRequest): boolean {
  return SAFE_METHODS.has(request.method) && !isUpgrade(request)
}

export function isUpgrade ({ headers }: AnyRequest): boolean {
  return own(headers, 'upgrade') !== undefined
}
