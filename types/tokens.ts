import type { Session, SessionMetadata } from './session.ts'

/** A number is seconds; a string carries its unit: `'15m'`, `'7d'`, `'500ms'`. */
export type Duration = number | string

/** Where a refresh token travels: in the cookie, or in the JSON body for clients without a cookie jar. */
export type Transport = 'cookie' | 'body'

/** The body that `issueTokens` and `POST /refresh` answer with (RFC 6749 §5.1, in camelCase). */
export interface TokenResponse {
  /** Left out where it travels in the cookie alone (`accessToken.transport`: `'cookie'`). */
  accessToken: string
  /** `'DPoP'`: the access token is bound to a key, and goes with a proof of it (`dpop.bind: 'all'`). */
  tokenType: 'Bearer' | 'DPoP'
  /** Seconds. */
  expiresIn: number
  /** Always there where it travels in the body: the new one, or the one that was sent. Never where it travels in the cookie. */
  refreshToken?: string
}

/** Options of `reply.issueTokens`: they apply to the session that it starts. */
export interface IssueTokensOptions {
  /** Default: the plugin's `refreshToken.transport`; the cookie where that is `'both'`. */
  transport?: Transport | undefined
  /** Kept with the session beside `userAgent` and `ip`, and shown by `GET /sessions`. JSON. */
  metadata?: SessionMetadata | undefined
  /** The idle life of this session. Default: `refreshToken.expiresIn`. */
  expiresIn?: Duration | undefined
  /** The absolute life of this session. Default: `refreshToken.maxAge`. */
  maxAge?: Duration | undefined
  /** false ("remember me" was not ticked): the cookie, and each that follows it, ends with the browser. Default true. */
  persistent?: boolean | undefined
  /**
   * When the user was last authenticated, in seconds since the epoch: after a single sign-on, the value of the identity
   * provider (`auth_time` of OpenID Connect Core §2). Default: now.
   */
  authTime?: number | undefined
  /** Ends the sessions whose refresh tokens come with the request (ASVS 5.0 7.2.4). Default true. */
  endPrevious?: boolean | undefined
  /**
   * Lets a request of another site set the cookie: an identity provider that posts a form, once the host has verified its
   * `state`. A redirect by GET needs no such thing. Default false.
   */
  crossSite?: boolean | undefined
}

/** As for `issueTokens`. */
export interface CreateSessionOptions extends Pick<IssueTokensOptions, 'metadata' | 'expiresIn' | 'maxAge'> {
  /** As for `issueTokens`, but without a default: nobody may have been authenticated. */
  authTime?: number | undefined
}

/** What `app.sessions.create` resolves to. */
export interface CreatedSession extends TokenResponse {
  session: Session
  refreshToken: string
}

/** What `reply.renewAccessToken` resolves to. */
export type RenewedAccessToken = Omit<TokenResponse, 'refreshToken'>

/** Options of `reply.revokeTokens`. */
export interface RevokeTokensOptions {
  /**
   * Ends all sessions of the subject; needs one that lives, and a refresh token that it has not gone on without: an older one
   * ends its own session alone. Default false.
   */
  everywhere?: boolean | undefined
}

/** Options of `app.sessions.revokeAll`. */
export interface RevokeAllOptions {
  /** The id of a session to keep. */
  except?: string | undefined
}
