import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBaseLogger, FastifyRequest, FastifySchema, FastifyTypeProviderDefault, RouteGenericInterface } from 'fastify'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- no other type fits the requests of both http and http2
type RequestOfAnyServer = FastifyRequest<RouteGenericInterface, any, any, FastifySchema, FastifyTypeProviderDefault, unknown, any>

/** The request that is passed to the app's callbacks, of an http, https or http2 server. */
export interface AnyRequest extends Omit<RequestOfAnyServer, 'headers' | 'log'> {
  readonly headers: IncomingHttpHeaders
  readonly log: FastifyBaseLogger
}

/**
 * What a hook needs of a request: just enough to tell it from other objects. Fastify also infers the types of a route from its
 * hooks, so a hook typed with `FastifyRequest` would lose the types of a TypeBox or zod route or reject the route's `config`, and
 * would not fit an http2 server or a custom logger.
 */
export interface HookRequest {
  readonly method: string
  readonly headers: IncomingHttpHeaders
}

/** What a hook needs of a reply: just as little, for the same reason. */
export interface HookReply {
  readonly sent: boolean
  statusCode: number
}
