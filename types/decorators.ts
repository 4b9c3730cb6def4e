import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AccessTokenClaims, LoginClaims } from './claims.ts'
import type { Transport } from './options.ts'
import type { Session, SessionMetadata } from './session.ts'

// Fastify's own handler aliases do not compile for an http2 server or one with a pino instance.
/* eslint-disable @typescript-eslint/no-explicit-any */
export type AnyRequest = FastifyRequest<any, any, any, any, any, any, any, any>
export type AnyReply = FastifyReply<any, any, any, any, any, any, any, any>
/* eslint-enable @typescript-eslint/no-explicit-any */

/** The body that `issueTokens` and `POST /refresh` answer with (RFC 6749 §5.1, in camelCase). */
export interface TokenResponse {
  accessToken: string
  tokenType: 'Bearer'
  /** Seconds. */
  expiresIn: number
  /** Only with the body transport. */
  refreshToken?: string
}

export interface IssueTokensOptions {
  /** Default: the plugin's `refreshToken.transport`; the cookie where that is `'both'`. */
  transport?: Transport | undefined
  /** Kept with the session beside `userAgent` and `ip`, and shown by `GET /sessions`. */
  metadata?: SessionMetadata | undefined
}

export interface RevokeTokensOptions {
  /** Ends all sessions of the subject. */
  everywhere?: boolean | undefined
}

export interface RevokeAllOptions {
  /** The id of a session to keep. */
  except?: string | undefined
}

/** Sessions from the outside of a request: an admin page, a job, a password change. Times out like the store: a 503 error. */
export interface Sessions {
  /** The living sessions of a subject, the latest first. */
  list (subject: string): Promise<Session[]>
  find (id: string): Promise<Session | null>
  /** True where a session was ended. */
  revoke (id: string): Promise<boolean>
  /** How many sessions were ended. */
  revokeAll (subject: string, options?: RevokeAllOptions): Promise<number>
}

/** A synchronous onRequest hook. Called by hand without `done`, it throws what it would have passed to it. */
export type AuthenticateHook = (request: AnyRequest, reply: AnyReply, done?: (error?: Error) => void) => void
/** An asynchronous hook. */
export type AsyncHook = (request: AnyRequest, reply: AnyReply) => Promise<void>

export interface InstanceDecorators {
  /** onRequest hook: verifies the access token and sets `request.user`. */
  authenticate: AuthenticateHook
  /** preHandler hook: verifies and rotates the refresh token, sets `reply.tokens`, the cookie and `request.user`. */
  refresh: AsyncHook
  /** Hook after `authenticate`: asks the store whether the session still lives. */
  requireSession: AsyncHook
  sessions: Sessions
}

export interface ReplyDecorators {
  /** Starts a session: sets the cookie and resolves the body to send. Throws a TypeError for claims it cannot sign. */
  issueTokens (claims: LoginClaims, options?: IssueTokensOptions): Promise<TokenResponse>
  /** Ends the session of this request, clears the cookie and sets the status 204. */
  revokeTokens (options?: RevokeTokensOptions): Promise<void>
  /** What `refresh` gave out for this request, else null. */
  tokens: TokenResponse | null
}

export interface RequestDecorators {
  /** Set by `authenticate` and `refresh`; undefined on a route that has neither. */
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
 * `never` leaves the property out, for a host that types its own `request.user`.
 */
export interface DecoratorNames {}

type Renamed<Decorators> = {
  [Name in keyof Decorators as Name extends keyof DecoratorNames ? DecoratorNames[Name] & string : Name]: Decorators[Name]
}

// `@fastify/jwt` types `request.user` itself; the app types it then through `FastifyJWT`.
type RequestNames = 'jwt' extends keyof FastifyInstance ? Omit<RequestDecorators, 'user'> : RequestDecorators

declare module 'fastify' {
  interface FastifyInstance extends Renamed<InstanceDecorators> {}
  interface FastifyReply extends Renamed<ReplyDecorators> {}
  interface FastifyRequest extends Renamed<RequestNames> {}
  interface FastifyContextConfig {
    /** `'public'`: `authenticate` passes the route over. `'optional'`: a missing access token is no error. */
    jwtRefresh?: 'public' | 'optional'
  }
}
