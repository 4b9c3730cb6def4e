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
   * Asks the browser to register a key for the session of a login. Only at the login: otherwise a thief with a copied cookie could
   * register a key of his own for a browser that has registered none, and so lock the user out.
   */
  offer (reply: AnyReply, sessionId: string): void
  /** @param scope the scope of the plugin's routes */
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
      // The bound cookie of an earlier session would keep the browser from requesting that of this session.
      if (boundCookie.read(reply.request).length > 0) boundCookie.clear(reply)
      reply.header('secure-session-registration', `(${ALGORITHM});path="${config.paths.register}";challenge="${proofs.registrationChallenge(sessionId)}"`)
    },
    addRoutes (scope) {
      for (const name of ['register', 'refresh'] as const) {
        scope.route({
          method: 'POST',
          url: config.routes[name],
          // @fastify/rate-limit must not apply: after a 429 the browser forgets its key. A refused request costs no store call.
          config: { jwtRefresh: 'public', swaggerTransform: false, rateLimit: false },
          schema: { hide: true },
          handler: handlers[name]
        } as unknown as RouteOptions)
      }
    }
  }
}
