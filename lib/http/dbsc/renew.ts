import { DeviceProofInvalidError, DeviceProofRequiredError, TokenRefusedError } from '../../errors.ts'
import { isSessionId } from '../../json.ts'
import type { DeviceProofs } from '../../tokens/dbsc/index.ts'
import type { ReadCookies } from '../presented.ts'
import type { Refuse } from '../refusals.ts'
import type { BoundCookie } from './bound-cookie.ts'
import { responseOf, sessionIdOf, setChallenge } from './headers.ts'
import type { Instructions } from './instructions.ts'
import type { DeviceRoute } from './register.ts'

interface RenewParts {
  proofs: DeviceProofs
  readCookies: ReadCookies
  boundCookie: BoundCookie
  instructions: Instructions
  refuse: Refuse
  now: () => number
}

/**
 * `POST /dbsc/refresh`: the browser signs a challenge and gets a new bound cookie. The key is in the refresh token, so the store is
 * not needed. If the session has ended, the refresh that follows says so.
 */
export function createRenew ({ proofs, readCookies, boundCookie, instructions, refuse, now }: RenewParts): DeviceRoute {
  return async function renew (request, reply) {
    const sessionId = sessionIdOf(request)
    if (!isSessionId(sessionId)) throw refuse(request, 'refresh', 'proof', invalid())
    const token = readCookies(request).tokens.find((token) => token.sessionId === sessionId)
    // After a logout, another login, or a lost response to the registration, the browser should forget its key.
    if (token === undefined || token.device === null || token.endsAt <= now()) return { session_identifier: sessionId, continue: false }

    const response = responseOf(request)
    const proof = response === null ? null : proofs.readProof(response, token.device)
    if (response !== null && proof === null) throw refuse(request, 'refresh', 'proof', invalid(), token)
    setChallenge(reply, proofs, sessionId)
    if (proof === null || !proofs.isChallenge(sessionId, proof.challenge)) {
      // Not thrown: the host's error handler might send another response, after which the browser forgets its key.
      const { code, message } = new DeviceProofRequiredError()
      reply.code(403)
      return { statusCode: 403, code, error: 'Forbidden', message }
    }
    boundCookie.set(reply, sessionId)
    return instructions(sessionId)
  }
}

function invalid (): Error {
  return new DeviceProofInvalidError({ cause: new TokenRefusedError('proof') })
}
