import type { FastifyInstance } from 'fastify'
import type { AccessTokenClaims } from '../../types/claims.ts'
import type { AnyRequest } from '../../types/requests.ts'
import { InvalidOptionError } from '../errors.ts'

/**
 * The claims that this registration of the plugin has verified in a request. They are kept apart from `request.user`, which the
 * host or another plugin can replace: a logout must end the session that was proven.
 */
export interface VerifiedClaims {
  /** Also sets `request.user`. */
  set (request: AnyRequest, claims: AccessTokenClaims): void
  get (request: AnyRequest): AccessTokenClaims | null
}

/** @throws InvalidOptionError if the host's own `request.user` cannot be assigned */
export function createVerifiedClaims (app: FastifyInstance): VerifiedClaims {
  demandSettable(app)
  app.addHook('onReady', async () => demandSettable(app)) // it may be decorated later
  const key = Symbol('fastify-jwt-refresh verified claims')
  app.decorateRequest(key, null) // so that every request has the property from the start, which keeps it fast to read

  return {
    set (request, claims) {
      // If a nested scope has decorated it with only a getter, it becomes an own property of the request.
      if (!Reflect.set(request, 'user', claims)) {
        Object.defineProperty(request, 'user', { value: claims, writable: true, enumerable: true, configurable: true })
      }
      const remembering = request as unknown as Record<symbol, unknown>
      remembering[key] = claims
    },
    get (request) {
      return (request as unknown as Record<symbol, AccessTokenClaims | null | undefined>)[key] ?? null
    }
  }
}

/** Fastify does not expose the prototype of its requests. If a version keeps it elsewhere, the boot check is skipped; `set` copes. */
function demandSettable (app: FastifyInstance): void {
  for (const key of Object.getOwnPropertySymbols(app)) {
    if (key.description !== 'fastify.Request') continue
    const { prototype } = (app as unknown as Record<symbol, { prototype: object }>)[key] as { prototype: object }
    const user = descriptorOf(prototype, 'user')
    if (user?.get === undefined || user.set !== undefined) continue
    throw new InvalidOptionError('request.user is decorated with only a getter, but app.authenticate must set it: ' +
      'give it a setter, too, decorate it with null, or register the plugin in another scope')
  }
}

function descriptorOf (object: object, name: string): PropertyDescriptor | undefined {
  for (let one = object; one !== null; one = Object.getPrototypeOf(one)) {
    const descriptor = Object.getOwnPropertyDescriptor(one, name)
    if (descriptor !== undefined) return descriptor
  }
  return undefined
}
