import type { RefusedEvent } from '../../../types/events.ts'
import type { AnyRequest } from '../../../types/requests.ts'
import { DeviceProofDeferredError, DeviceProofRequiredError } from '../../errors.ts'
import { toNumericDate } from '../../json.ts'
import { LOGIN_GENERATION } from '../../sessions/rotation.ts'
import type { DeviceProofs } from '../../tokens/dbsc/index.ts'
import type { RefreshToken } from '../../tokens/refresh-token.ts'
import type { AnyReply } from '../hooks.ts'
import type { Refuse } from '../refusals.ts'
import { retryLater } from '../replies.ts'
import type { BoundCookie } from './bound-cookie.ts'
import { isSkipped } from './headers.ts'

// Seconds
const AFTER_REGISTRATION = 5
const SHORT_WAIT = 1
/** A browser that has used up its quota of signatures can sign again some minutes later. */
const SKIPPED_WAIT = 30

/** Accepts the refresh token of a bound session only with a bound cookie, which nobody can get without the device key. */
export interface DeviceGate {
  /**
   * Refuses the token of a bound session if the request has no bound cookie. The token is not rotated and the session is not ended.
   *
   * @throws DeviceProofRequiredError, DeviceProofDeferredError
   */
  demand (request: AnyRequest, reply: AnyReply, operation: RefusedEvent['operation'], token: RefreshToken): void
  /** Whether a token may be used for an operation that needs a bound cookie if the token is bound. */
  allows (request: AnyRequest, token: RefreshToken): boolean
}

interface DeviceGateParts {
  boundCookie: BoundCookie
  proofs: DeviceProofs
  refuse: Refuse
  now: () => number
}

export function createDeviceGate ({ boundCookie, proofs, refuse, now }: DeviceGateParts): DeviceGate {
  function readBound (request: AnyRequest): Array<{ sessionId: string, until: number }> {
    return boundCookie.read(request).flatMap((value) => proofs.readBoundValue(value) ?? [])
  }

  /** In how many seconds the browser can have its bound cookie; null if only a login helps. A thief can only lengthen the wait. */
  function waitOf (request: AnyRequest, token: RefreshToken): number | null {
    if (isSkipped(request)) return SKIPPED_WAIT
    // A browser looks only at the cookie's name: as long as it has the one of another session, it does not request its own.
    const [other] = readBound(request)
    if (other !== undefined) return Math.max(other.until - toNumericDate(now()), SHORT_WAIT)
    // The browser stores the two cookies of a registration one after the other.
    const isNew = token.generation === LOGIN_GENERATION + 1 && now() - token.issuedAt < AFTER_REGISTRATION * 1000
    return isNew ? SHORT_WAIT : null
  }

  function allows (request: AnyRequest, { device, sessionId }: RefreshToken): boolean {
    return device === null || readBound(request).some((bound) => bound.sessionId === sessionId)
  }

  return {
    allows,
    demand (request, reply, operation, token) {
      if (allows(request, token)) return
      const wait = waitOf(request, token)
      const error = wait === null ? new DeviceProofRequiredError() : retryLater(reply, new DeviceProofDeferredError(), wait)
      throw refuse(request, operation, 'proof', error, token)
    }
  }
}
