export interface AuthUnavailableDetails {
  readonly status?: number | undefined
  readonly code?: string | undefined
  readonly retryAfter?: number | undefined
  readonly cause?: unknown
}

/**
 * The server gave neither an access token nor the news that the session has ended: the device is offline, the request timed
 * out, or the answer was a 429, a 5xx or not one of the plugin's. The session still exists: try again later. The message
 * names the URL and what to check; it never contains a token. Tell it by its `name`: the ES modules and the
 * CommonJS build each have a class of their own.
 */
export class AuthUnavailableError extends Error {
  override name = 'AuthUnavailableError'
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined
  /** The plugin's error code, such as `FST_JWT_CROSS_SITE_REQUEST`, if the answer carried one. */
  readonly code: string | undefined
  /** Seconds until the client asks again. */
  retryAfter: number

  constructor (message: string, { status, code, retryAfter = 0, cause }: AuthUnavailableDetails = {}) {
    super(message, { cause })
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
  }
}

/** The login route has answered without an access token: because of a wrong password, say, or to ask for a second factor. */
export class LogInRefusedError extends Error {
  override name = 'LogInRefusedError'
  /** The HTTP status. */
  readonly status: number
  /** The body of the answer: parsed if it is JSON, otherwise a string. */
  readonly body: unknown

  constructor (message: string, status: number, body: unknown) {
    super(message)
    this.status = status
    this.body = body
  }
}

/**
 * Whether the server has said that there is no session: 401 or 403 with the code `FST_JWT_REFRESH_TOKEN_MISSING`,
 * `…_EXPIRED`, `…_INVALID` or `…_REVOKED`. The status alone proves nothing: a proxy may have answered.
 */
export function isSessionOver (error: unknown): boolean {
  if (!(error instanceof AuthUnavailableError)) return false
  const { status, code } = error
  return (status === 401 || status === 403) && Boolean(code?.startsWith('FST_JWT_REFRESH_TOKEN'))
}
