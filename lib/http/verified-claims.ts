import type { FastifyInstance } from 'fastify'
import type { AccessTokenClaims } from '../../types/claims.ts'
import type { AnyRequest } from '../../types/requests.ts'

/**
 * Which claims this registration of the plugin verified in a request. They outlive what a host makes of `request.user`,
 * which may also be another plugin's: a logout must end the session that was proven, not what is written there.
 */
export interface VerifiedClaims {
  /** Makes them `request.user`, too. */
  set (request: AnyRequest, claims: AccessTokenClaims): void
  get (request: AnyRequest): AccessTokenClaims | null
}

export function createVerifiedClaims (app: FastifyInstance): VerifiedClaims {
  const key = Symbol('fastify-jwt-refresh verified claims')
  app.decorateRequest(key, null) // so that every request has the property from the start, which keeps it fast to read

  return {
    set (request, claims) {
      request.user = claims
      const remembering = request as unknown as Record<symbol, unknown>
      remembering[key] = claims
    },
    get (request) {
      return (request as unknown as Record<symbol, AccessTokenClaims | null | undefined>)[key] ?? null
    }
  }
}
