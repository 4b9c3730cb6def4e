import type { AnyRequest } from '../../types/requests.ts'
import type { AccessTokenConfig } from '../config.ts'
import { AccessTokenInvalidError, AccessTokenMissingError } from '../errors.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import type { SyncHook } from './hooks.ts'
import { challenged } from './replies.ts'
import type { VerifiedClaims } from './verified-claims.ts'

/** The onRequest hook: synchronous from the header to `request.user`. */
export function createAuthenticate (accessTokens: AccessTokens, verifiedClaims: VerifiedClaims, extract: AccessTokenConfig['extract']): SyncHook {
  const tokenOf = extract ?? bearerToken

  function check (request: AnyRequest): Error | undefined {
    const access = request.routeOptions.config.jwtRefresh
    if (access === 'public') return undefined
    try {
      const token = tokenOf(request)
      if (token === null || token === undefined || token === '') return access === 'optional' ? undefined : new AccessTokenMissingError()
      if (typeof token !== 'string') return new AccessTokenInvalidError()
      verifiedClaims.set(request, accessTokens.verify(token))
      return undefined
    } catch (error) {
      // A host's extract may throw anything, also what reads as "no error": that must not open the route.
      return error instanceof Error ? error : new AccessTokenInvalidError({ cause: error })
    }
  }

  return function authenticate (request, reply, done) {
    const error = check(request)
    if (error !== undefined) challenged(reply, error)
    if (done !== undefined) return done(error)
    if (error !== undefined) throw error
  }
}

/** RFC 6750 §2.1; the scheme's case does not matter (RFC 9110 §11.1). */
function bearerToken (request: AnyRequest): string | null {
  const { authorization } = request.headers
  if (authorization === undefined) return null
  if (authorization.startsWith('Bearer ') && authorization[7] !== ' ') return authorization.slice(7)
  return /^bearer +(.*)$/i.exec(authorization)?.[1] ?? null
}
