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
  /** That rotates a login's token at once. */
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
 * `POST /dbsc/register`: the browser brings the key that it has made for the session. The answer has a child of the login's token
 * that carries the key; the session is bound once that child is used, so that a lost answer locks nobody out.
 *
 * The challenge went to the browser in the answer to the login, and nowhere else. So a thief with a copy of the cookie
 * cannot register a key, nor can a page of another site.
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
    // Another request has used the token, and has or will have a child of it: a second one could end up as reuse (test/model/device-bound.test.ts).
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
