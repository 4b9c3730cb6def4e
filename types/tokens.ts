import type { Session, SessionMetadata } from './session.ts'

/** A number of seconds, or a string with a unit: `'15m'`, `'7d'`, `'500ms'`. */
export type Duration = number | string

/** Where a refresh token travels: in the cookie, or in the JSON body for clients without a cookie jar. */
export type Transport = 'cookie' | 'body'

/** The body that `issueTokens` resolves to and `POST /refresh` responds with (RFC 6749 §5.1, in camelCase). */
export interface TokenResponse {
  /** Left out if it travels only in the cookie (`accessToken.transport`: `'cookie'`). */
  accessToken: string
  /** `'DPoP'`: the access token is bound to a key and must be sent with a proof of that key (`dpop.bind: 'all'`). */
  tokenType: 'Bearer' | 'DPoP'
  /** Seconds. */
  expiresIn: number
  /** Always present if it travels in the body: the new one, or the one that was sent. Absent if it travels in the cookie. */
  refreshToken?: string
}

/** Options of `reply.issueTokens`: they apply to the session that it starts. */
export interface IssueTokensOptions {
  /** Default: the plugin's `refreshToken.transport`, or `'cookie'` if that is `'both'`. */
  transport?: Transport | undefined
  /** Stored with the session in addition to `userAgent` and `ip`, and returned by `GET /sessions`. JSON. */
  metadata?: SessionMetadata | undefined
  /** The idle timeout of this session. Default: `refreshToken.expiresIn`. */
  expiresIn?: Duration | undefined
  /** The maximum lifetime of this session. Default: `refreshToken.maxAge`. */
  maxAge?: Duration | undefined
  /** false ("remember me" was not ticked): the cookie, and each one that replaces it, is a session cookie. Default true. */
  persistent?: boolean | undefined
  /**
   * When the user was last authenticated, in seconds since the epoch: after a single sign-on, the value from the identity
   * provider (`auth_time` of OpenID Connect Core §2). Default: now.
   */
  authTime?: number | undefined
  /** Ends the sessions whose refresh tokens come with the request (ASVS 5.0 7.2.4). Default true. */
  endPrevious?: boolean | undefined
  /**
   * Lets a cross-site request set the cookie: for an identity provider that posts a form, after the app has verified its
   * `state`. A redirect by GET does not need it. Default false.
   */
  crossSite?: boolean | undefined
}

/** Options of `app.sessions.create`. */
export interface CreateSessionOptions extends Pick<IssueTokensOptions, 'metadata' | 'expiresIn' | 'maxAge'> {
  /** As for `issueTokens`, but without a default, since it may be that nobody was authenticated. */
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
   * Ends all sessions of the subject. Needs an active session, and a refresh token of it that has not been superseded: an older one
   * ends only its own session. Default false.
   */
  everywhere?: boolean | undefined
}

/** Options of `app.sessions.revokeAll`. */
export interface RevokeAllOptions {
  /** The id of a session to keep. */
  except?: string | undefined
}
