import type { AnyRequest } from '../../../types/requests.ts'
import { DeviceProofInvalidError, RefreshTokenMissingError, TokenRefusedError } from '../../errors.ts'
import type { Emit } from '../../sessions/events.ts'
import type { OpenStore } from '../../sessions/guarded-store.ts'
import type { Rotate } from '../../sessions/rotate.ts'
import { LOGIN_GENERATION } from '../../sessions/rotation.ts'
import type { DeviceProofs } from '../../tokens/dbsc/index.ts'
import type { RefreshToken, RefreshTokens } from '../../tokens/refresh-token.ts'
import type { RefreshCookie } from '../cookie.ts'
import type { AnyReply } from '../hooks.ts'
import type { ReadCookies } from '../presented.ts'
import type { Refuse } from '../refusals.ts'
import { goneError, orRetryLater } from '../replies.ts'
import type { BoundCookie } from './bound-cookie.ts'
import { responseOf, setChallenge } from './headers.ts'
import type { Instructions } from './instructions.ts'

export interface RegisterParts {
  proofs: DeviceProofs
  readCookies: ReadCookies
  /** With windows that let a login's token rotate at once. */
  rotate: Rotate
  refreshTokens: RefreshTokens
  cookie: RefreshCookie
  boundCookie: BoundCookie
  instructions: Instructions
  openStore: OpenStore
  emit: Emit
  refuse: Refuse
  now: () => number
}

export type DeviceRoute = (request: AnyRequest, reply: AnyReply) => Promise<object>

/**
 * `POST /dbsc/register`: the browser sends the key that it has created for the session. The response sets a child of the login's
 * token that contains the key. The session is bound when that child is first used, so a lost response locks nobody out.
 *
 * Only the response to the login contains the challenge. So neither a thief with a copy of the cookie nor a page of another site
 * can register a key.
 */
export function createRegister (parts: RegisterParts): DeviceRoute {
  const { proofs, readCookies, rotate, refreshTokens, cookie, boundCookie, instructions, openStore, emit, refuse, now } = parts

  return async function register (request, reply) {
    const { texts, tokens } = readCookies(request)
    if (texts.length === 0) throw refuse(request, 'login', 'missing', new RefreshTokenMissingError())
    const response = responseOf(request)
    const proof = response === null ? null : proofs.readProof(response, null)
    const token = tokens.find((token) => isLogins(token) && proofs.isRegistrationChallenge(token.sessionId, proof?.challenge))
    if (proof === null || token === undefined) throw refuseProof(request, tokens[0])

    const outcome = await orRetryLater(reply, rotate(token, openStore('refresh', request), request))
    if (outcome.type === 'gone') throw goneError(outcome)
    // Another request has used the token, and gets a child of it: a second child could count as reuse (test/model/device-bound.test.ts).
    if (outcome.case !== 'confirm') throw refuseProof(request, token)
    const { sessionId, subject, generation } = token
    boundCookie.set(reply, sessionId)
    cookie.set(reply, refreshTokens.sign(outcome.session, { ...token, device: proof.key }), outcome.session, now(), token.persistent)
    setChallenge(reply, proofs, sessionId)
    emit({ type: 'refreshed', sessionId, subject, generation, case: 'confirm', rotated: true }, request)
    return instructions(sessionId)
  }

  function refuseProof (request: AnyRequest, token: RefreshToken | undefined): Error {
    return refuse(request, 'login', 'proof', new DeviceProofInvalidError({ cause: new TokenRefusedError('proof') }), token)
  }
}

function isLogins ({ generation, jkt, device }: RefreshToken): boolean {
  return generation === LOGIN_GENERATION && jkt === null && device === null
}
