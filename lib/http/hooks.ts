import type { FastifyReply } from 'fastify'
import type { AnyRequest } from '../../types/requests.ts'

// The hooks as they are implemented. Their public types (types/decorators.ts) require less of the request and the reply.

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a reply of any route, of an http or http2 server
export type AnyReply = FastifyReply<any, any, any, any, any, any, any, any>

/** Without `done`, it throws the error. */
export type SyncHook = (request: AnyRequest, reply: AnyReply, done?: (error?: Error) => void) => void

export type Hook = (request: AnyRequest, reply: AnyReply) => Promise<void>
