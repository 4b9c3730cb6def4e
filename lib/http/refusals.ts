import type { RefusedEvent } from '../../types/events.ts'
import type { AnyRequest } from '../../types/requests.ts'
import { TokenRefusedError } from '../errors.ts'
import type { RefusalReason } from '../errors.ts'
import type { SessionReference } from '../sessions/end-sessions.ts'
import type { Emit } from '../sessions/events.ts'

/**
 * Emits the event of a refusal. Returns the error to respond with, so that it can be thrown in the same line.
 *
 * @param whose the session, known from a verified token
 */
export type Refuse = (
  request: AnyRequest | null, operation: RefusedEvent['operation'], reason: RefusedEvent['reason'], error: Error, whose?: SessionReference
) => Error

export function createRefuse (emit: Emit): Refuse {
  return function refuse (request, operation, reason, error, whose) {
    emit({ type: 'refused', operation, reason, ...(whose && { sessionId: whose.sessionId, subject: whose.subject }) }, request)
    return error
  }
}

/** Does the same for an access token, with the reason taken from its error. */
export type RefuseAccessToken = (request: AnyRequest | null, operation: 'access' | 'logout', error: Error) => Error

export function createRefuseAccessToken (refuse: Refuse): RefuseAccessToken {
  return function refuseAccessToken (request, operation, error) {
    if (!(error.cause instanceof TokenRefusedError)) return error // thrown by the host's `extract`
    const reason = error.cause.message as RefusalReason
    if (reason !== 'expired') return refuse(request, operation, reason, error)
    // No event: every client sends an expired token now and then, and then refreshes.
    request?.log.debug({ operation, reason }, 'an access token has expired')
    return error
  }
}
