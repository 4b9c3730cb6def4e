import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger } from 'fastify'
import type { DiagnosticsMessage, JwtRefreshEvent, RefusedEvent, RequestSummary, UnavailableEvent } from '../../types/events.ts'
import type { JwtRefreshOptions } from '../../types/options.ts'
import type { AnyRequest } from '../../types/requests.ts'
import { metadataOf } from './metadata.ts'

/** Reports an event to the host and its log. Never throws and is never awaited: a broken audit log must not log anyone out. */
export type Emit = (event: JwtRefreshEvent, request: AnyRequest | null) => void

/** The channel for tracers, which cannot set options. Its messages are DiagnosticsMessages. */
export const CHANNEL = 'fastify-jwt-refresh'

export function createEmit (onEvent: JwtRefreshOptions['onEvent'], log: FastifyBaseLogger): Emit {
  const diagnostics = channel(CHANNEL)
  const complain = (err: unknown): void => log.error({ err }, 'onEvent failed')

  return function emit (event, request) {
    writeLine(request?.log ?? log, event)
    if (diagnostics.hasSubscribers) diagnostics.publish({ event, request: request === null ? null : summaryOf(request) } satisfies DiagnosticsMessage)
    if (onEvent === undefined) return
    new Promise((resolve) => resolve(onEvent(event, request))).catch(complain)
  }
}

/** The log line has the fields of the event, so that operators can search for them even if the host ignores events. */
function writeLine (log: FastifyBaseLogger, event: JwtRefreshEvent): void {
  if (event.type === 'ended') log.info(event, event.count === 1 ? 'a session was ended' : 'sessions were ended')
  else if (event.type === 'reused') log.warn(event, 'a refresh token was used again: its session was ended')
  else if (event.type === 'unavailable') writeFailure(log, event)
  // For a request from another site, csrf.ts logs a warning with its origin.
  else if (event.type === 'refused' && event.reason !== 'cross-site') log.debug(event, REFUSALS[event.operation])
}

function writeFailure (log: FastifyBaseLogger, { type, operation, ms, cause: err }: UnavailableEvent): void {
  log.warn({ type, operation, ms, err }, 'the session store, `claims` or `adopt` failed or took too long')
}

const REFUSALS: Record<RefusedEvent['operation'], string> = {
  access: 'refused an access token',
  login: 'refused a login',
  refresh: 'refused a refresh',
  logout: 'refused a logout',
  session: 'refused a request whose session has ended'
}

/**
 * What a tracer may record. A subscriber is not the host's own code and may record everything, so it gets no headers, body or
 * query, which can contain tokens and passwords.
 */
function summaryOf (request: AnyRequest): RequestSummary {
  const { id, method, routeOptions } = request
  return { id, method, route: routeOptions.url ?? null, ...metadataOf(request) }
}
