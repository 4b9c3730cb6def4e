import type { TokenClaims, TokenResult } from './types.ts'

/** An access token and what is known about it: plain data, as it goes to other tabs. */
export interface AccessToken {
  readonly accessToken: string
  /** Seconds. */
  readonly expiresIn: number
  /** In ms, by this machine's clock. That may be hours off, so `exp` says nothing here. */
  readonly expiresAt: number
  readonly claims: TokenClaims
}

/**
 * @param since when it was asked for, in ms
 * @throws TypeError or SyntaxError for anything but a token response
 */
export function readToken ({ accessToken, expiresIn }: TokenResult, since: number): AccessToken {
  if (!(expiresIn > 0)) throw new TypeError('No accessToken')
  return { accessToken, expiresIn, expiresAt: since + expiresIn * 1000, claims: readClaims(accessToken) }
}

/** RFC 7519 §3. */
export function readClaims (token: string): TokenClaims {
  // The oldest way to read UTF-8, and the shortest.
  return JSON.parse(decodeURIComponent(escape(atob((token.split('.')[1] as string).replace(/-/g, '+').replace(/_/g, '/'))))) as TokenClaims
}
