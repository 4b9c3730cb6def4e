import type { AccessTokenClaims } from '../../types/claims.ts'
import type { AnyRequest } from '../../types/requests.ts'
import type { AccessTokenConfig } from '../config.ts'
import { AccessTokenInvalidError, AccessTokenMissingError, AccessTokenSchemeError, TokenRefusedError } from '../errors.ts'
import { own } from '../json.ts'
import { boundKeyOf } from '../tokens/access-token.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import type { SyncHook } from './hooks.ts'
import type { RefuseAccessToken } from './refusals.ts'
import { challenged } from './replies.ts'
import type { VerifiedClaims } from './verified-claims.ts'

/** The claims of the access token of a request; null if there is none; the error if the token is not valid. */
export type ReadAccessToken = (request: AnyRequest) => AccessTokenClaims | Error | null

export function createReadAccessToken (accessTokens: AccessTokens, extract: AccessTokenConfig['extract']): ReadAccessToken {
  /** Reads the header if `extract` returns undefined, so that the Bearer challenge of a 401 is accurate. */
  function tokenOf (request: AnyRequest): unknown {
    const token = extract?.(request)
    return token === undefined ? tokenUnder('Bearer', request) : token
  }

  return function readAccessToken (request) {
    try {
      const token = tokenOf(request)
      return token === null || token === '' ? null : accessTokens.verify(token as string)
    } catch (error) {
      // A host's extract may throw anything, even a falsy value, which would pass for "no error": that must not open the route.
      return error instanceof Error ? error : new AccessTokenInvalidError({ cause: error })
    }
  }
}

/** `app.verifyAccessToken`: throws the error that `authenticate` would answer with. */
export function createVerifyAccessToken (accessTokens: AccessTokens, refuseAccessToken: RefuseAccessToken): (token: unknown) => AccessTokenClaims {
  return function verifyAccessToken (token) {
    if (token === null || token === undefined || token === '') throw new AccessTokenMissingError()
    try {
      const claims = accessTokens.verify(token as string)
      if (boundKeyOf(claims) === null) return claims
      throw new AccessTokenSchemeError({ cause: new TokenRefusedError('proof') }) // there is no request that could carry a proof
    } catch (error) {
      throw refuseAccessToken(null, 'access', error as Error)
    }
  }
}

/** Sets `request.user`, or returns the error. Also returns undefined if the route does not need an access token. */
export type CheckAccess = (request: AnyRequest) => Error | undefined

export function createCheckAccess (
  readAccessToken: ReadAccessToken, verifiedClaims: VerifiedClaims, refuseAccessToken: RefuseAccessToken
): CheckAccess {
  return function checkAccess (request) {
    const access = accessOf(request)
    if (access === 'public') return undefined
    const claims = readAccessToken(request)
    if (claims === null) return access === 'optional' ? undefined : new AccessTokenMissingError()
    if (claims instanceof Error) return refuseAccessToken(request, 'access', claims)
    verifiedClaims.set(request, claims)
    return undefined
  }
}

/** The route's `config.jwtRefresh`. */
export function accessOf (request: AnyRequest): unknown {
  return own(request.routeOptions.config, 'jwtRefresh')
}

/** The onRequest hook: synchronous from the header to `request.user`. */
export function createAuthenticate (checkAccess: CheckAccess): SyncHook {
  return function authenticate (request, reply, done) {
    const error = checkAccess(request)
    if (error !== undefined) challenged(reply, error)
    if (done !== undefined) return done(error)
    if (error !== undefined) throw error
  }
}

const SCHEMES = { Bearer: /^bearer +(.*)$/i, DPoP: /^dpop +(.*)$/i }

/** RFC 6750 §2.1, RFC 9449 §7.1. The scheme is case-insensitive (RFC 9110 §11.1). */
export function tokenUnder (scheme: 'Bearer' | 'DPoP', request: AnyRequest): string | null {
  const authorization = own(request.headers, 'authorization')
  if (typeof authorization !== 'string') return null
  const { length } = scheme
  if (authorization.startsWith(scheme) && authorization[length] === ' ' && authorization[length + 1] !== ' ') return authorization.slice(length + 1)
  return SCHEMES[scheme].exec(authorization)?.[1] ?? null
}
