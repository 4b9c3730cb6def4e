import type { FastifyInstance, RouteOptions } from 'fastify'
import type { DeviceBoundConfig } from '../../config.ts'
import { ALGORITHM } from '../../tokens/dbsc/device-key.ts'
import type { AnyReply } from '../hooks.ts'
import { createDeviceGate } from './gate.ts'
import type { DeviceGate } from './gate.ts'
import { createInstructions } from './instructions.ts'
import { createRegister } from './register.ts'
import type { RegisterParts } from './register.ts'
import { createRenew } from './renew.ts'

/** Sessions that are bound to a key of their device: Device Bound Session Credentials (W3C draft). */
export interface DeviceBinding {
  gate: DeviceGate
  /**
   * Has the browser register a key for the session of a login. Offered later, a thief with a copy of the cookie of a browser that
   * never registers could register a key of his own, which would shut the user out.
   */
  offer (reply: AnyReply, sessionId: string): void
  /** @param scope that of our routes */
  addRoutes (scope: FastifyInstance): void
}

export interface DeviceBindingParts extends Omit<RegisterParts, 'instructions'> {
  config: DeviceBoundConfig
}

export function createDeviceBinding ({ config, ...parts }: DeviceBindingParts): DeviceBinding {
  const { proofs, boundCookie } = parts
  const instructions = createInstructions(config)
  const handlers = { register: createRegister({ ...parts, instructions }), refresh: createRenew({ ...parts, instructions }) }

  return {
    gate: createDeviceGate(parts),
    offer (reply, sessionId) {
      // That of an earlier session would keep the browser from asking for the one of this session.
      if (boundCookie.read(reply.request).length > 0) boundCookie.clear(reply)
      reply.header('secure-session-registration', `(${ALGORITHM});path="${config.paths.register}";challenge="${proofs.registrationChallenge(sessionId)}"`)
    },
    addRoutes (scope) {
      for (const name of ['register', 'refresh'] as const) {
        scope.route({
          method: 'POST',
          url: config.routes[name],
          // No limit of @fastify/rate-limit: a 429 has the browser forget its key. A request that is refused costs no store call.
          config: { jwtRefresh: 'public', swaggerTransform: false, rateLimit: false },
          schema: { hide: true },
          handler: handlers[name]
        } as unknown as RouteOptions)
      }
    }
  }
}
