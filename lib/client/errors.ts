/**
 * The server gave neither a token nor the news that the session is over: offline, a time-out, 429, 5xx, or an answer that
 * is not ours. The session is still there: try again later. No message holds a token.
 */
export class AuthUnavailableError extends Error {
  override name = 'AuthUnavailableError'
  /** The HTTP status, if there was an answer. */
  declare readonly status: number | undefined
  /** The plugin's, such as `FST_JWT_CROSS_SITE_REQUEST`, if the answer carried one. */
  declare readonly code: string | undefined
  /** Seconds until the client asks again. */
  declare retryAfter: number
}

/** Whether the server has said that there is no session. A 401 or 403 alone may come from anything in between. */
export function isOver ({ status, code }: AuthUnavailableError): boolean {
  // _MISSING, _EXPIRED, _INVALID, _REVOKED; _AMBIGUOUS is a 400.
  return /^40[13] FST_JWT_REFRESH_TOKEN/.test(`${status} ${code}`)
}
