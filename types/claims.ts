/**
 * The app's own claims. Empty until the app declares what it puts into its tokens:
 *
 * ```ts
 * declare module 'fastify-jwt-refresh' {
 *   interface Claims { role: 'admin' | 'user' }
 * }
 * ```
 */
export interface Claims {}

/** The app's claims if it has declared them, otherwise any JSON. */
export type HostClaims = [keyof Claims] extends [never] ? { [claim: string]: unknown } : Claims

/** What `reply.issueTokens` accepts and the `claims` option returns: the app's claims and the subject. */
export type LoginClaims = HostClaims & { sub: string }

/** The registered claims that every access token carries (RFC 7519 §4.1, RFC 9068 §2.2). */
export interface RegisteredClaims {
  /** The subject: the user to whom the token was issued. */
  readonly sub: string
  /** The id of the session to which the token belongs. */
  readonly sid: string
  /** When it was signed, in seconds since the epoch. */
  readonly iat: number
  /** When it expires, in seconds since the epoch. */
  readonly exp: number
  readonly iss?: string
  readonly aud?: string | readonly string[]
  /** The id of the token. Absent from tokens that were signed by versions that did not set it. */
  readonly jti?: string
  /** When the user was last authenticated, in seconds since the epoch; absent if unknown. */
  readonly auth_time?: number
  /** `accessToken.clientId`. */
  readonly client_id?: string
  /** `jkt`: the thumbprint of the key that the token is bound to, with `dpop.bind: 'all'` (RFC 9449 §6.1). */
  readonly cnf?: { readonly jkt: string }
}

/** Deeply read-only; claims are JSON. */
type Frozen<Value> = Value extends object ? { readonly [Key in keyof Value]: Frozen<Value[Key]> } : Value

/** `request.user`: the verified claims, deeply frozen because the object is shared between requests. */
export type AccessTokenClaims = Frozen<HostClaims> & RegisteredClaims
