import type { AnyRequest } from '../../types/requests.ts'
import { own } from '../json.ts'
import type { SessionReference } from '../sessions/end-sessions.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'
import type { AccessCookie } from './access-cookie.ts'
import type { ReadAccessToken } from './authenticate.ts'
import { refuseCrossSite } from './csrf.ts'
import type { IsCrossSite } from './csrf.ts'
import type { Presented, ReadTokens } from './presented.ts'
import type { Refuse } from './refusals.ts'
import type { VerifiedClaims } from './verified-claims.ts'

/** A genuine token of a session: whoever presents it may end that session. */
export interface Proof extends SessionReference {
  /** null: it was an access token. */
  refreshToken: RefreshToken | null
}

/** The tokens that a request presents for a logout. */
export interface Brought {
  /** In this order: what `authenticate` has verified, refresh tokens, the access token of the request. */
  proofs: Proof[]
  cookies: Presented
  body: Presented
  /** Why the access token of the request was refused. */
  accessTokenError: Error | null
}

/**
 * Finds everything in a request that proves that a session is the caller's own.
 *
 * @throws CrossSiteRequestError if another site has made the browser send everything that there is
 */
export type FindProofs = (request: AnyRequest) => Brought

interface FindProofsParts {
  readTokens: ReadTokens
  /** Does not read the access cookie. */
  readBearer: ReadAccessToken
  accessCookie: AccessCookie
  readAccessCookie: ReadAccessToken
  /** Whether the host reads access tokens from another place. That may be a cookie, which browsers also send in cross-site requests. */
  extracts: boolean
  verifiedClaims: VerifiedClaims
  isCrossSite: IsCrossSite
  refuse: Refuse
}

export function createFindProofs (parts: FindProofsParts): FindProofs {
  const { readTokens, readBearer, accessCookie, readAccessCookie, extracts, verifiedClaims, isCrossSite, refuse } = parts

  return function findProofs (request) {
    const { cookies, body } = readTokens(request)
    const crossSite = isCrossSite(request)
    const verified = verifiedClaims.get(request)
    const claims = extracts && crossSite ? null : readBearer(request)
    const ofCookie = crossSite ? null : readAccessCookie(request)
    const proofs = [
      ...(verified === null ? [] : [ofClaims(verified)]),
      ...(crossSite ? [] : cookies.tokens.map(ofToken)),
      ...(crossSite && body.comesAlong ? [] : body.tokens.map(ofToken)),
      ...[claims, ofCookie].flatMap((found) => found === null || found instanceof Error ? [] : ofClaims(found))
    ]
    const ignored = cookies.texts.length + (body.comesAlong ? body.texts.length : 0) + accessCookie.read(request).length
    if (crossSite && ignored > 0 && proofs.length === 0) throw refuseCrossSite(refuse, request, 'logout', cookies.tokens[0] ?? body.tokens[0])
    return { proofs, cookies, body, accessTokenError: isRefused(claims) ? claims : null }
  }
}

/** Any other error was thrown by the host's `extract`, perhaps because the request does not have the token that it looks for. */
function isRefused (claims: unknown): claims is Error {
  return claims instanceof Error && own(claims, 'statusCode') === 401
}

function ofClaims ({ sub, sid }: { sub: string, sid: string }): Proof {
  return { subject: sub, sessionId: sid, refreshToken: null }
}

function ofToken (refreshToken: RefreshToken): Proof {
  const { subject, sessionId, adoptedKey } = refreshToken
  return { subject, sessionId, adoptedKey, refreshToken }
}
