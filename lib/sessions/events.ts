import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger } from 'fastify'
import type { JwtRefreshEvent } from '../../types/events.ts'
import type { JwtRefreshOptions } from '../../types/options.ts'
import type { AnyRequest } from '../../types/requests.ts'

/** Tells the host. Never throws and is never awaited: a broken audit log must not log anyone out. */
export type Emit = (event: JwtRefreshEvent, request: AnyRequest | null) => void

/** Where tracers that do not hold the options can listen; messages are `{ event, request }`. */
export const CHANNEL = 'fastify-jwt-refresh'

export function createEmit (onEvent: JwtRefreshOptions['onEvent'], log: FastifyBaseLogger): Emit {
  const diagnostics = channel(CHANNEL)
  const complain = (err: unknown): void => log.error({ err }, 'onEvent failed')

  return function emit (event, request) {
    if (diagnostics.hasSubscribers) diagnostics.publish({ event, request })
    if (onEvent === undefined) return
    new Promise((resolve) => resolve(onEvent(event, request))).catch(complain)
  }
}
