import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBaseLogger, FastifyRequest, FastifySchema, FastifyTypeProviderDefault, RouteGenericInterface } from 'fastify'

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
