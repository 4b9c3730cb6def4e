import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger } from 'fastify'
import type { DiagnosticsMessage, JwtRefreshEvent, RequestSummary } from '../../types/events.ts'
import type { JwtRefreshOptions } from '../../types/options.ts'
import type { AnyRequest } from '../../types/requests.ts'
import { metadataOf } from './metadata.ts'

/** Tells the host. Never throws and is never awaited: a broken audit log must not log anyone out. */
export type Emit = (event: JwtRefreshEvent, request: AnyRequest | null) => void

/** Where tracers that do not hold the options can listen; messages are DiagnosticsMessages. */
export const CHANNEL = 'fastify-jwt-refresh'

export function createEmit (onEvent: JwtRefreshOptions['onEvent'], log: FastifyBaseLogger): Emit {
  const diagnostics = channel(CHANNEL)
  const complain = (err: unknown): void => log.error({ err }, 'onEvent failed')

  return function emit (event, request) {
    if (diagnostics.hasSubscribers) diagnostics.publish({ event, request: request === null ? null : summaryOf(request) } satisfies DiagnosticsMessage)
    if (onEvent === undefined) return
    new Promise((resolve) => resolve(onEvent(event, request))).catch(complain)
  }
}

/**
 * What a tracer may write down. Whoever subscribes is not of the host's making and may write down all that it gets: no
 * header, body or query goes there, where the tokens and a login's password are.
 */
function summaryOf (request: AnyRequest): RequestSummary {
  const { id, method, routeOptions } = request
  return { id, method, route: routeOptions.url ?? null, ...metadataOf(request) }
}
