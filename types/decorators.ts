import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest, FastifySchema, FastifyTypeProviderDefault, RouteGenericInterface } from 'fastify'
import type { AccessTokenClaims, LoginClaims } from './claims.ts'
import type { Transport } from './options.ts'
import type { Session, SessionMetadata } from './session.ts'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- no other type is that of a request of http and of http2
type RequestOfAnyServer = FastifyRequest<RouteGenericInterface, any, any, FastifySchema, FastifyTypeProviderDefault, unknown, any>

/** The request that the host's callbacks get: of an http, https or http2 server. */
export interface AnyRequest extends Omit<RequestOfAnyServer, 'headers' | 'log'> {
  readonly headers: IncomingHttpHeaders
  readonly log: FastifyBaseLogger
}

/**
 * What a hook needs of a request: as little as tells one from other objects. Fastify infers the types of a route from
 * its hooks too. A hook over its `FastifyRequest` takes them from a TypeBox or zod route, or refuses the route's
 * `config`, and does not fit an http2 server or a logger of the host's own.
 */
export interface HookRequest {
  readonly method: string
  readonly headers: IncomingHttpHeaders
}

/** What a hook needs of a reply: as little, for the same reason. */
export interface HookReply {
  readonly sent: boolean
  statusCode: number
}

/** The body that `issueTokens` and `POST /refresh` answer with (RFC 6749 §5.1, in camelCase). */
export interface TokenResponse {
  accessToken: string
  tokenType: 'Bearer'
  /** Seconds. */
  expiresIn: number
  /** Only where it does not travel in the cookie. */
  refreshToken?: string
}

export interface IssueTokensOptions {
  /** Default: the plugin's `refreshToken.transport`; the cookie where that is `'both'`. */
  transport?: Transport | undefined
  /** Kept with the session beside `userAgent` and `ip`, and shown by `GET /sessions`. JSON. */
  metadata?: SessionMetadata | undefined
}

export interface RevokeTokensOptions {
  /** Ends all sessions of the subject; needs one that lives. Default false. */
  everywhere?: boolean | undefined
}

export interface RevokeAllOptions {
  /** The id of a session to keep. */
  except?: string | undefined
}

/**
 * Sessions from the outside of a request: an admin page, a job, a password change. Every method rejects with
 * `FST_JWT_STORE_UNAVAILABLE` (503) where the store fails or takes longer than `storeTimeout`, and with a TypeError
 * where the subject or id is not a non-empty string.
 */
export interface Sessions {
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

export interface InstanceDecorators {
  /**
   * onRequest hook: verifies the access token and sets `request.user` (RFC 6750 §2.1).
   * Errors, with `WWW-Authenticate`: 401 `FST_JWT_ACCESS_TOKEN_MISSING`, `…_EXPIRED`, `…_INVALID`.
   */
  authenticate: AuthenticateHook
  /**
   * preHandler hook: verifies and rotates the refresh token, sets `reply.tokens`, the cookie and `request.user`.
   * Errors: 401 `FST_JWT_REFRESH_TOKEN_MISSING`, 403 `…_EXPIRED`, `…_INVALID`, `…_REVOKED`, 400 `…_AMBIGUOUS`,
   * 403 `FST_JWT_CROSS_SITE_REQUEST`, 503 `FST_JWT_STORE_UNAVAILABLE`.
   */
  refresh: AsyncHook
  /**
   * Hook after `authenticate`: asks the store whether the session still lives.
   * Errors: 401 `FST_JWT_SESSION_ENDED`, 503 `FST_JWT_STORE_UNAVAILABLE`, and 401 `FST_JWT_ACCESS_TOKEN_MISSING` without
   * `authenticate` before it.
   */
  requireSession: AsyncHook
  sessions: Sessions
}

export interface ReplyDecorators {
  /**
   * Starts a session: sets the cookie and resolves the body to send.
   * Errors: a TypeError for claims or metadata that it cannot sign or keep, 503 `FST_JWT_STORE_UNAVAILABLE`.
   */
  issueTokens (claims: LoginClaims, options?: IssueTokensOptions): Promise<TokenResponse>
  /**
   * Ends the session of this request, clears the cookie and sets the status 204. Without a token there is nothing to end.
   * Errors: 403 `FST_JWT_CROSS_SITE_REQUEST`, 400 `FST_JWT_REFRESH_TOKEN_AMBIGUOUS`, 503 `FST_JWT_STORE_UNAVAILABLE`; with
   * `everywhere` also those of `refresh` and 401 `FST_JWT_SESSION_ENDED` where no session lives.
   */
  revokeTokens (options?: RevokeTokensOptions): Promise<void>
  /** What `refresh` gave out for this request, else null. */
  tokens: TokenResponse | null
}

export interface RequestDecorators {
  /** Set by `authenticate` and `refresh`; undefined at run time on a route that has neither, or is `'public'` or `'optional'`. */
  user: AccessTokenClaims
}

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
