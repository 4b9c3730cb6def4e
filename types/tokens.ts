import type { SessionMetadata } from './session.ts'

/** Where a refresh token travels: in the cookie, or in the JSON body for clients without a cookie jar. */
export type Transport = 'cookie' | 'body'

/** The body that `issueTokens` and `POST /refresh` answer with (RFC 6749 §5.1, in camelCase). */
export interface TokenResponse {
  accessToken: string
  tokenType: 'Bearer'
  /** Seconds. */
  expiresIn: number
  /** Always there where it travels in the body: the new one, or the one that was sent. Never where it travels in the cookie. */
  refreshToken?: string
}

export interface IssueTokensOptions {
  /** Default: the plugin's `refreshToken.transport`; the cookie where that is `'both'`. */
  transport?: Transport | undefined
  /** Kept with the session beside `userAgent` and `ip`, and shown by `GET /sessions`. JSON. */
  metadata?: SessionMetadata | undefined
  /** Ends the sessions whose refresh tokens come with the request (ASVS 5.0 7.2.4). Default true. */
  endPrevious?: boolean | undefined
  /**
   * Lets a request of another site set the cookie: an identity provider that posts a form, once the host has verified its
   * `state`. A redirect by GET needs no such thing. Default false.
   */
  crossSite?: boolean | undefined
}

export interface RevokeTokensOptions {
  /**
   * Ends all sessions of the subject; needs one that lives, and a refresh token that it has not gone on without: an older one
   * ends its own session alone. Default false.
   */
  everywhere?: boolean | undefined
}

export interface RevokeAllOptions {
  /** The id of a session to keep. */
  except?: string | undefined
}
