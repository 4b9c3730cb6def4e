import type { FastifyReply } from 'fastify'
import type { AccessTokenClaims, LoginClaims } from './claims.ts'
import type { HookReply, HookRequest } from './requests.ts'
import type { Session } from './session.ts'
import type {
  CreatedSession, CreateSessionOptions, Duration, IssueTokensOptions, RenewedAccessToken, RevokeAllOptions, RevokeTokensOptions, TokenResponse
} from './tokens.ts'

/**
 * Manages sessions other than that of the current request, for example for an admin page, a job or a password change. Every
 * method rejects with `FST_JWT_STORE_UNAVAILABLE` (503) if the store fails or takes longer than `storeTimeout`, and with a
 * TypeError if the subject or id is not a non-empty string.
 */
export interface Sessions {
  /**
   * Starts a session without a request, for a service, a command line or a test. It sets no cookie, stores only the metadata
   * that is passed, and does not enforce `maxSessionsPerSubject`. It also rejects with a TypeError for unknown options, for claims
   * or metadata that cannot be signed or stored, and if the instance only verifies tokens.
   */
  create (claims: LoginClaims, options?: CreateSessionOptions): Promise<CreatedSession>
  /** The active sessions of a subject, the latest login first. */
  list (subject: string): Promise<Session[]>
  /** The session, or null if there is no active session with this id. */
  find (id: string): Promise<Session | null>
  /**
   * Ends a session. Resolves to true if there was one. Its access tokens still pass `authenticate` until they expire, but no longer
   * pass `requireSession`.
   */
  revoke (id: string): Promise<boolean>
  /** Ends all sessions of a subject, or all but one. Resolves to their number. */
  revokeAll (subject: string, options?: RevokeAllOptions): Promise<number>
}

/** A synchronous hook. If it is called directly without `done`, it throws the error that it would have passed to `done`. */
export type AuthenticateHook = (request: HookRequest, reply: HookReply, done?: (error?: Error) => void) => void
/** An asynchronous hook. */
export type AsyncHook = (request: HookRequest, reply: HookReply) => Promise<void>

/** What the plugin adds to the app. */
export interface InstanceDecorators {
  /**
   * onRequest hook: verifies the access token and sets `request.user` (RFC 6750 §2.1).
   * Errors, with `WWW-Authenticate`: 401 `FST_JWT_ACCESS_TOKEN_MISSING`, `…_EXPIRED`, `…_INVALID`.
   */
  authenticate: AuthenticateHook
  /**
   * onRequest hook for pages that a server renders. Like `authenticate`, but if the access cookie is missing or not valid and there
   * is a refresh cookie, it refreshes the session, sets both cookies and continues. It needs `accessToken.transport` `'cookie'` or
   * `'both'` and `cookie: { sameSite: 'lax' }`; without them, or with `rotation: 'strict'`, a route that uses it throws
   * `FST_JWT_INVALID_OPTION` at boot.
   * Errors: those of `authenticate`, also if the session has ended; 403 `FST_JWT_CROSS_SITE_REQUEST`, 503
   * `FST_JWT_STORE_UNAVAILABLE`.
   */
  authenticateOrRefresh: AsyncHook
  /**
   * preHandler hook: verifies and rotates the refresh token, sets `reply.tokens`, the cookie and `request.user`.
   * Errors: 403 `FST_JWT_REFRESH_TOKEN_MISSING`, `…_EXPIRED`, `…_INVALID`, `…_REVOKED`, 400 `…_AMBIGUOUS`,
   * 403 `FST_JWT_CROSS_SITE_REQUEST`, 503 `FST_JWT_STORE_UNAVAILABLE`. None of them clears the cookie.
   */
  refresh: AsyncHook
  /**
   * Hook to use after `authenticate`: asks the store whether the session of the verified token is still active.
   * Errors: 401 `FST_JWT_SESSION_ENDED`, 503 `FST_JWT_STORE_UNAVAILABLE`, and 401 `FST_JWT_ACCESS_TOKEN_MISSING` if
   * `authenticate` did not run before it.
   */
  requireSession: AsyncHook
  /**
   * Returns a hook to use after `authenticate`, for actions that need the password again: the user must have been authenticated
   * within the last `maxAge` (RFC 9470). Errors: 401 `FST_JWT_LOGIN_TOO_OLD`, also for a token without `auth_time`, and 401
   * `FST_JWT_ACCESS_TOKEN_MISSING` if `authenticate` did not run before it. Throws a TypeError if `maxAge` is not a duration.
   */
  requireRecentLogin (maxAge: Duration): AuthenticateHook
  /**
   * Returns the claims of an access token that did not arrive in a request header, for example in a WebSocket message or in the
   * `connectionParams` of a GraphQL subscription. Synchronously throws the error with which `authenticate` would respond.
   */
  verifyAccessToken (token: string): AccessTokenClaims
  sessions: Sessions
}

