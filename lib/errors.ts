import createError from '@fastify/error'
import type { FastifyErrorConstructor } from '@fastify/error'

// In a flood of invalid tokens, the server would otherwise capture a stack trace for each of them.
const withoutStack = false

type RequestErrorConstructor = FastifyErrorConstructor<{ code: string }, [options?: { cause: unknown }]>

function requestError (code: string, message: string, statusCode: number): RequestErrorConstructor {
  return withOneLineStack(createError<[options?: { cause: unknown }]>(code, message, statusCode, Error, withoutStack))
}

/** Some error handlers split the stack into lines, so it is one line that says what happened, but not where. */
function withOneLineStack<Constructor extends { prototype: object }> (constructor: Constructor): Constructor {
  Object.defineProperty(constructor.prototype, 'stack', {
    get (this: Error) {
      return `${this.name}: ${this.message}`
    },
    set (this: Error, value: unknown) {
      Object.defineProperty(this, 'stack', { value, writable: true, configurable: true })
    },
    configurable: true
  })
  return constructor
}

export const AccessTokenMissingError: RequestErrorConstructor =
  requestError('FST_JWT_ACCESS_TOKEN_MISSING', 'An access token is needed: Authorization: Bearer <token>', 401)

export const AccessTokenInvalidError: RequestErrorConstructor =
  requestError('FST_JWT_ACCESS_TOKEN_INVALID', 'The access token is invalid', 401)

const AccessTokenExpired: RequestErrorConstructor =
  requestError('FST_JWT_ACCESS_TOKEN_EXPIRED', 'The access token expired', 401)

export class AccessTokenExpiredError extends AccessTokenExpired {
  override name = 'TokenExpiredError'
}

/** Why a token was refused. */
export type RefusalReason = 'malformed' | 'signature' | 'type' | 'unknown key' | 'issuer' | 'audience' | 'not yet valid' | 'expired' | 'proof'

/** The `cause` of an error about a token, with the reason as its message: for logs only, since the client is not told. */
export const TokenRefusedError: FastifyErrorConstructor<{ code: string }, [reason: RefusalReason]> =
  withOneLineStack(createError<[reason: RefusalReason]>('FST_JWT_TOKEN_REFUSED', '%s', 401, Error, withoutStack))

export const SessionEndedError: RequestErrorConstructor =
  requestError('FST_JWT_SESSION_ENDED', 'The session has ended', 401)

/** RFC 9470 §3. Only a login helps, not a refresh. */
export const LoginTooOldError: RequestErrorConstructor =
  requestError('FST_JWT_LOGIN_TOO_OLD', 'A more recent login is needed', 401)

/** Not a 401: many front ends have an interceptor that refreshes after any 401, also after that of the refresh itself, forever. */
export const RefreshTokenMissingError: RequestErrorConstructor =
  requestError('FST_JWT_REFRESH_TOKEN_MISSING', 'A refresh token is needed', 403)

export const RefreshTokenExpiredError: RequestErrorConstructor =
  requestError('FST_JWT_REFRESH_TOKEN_EXPIRED', 'The refresh token expired', 403)

export const RefreshTokenInvalidError: RequestErrorConstructor =
  requestError('FST_JWT_REFRESH_TOKEN_INVALID', 'The refresh token is invalid', 403)

export const RefreshTokenRevokedError: RequestErrorConstructor =
  requestError('FST_JWT_REFRESH_TOKEN_REVOKED', 'The refresh token was revoked', 403)

/** RFC 6750 §2: a client must not send a token in more than one way. */
export const RefreshTokenAmbiguousError: RequestErrorConstructor =
  requestError('FST_JWT_REFRESH_TOKEN_AMBIGUOUS', 'A refresh token came in the cookie and in the body: send one', 400)

export const CrossSiteRequestError: RequestErrorConstructor =
  requestError('FST_JWT_CROSS_SITE_REQUEST', 'The request comes from another site', 403)

export const SessionNotFoundError: RequestErrorConstructor =
  requestError('FST_JWT_SESSION_NOT_FOUND', 'There is no such session', 404)

/** At a login or a refresh (RFC 9449 §5). */
export const ProofInvalidError: RequestErrorConstructor =
  requestError('FST_JWT_PROOF_INVALID', 'The DPoP proof is missing or invalid', 400)

/** RFC 9449 §8 */
export const ProofNonceError: RequestErrorConstructor =
  requestError('FST_JWT_PROOF_NONCE', 'The DPoP proof must carry the nonce of the header DPoP-Nonce', 400)

/** On a resource (RFC 9449 §7.1). */
export const ResourceProofInvalidError: RequestErrorConstructor =
  requestError('FST_JWT_PROOF_INVALID', 'The DPoP proof is missing or invalid', 401)

/** RFC 9449 §9 */
export const ResourceProofNonceError: RequestErrorConstructor =
  requestError('FST_JWT_PROOF_NONCE', 'The DPoP proof must carry the nonce of the header DPoP-Nonce', 401)

/** A bound token was sent with the scheme Bearer, or an unbound one with DPoP (RFC 9449 §7.1, §7.2). */
export const AccessTokenSchemeError: RequestErrorConstructor =
  requestError('FST_JWT_ACCESS_TOKEN_INVALID', 'The access token does not match the scheme: send a token that is bound to a key with DPoP, any other with Bearer', 401)

/** A client that has lost its key is not logged out, but can no longer refresh the session. */
export const ProofRequiredError: RequestErrorConstructor =
  requestError('FST_JWT_PROOF_REQUIRED', 'The session is bound to a key: a DPoP proof of that key is needed', 403)

/** For the proofs of a browser's device key (Device Bound Session Credentials). */
export const DeviceProofInvalidError: RequestErrorConstructor =
  requestError('FST_JWT_PROOF_INVALID', 'The proof of the device\'s key (Secure-Session-Response) is missing or invalid', 400)

/** The browser should sign the challenge in the response. If it has given up its key, only a login helps. */
export const DeviceProofRequiredError: RequestErrorConstructor =
  requestError('FST_JWT_PROOF_REQUIRED', 'The session is bound to a key of its device, and the browser has not proved that it has the key', 403)

/** The browser will soon be able to prove that it has the key. */
export const DeviceProofDeferredError: RequestErrorConstructor =
  requestError('FST_JWT_PROOF_DEFERRED', 'The session is bound to a key of its device, and the browser has yet to prove that it has the key: try again', 503)

export const StoreUnavailableError: RequestErrorConstructor =
  requestError('FST_JWT_STORE_UNAVAILABLE', 'The session store is unavailable, try again', 503)

/** Fastify's own code, so that a host's handling of it applies to the plugin's routes, too. */
export const UnsupportedMediaTypeError: RequestErrorConstructor =
  requestError('FST_ERR_CTP_INVALID_MEDIA_TYPE', 'The body must be application/json', 415)

/** Fastify's own code, for the same reason. */
export const InvalidBodyError: RequestErrorConstructor =
  requestError('FST_ERR_VALIDATION', 'The body must be an object: refreshToken is a string, everywhere a boolean', 400)

/** A mistake in the options or the order of registration, detected at boot. The message names the option and the fix. */
export const InvalidOptionError: FastifyErrorConstructor<{ code: string }, [message: string]> =
  createError<[message: string]>('FST_JWT_INVALID_OPTION', '%s', 500, TypeError)
