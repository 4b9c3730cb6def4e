import {
  AccessTokenExpiredError, AccessTokenInvalidError, RefreshTokenExpiredError, RefreshTokenRevokedError, SessionEndedError,
  StoreUnavailableError
} from '../errors.ts'
import type { Gone } from '../sessions/rotation.ts'
import type { AnyReply } from './hooks.ts'

// What an answer needs besides its body is put on the reply before the throw: a host's error handler may answer in any shape.

const RETRY_AFTER = '1' // seconds

/** The error, once a 401 has said in WWW-Authenticate what was wrong (RFC 9110 §15.5.2, RFC 6750 §3). */
export function challenged (reply: AnyReply, error: Error): Error {
  if ((error as { statusCode?: number }).statusCode === 401) reply.header('www-authenticate', challengeOf(error))
  return error
}

function challengeOf (error: Error): string {
  if (error instanceof AccessTokenExpiredError) return 'Bearer error="invalid_token", error_description="The access token expired"'
  if (error instanceof AccessTokenInvalidError) return 'Bearer error="invalid_token", error_description="The access token is invalid"'
  if (error instanceof SessionEndedError) return 'Bearer error="invalid_token", error_description="The session has ended"'
  return 'Bearer' // nothing was wrong with a token: there was none (RFC 6750 §3.1)
}

/** The error of a refresh token whose session is over. */
export function goneError ({ code }: Gone): Error {
  return code === 'expired' ? new RefreshTokenExpiredError() : new RefreshTokenRevokedError()
}

/** Awaits what the store is asked for; where that fails, the client learns when to try again. */
export async function orRetryLater<Value> (reply: AnyReply, answer: Promise<Value>): Promise<Value> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof StoreUnavailableError) reply.header('retry-after', RETRY_AFTER)
    throw error
  }
}