/** What the plugin adds to each reply. */
export interface ReplyDecorators {
  /**
   * Starts a session, ends those whose refresh tokens came with the request, sets the cookie and resolves to the body to send.
   * Call it after a database transaction has been committed, not inside it: the store uses a connection of its own.
   * Errors: a TypeError for unknown options, for claims or metadata that cannot be signed or stored, and for claims that would make
   * a cookie longer than browsers accept (4096 bytes); 403 `FST_JWT_CROSS_SITE_REQUEST` if another site would set the cookie; 503
   * `FST_JWT_STORE_UNAVAILABLE`. After an error there is no new session.
   */
  issueTokens (claims: LoginClaims, options?: IssueTokensOptions): Promise<TokenResponse>
  /**
   * Ends each session of which the request contains a genuine token (the access token that `authenticate` has verified, refresh
   * tokens in cookies and body, a Bearer access token), clears the cookie and sets the status 204. Without a token there is
   * nothing to end.
   * Errors: a TypeError for unknown options, 403 `FST_JWT_CROSS_SITE_REQUEST`, 503 `FST_JWT_STORE_UNAVAILABLE`, and those of
   * `authenticate` if an invalid access token is the only token; with `everywhere` also those of `refresh`, and 401
   * `FST_JWT_SESSION_ENDED` if none of the sessions is active.
   */
  revokeTokens (options?: RevokeTokensOptions): Promise<void>
  /**
   * Signs another access token for the session of this request, with these claims, for example after a user was renamed. `sid`,
   * `auth_time`, the end of the session and the refresh token stay the same. The claims are signed, not stored: the `claims`
   * option decides at the next refresh. Sets `request.user` to the new claims.
   * Errors: 401 `FST_JWT_ACCESS_TOKEN_MISSING` if neither `authenticate` nor `refresh` ran before it, 401 `FST_JWT_SESSION_ENDED`,
   * 503 `FST_JWT_STORE_UNAVAILABLE`, and a TypeError for claims that cannot be signed or have another `sub`.
   */
  renewAccessToken (claims: LoginClaims): Promise<RenewedAccessToken>
  /** The tokens that `refresh` issued for this request, otherwise null. */
  tokens: TokenResponse | null
}

/** What the plugin sets on requests. */
export interface RequestDecorators {
  /**
   * Set by `authenticate` and `refresh`. At run time it is undefined on a route with neither of them, on a `'public'` route, and on
   * an `'optional'` route if the request has no access token.
   */
  user: AccessTokenClaims
}

/** The decorators that can be renamed. */
export type DecoratorName = keyof InstanceDecorators | keyof ReplyDecorators

/**
 * Other names for the decorators: tells TypeScript what the `decorators` option does at run time.
 *
 * ```ts
 * declare module 'fastify-jwt-refresh' {
 *   interface DecoratorNames { authenticate: 'verifyUser', user: never }
 * }
 * ```
 *
 * `user: never` leaves out `request.user`, for an app that declares its own.
 */
export interface DecoratorNames {}

type Renamed<Decorators> = {
  [Name in keyof Decorators as Name extends keyof DecoratorNames ? DecoratorNames[Name] & string : Name]: Decorators[Name]
}

// `@fastify/jwt` declares `request.user` itself, through its `FastifyJWT`. It is recognized by `reply.jwtSign`: a type of the
// request that depends on the request's own keys would be circular, and `app.jwt` may belong to the host.
type Untouched = 'user' extends keyof DecoratorNames ? true : 'jwtSign' extends keyof FastifyReply ? true : false
type RequestUser = Untouched extends true ? {} : RequestDecorators

declare module 'fastify' {
  // Inherited properties, so that the host can declare the same names without the error TS2717.
  interface FastifyInstance extends Renamed<InstanceDecorators> {}
  interface FastifyReply extends Renamed<ReplyDecorators> {}
  interface FastifyRequest extends RequestUser {}
  interface FastifyContextConfig {
    /** `'public'`: `authenticate` skips the route. `'optional'`: a missing access token is not an error. */
    jwtRefresh?: 'public' | 'optional' | undefined
  }
}
