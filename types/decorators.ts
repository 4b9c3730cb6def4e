import type { FastifyReply } from 'fastify'
import type { AccessTokenClaims, LoginClaims } from './claims.ts'
import type { HookReply, HookRequest } from './requests.ts'
import type { Session } from './session.ts'
import type {
  CreatedSession, CreateSessionOptions, Duration, IssueTokensOptions, RenewedAccessToken, RevokeAllOptions, RevokeTokensOptions, TokenResponse
} from './tokens.ts'

/**
 * Sessions from the outside of a request: an admin page, a job, a password change. Every method rejects with
 * `FST_JWT_STORE_UNAVAILABLE` (503) where the store fails or takes longer than `storeTimeout`, and with a TypeError
 * where the subject or id is not a non-empty string.
 */
export interface Sessions {
  /**
   * Starts a session without a request: for a service, a command line, a test. It sets no cookie, stores only the metadata
   * that is passed, and does not count against `maxSessionsPerSubject`. Also a TypeError: for unknown options, for claims or
   * metadata that it cannot sign or keep, and where the instance only verifies.
   */
  create (claims: LoginClaims, options?: CreateSessionOptions): Promise<CreatedSession>
  /** The living sessions of a subject, the latest login first. */
  list (subject: string): Promise<Session[]>
  /** The session, or null where none of this id lives. */
  find (id: string): Promise<Session | null>
  /** Ends a session. True where there was one. Its access tokens pass `authenticate` until they expire, never `requireSession`. */
  revoke (id: string): Promise<boolean>
  /** Ends all sessions of a subject, or all but one, and tells how many. */
  revokeAll (subject: string, options?: RevokeAllOptions): Promise<number>
}

/** A synchronous hook. Called by hand without `done`, it throws what it would have passed to it. */
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
   * onRequest hook for pages that a server renders: as `authenticate`, and where the access cookie is missing or not good and
   * a refresh cookie is there, it refreshes in passing, sets both cookies and goes on. It needs `accessToken.transport` `'cookie'` or
   * `'both'` and `cookie: { sameSite: 'lax' }`; without them, or with `rotation: 'strict'`, a route that uses it throws
   * `FST_JWT_INVALID_OPTION` at boot.
   * Errors: those of `authenticate`, also where the session has ended; 403 `FST_JWT_CROSS_SITE_REQUEST`, 503
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
   * Hook after `authenticate`: asks the store whether the session of the verified token still lives.
   * Errors: 401 `FST_JWT_SESSION_ENDED`, 503 `FST_JWT_STORE_UNAVAILABLE`, and 401 `FST_JWT_ACCESS_TOKEN_MISSING` without
   * `authenticate` before it.
   */
  requireSession: AsyncHook
  /**
   * Returns a hook to put after `authenticate`, for actions that need the password again: the user must have been authenticated
   * within the last `maxAge` (RFC 9470). Its error is 401 `FST_JWT_LOGIN_TOO_OLD`, also for a token that does not say when
   * that was; `FST_JWT_ACCESS_TOKEN_MISSING` without `authenticate` before it. Throws a TypeError for anything but a
   * duration.
   */
  requireRecentLogin (maxAge: Duration): AuthenticateHook
  /**
   * The claims of an access token that arrived outside of a request, in a message of a WebSocket or the `connectionParams` of a
   * GraphQL subscription. Throws, synchronously, the error that `authenticate` would answer with.
   */
  verifyAccessToken (token: string): AccessTokenClaims
  sessions: Sessions
}

/** What the plugin adds to each reply. */
export interface ReplyDecorators {
  /**
   * Starts a session, ends those whose refresh tokens came with the request, sets the cookie and resolves the body to send.
   * Call it after the commit of a database transaction, not inside: the store takes a connection of its own.
   * Errors: a TypeError for unknown options, for claims or metadata that it cannot sign or keep, and for a `sub` with which the
   * cookie would be longer than browsers take (4096 bytes), 403 `FST_JWT_CROSS_SITE_REQUEST` where another site would set the cookie, 503 `FST_JWT_STORE_UNAVAILABLE`: then there is no new session.
   */
  issueTokens (claims: LoginClaims, options?: IssueTokensOptions): Promise<TokenResponse>
  /**
   * Ends each session of which the request contains a genuine token (the access token that `authenticate` has verified, refresh
   * tokens in cookies and body, a Bearer access token), clears the cookie and sets the status 204. Without a token there is
   * nothing to end.
   * Errors: a TypeError for unknown options, 403 `FST_JWT_CROSS_SITE_REQUEST`, 503 `FST_JWT_STORE_UNAVAILABLE`, and those of
   * `authenticate` where an access token that is not good is all there is; with `everywhere` also those of `refresh`, and 401
   * `FST_JWT_SESSION_ENDED` where no session lives.
   */
  revokeTokens (options?: RevokeTokensOptions): Promise<void>
  /**
   * Signs another access token for the session of this request, with these claims, for example for a user who was renamed. It keeps `sid`,
   * `auth_time` and the end of the session, whose refresh token stays as it is. The claims are signed, not stored: the
   * `claims` option decides at the next refresh. `request.user` becomes them.
   * Errors: 401 `FST_JWT_ACCESS_TOKEN_MISSING` without `authenticate` or `refresh` before it, 401 `FST_JWT_SESSION_ENDED`, 503
   * `FST_JWT_STORE_UNAVAILABLE`, and a TypeError for claims that it cannot sign or of another `sub`.
   */
  renewAccessToken (claims: LoginClaims): Promise<RenewedAccessToken>
  /** The tokens that `refresh` issued for this request, otherwise null. */
  tokens: TokenResponse | null
}

/** What the plugin sets on requests. */
export interface RequestDecorators {
  /** Set by `authenticate` and `refresh`; undefined at run time on a route that has neither, or is `'public'` or `'optional'`. */
  user: AccessTokenClaims
}

/** The decorators that can be renamed. */
export type DecoratorName = keyof InstanceDecorators | keyof ReplyDecorators

/**
 * Other names for the decorators, for the compiler. What `decorators` says at run time, this says to TypeScript:
 *
 * ```ts
 * declare module 'fastify-jwt-refresh' {
 *   interface DecoratorNames { authenticate: 'verifyUser', user: never }
 * }
 * ```
 *
 * `user: never` leaves `request.user` out, for a host that types its own.
 */
export interface DecoratorNames {}

type Renamed<Decorators> = {
  [Name in keyof Decorators as Name extends keyof DecoratorNames ? DecoratorNames[Name] & string : Name]: Decorators[Name]
}

// `@fastify/jwt` types `request.user` itself, through its `FastifyJWT`. Its mark is looked for on the reply: to ask the
// request for its own keys would be a circle, and `app.jwt` may be something of the host's.
type Untouched = 'user' extends keyof DecoratorNames ? true : 'jwtSign' extends keyof FastifyReply ? true : false
type RequestUser = Untouched extends true ? {} : RequestDecorators

declare module 'fastify' {
  // Inherited and not own properties, so that what the host declares itself takes their place and is no TS2717.
  interface FastifyInstance extends Renamed<InstanceDecorators> {}
  interface FastifyReply extends Renamed<ReplyDecorators> {}
  interface FastifyRequest extends RequestUser {}
  interface FastifyContextConfig {
    /** `'public'`: `authenticate` passes the route over. `'optional'`: a missing access token is no error. */
    jwtRefresh?: 'public' | 'optional' | undefined
  }
}
