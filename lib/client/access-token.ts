import type { AuthSnapshot, TokenResult } from './types.ts'

/** The claims of an access token. */
export type Claims = NonNullable<AuthSnapshot['claims']>

/** An access token and what is known about it: plain data, as it is sent to other tabs. */
export interface AccessToken {
  readonly accessToken: string
  /** Seconds. */
  readonly expiresIn: number
  /** In ms, by this machine's clock. That clock may be hours off, so the token's `exp` cannot be compared with it. */
  readonly expiresAt: number
  readonly claims: Claims
}

/**
 * Reads a token response.
 *
 * @param since when the token was requested, in ms
 * @throws TypeError or SyntaxError for anything else
 */
export function readToken (result: TokenResult, since: number): AccessToken {
  if (typeof result?.accessToken !== 'string' || !(result.expiresIn > 0)) {
    throw new TypeError('Not a token response: accessToken or expiresIn is missing')
  }
  const { accessToken, expiresIn } = result
  return { accessToken, expiresIn, expiresAt: since + expiresIn * 1000, claims: readClaims(accessToken) }
}

/**
 * The claims of a JWT (RFC 7519 section 3), unverified.
 *
 * @throws TypeError, SyntaxError, URIError or DOMException if there are none
 */
export function readClaims (token: string): Claims {
  const [, payload = ''] = token.split('.')
  const claims = JSON.parse(decodeBase64Url(payload))
  if (!claims) throw new TypeError('The access token has no claims')
  return claims
}

/** RFC 4648 section 5; the content is UTF-8. Not every page has a TextDecoder (jsdom has none). */
function decodeBase64Url (text: string): string {
  const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return decodeURIComponent(bytes.replace(/[%\x80-\xff]/g, (byte) => '%' + byte.charCodeAt(0).toString(16)))
}

/** How long the token is still valid, in ms. */
export function timeLeft ({ expiresAt, expiresIn }: AccessToken): number {
  const left = expiresAt - Date.now()
  // More than the whole lifetime: the clock has been set back since, so it is not known how much is left.
  return left > expiresIn * 1000 ? 0 : left
}
