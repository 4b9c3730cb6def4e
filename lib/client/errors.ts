export interface AuthUnavailableDetails {
  readonly status?: number | undefined
  readonly code?: string | undefined
  readonly retryAfter?: number | undefined
  readonly cause?: unknown
}

/**
 * The server neither issued an access token nor said that the session has ended: the device is offline, the request timed out, or
 * the response was a 429, a 5xx, or did not come from the plugin. The session still exists: try again later. The message names the
 * URL and what to check, and never contains a token. Recognize the error by its `name`: the ES modules and the CommonJS build each
 * have their own class.
 */
export class AuthUnavailableError extends Error {
  override name = 'AuthUnavailableError'
  /** The HTTP status, if there was a response. */
  readonly status: number | undefined
  /** The plugin's error code, such as `FST_JWT_CROSS_SITE_REQUEST`, if the response contained one. */
  readonly code: string | undefined
  /** Seconds until the client tries again. */
  retryAfter: number

  constructor (message: string, { status, code, retryAfter = 0, cause }: AuthUnavailableDetails = {}) {
    super(message, { cause })
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
  }
}

/** The login route responded without an access token, for example because of a wrong password, or to ask for a second factor. */
export class LogInRefusedError extends Error {
  override name = 'LogInRefusedError'
  /** The HTTP status. */
  readonly status: number
  /** The body of the response: parsed if it is JSON, otherwise a string. */
  readonly body: unknown

  constructor (message: string, status: number, body: unknown) {
    super(message)
    this.status = status
    this.body = body
  }
}

/**
 * Whether only a login helps: 401 or 403 with the code `FST_JWT_REFRESH_TOKEN_MISSING`, `…_EXPIRED`, `…_INVALID` or `…_REVOKED`, or
 * with `FST_JWT_PROOF_REQUIRED`: the session is bound to a key that has been lost. The status alone proves nothing: it may come from
 * a proxy.
 */
export function isSessionOver (error: unknown): boolean {
  if (!(error instanceof AuthUnavailableError)) return false
  const { status, code } = error
  return (status === 401 || status === 403) && /REFRESH_TOKEN|PROOF_REQUIRED/.test(`${code}`)
}
