import type { FastifyInstance } from 'fastify'
import {
  AccessTokenExpiredError, AccessTokenInvalidError, LoginTooOldError, RefreshTokenExpiredError, RefreshTokenRevokedError,
  ResourceProofInvalidError, ResourceProofNonceError, SessionEndedError, StoreUnavailableError, TokenRefusedError
} from '../errors.ts'
import { own } from '../json.ts'
import type { Gone } from '../sessions/rotation.ts'
import type { AnyReply } from './hooks.ts'

// Headers of an error response are set on the reply before the error is thrown, since a host's error handler may send any body.

const ALGORITHMS = 'algs="ES256 EdDSA"' // those of proofs (RFC 9449 §7.1)
const RETRY_AFTER = 1 // second
const refusal = Symbol('fastify-jwt-refresh header of a refusal')

/** A header that was set on the reply for one status. */
interface RefusalHeader {
  statusCode: number
  name: string
  value: string
}

interface WithRefusal {
  [refusal]?: RefusalHeader | null
}

/**
 * Removes the header of a refusal if the response has another status after all: the host may have caught the error, or used
 * another strategy.
 */
export function enforceRefusals (app: FastifyInstance): void {
  if (!app.hasReplyDecorator(refusal)) app.decorateReply(refusal, null)
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if ((reply as WithRefusal)[refusal]?.statusCode !== reply.statusCode) takeBack(reply)
    done()
  })
}

/** Replaces the header of an earlier refusal of the same request. */
function setRefusal (reply: AnyReply, header: RefusalHeader): void {
  takeBack(reply)
  ;(reply as WithRefusal)[refusal] = header
  reply.header(header.name, header.value)
}

function takeBack (reply: AnyReply): void {
  const header = (reply as WithRefusal)[refusal]
  if (header && reply.getHeader(header.name) === header.value) reply.removeHeader(header.name)
}

/**
 * Returns the error. If it is a 401, first sets WWW-Authenticate (RFC 9110 §15.5.2, RFC 6750 §3), with `parameters` at the end of the
 * challenge.
 */
export function challenged (reply: AnyReply, error: Error, parameters = ''): Error {
  if (own(error, 'statusCode') === 401) setRefusal(reply, { statusCode: 401, name: 'www-authenticate', value: challengeOf(error) + parameters })
  return error
}

function challengeOf (error: Error): string {
  if (error instanceof AccessTokenExpiredError) return 'Bearer error="invalid_token", error_description="The access token expired"'
  if (error instanceof AccessTokenInvalidError && isAboutProof(error)) return `DPoP error="invalid_token", ${ALGORITHMS}`
  if (error instanceof AccessTokenInvalidError) return 'Bearer error="invalid_token", error_description="The access token is invalid"'
  if (error instanceof ResourceProofInvalidError) return `DPoP error="invalid_dpop_proof", ${ALGORITHMS}`
  if (error instanceof ResourceProofNonceError) return `DPoP error="use_dpop_nonce", ${ALGORITHMS}`
  if (error instanceof SessionEndedError) return 'Bearer error="invalid_token", error_description="The session has ended"'
  if (error instanceof LoginTooOldError) return 'Bearer error="insufficient_user_authentication", error_description="A more recent login is needed"'
  return 'Bearer' // no error code, because there was no token (RFC 6750 §3.1)
}

function isAboutProof ({ cause }: Error): boolean {
  return cause instanceof TokenRefusedError && cause.message === 'proof'
}

/** The error of a refresh token whose session has ended. */
export function goneError ({ code }: Gone): Error {
  return code === 'expired' ? new RefreshTokenExpiredError() : new RefreshTokenRevokedError()
}

/** Returns the error, a 503, after setting Retry-After. */
export function retryLater (reply: AnyReply, error: Error, seconds: number): Error {
  setRefusal(reply, { statusCode: 503, name: 'retry-after', value: String(seconds) })
  return error
}

/** Awaits the answer of the store. If the store fails, Retry-After tells the client when to try again. */
export async function orRetryLater<Value> (reply: AnyReply, answer: Promise<Value>): Promise<Value> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof StoreUnavailableError) retryLater(reply, error, RETRY_AFTER)
    throw error
  }
}
