import { Type } from '@fastify/type-provider-typebox'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { describe, expect, test } from 'tstyche'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2Server, Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { AsyncHook, AuthenticateHook } from './index.ts'

interface AuditLogger extends FastifyBaseLogger {
  audit (message: string): void
}

declare const authenticate: AuthenticateHook
declare const requireSession: AsyncHook
declare const app: FastifyInstance
declare const http2: FastifyInstance<Http2Server, Http2ServerRequest, Http2ServerResponse>
declare const logged: FastifyInstance<Server, IncomingMessage, ServerResponse, AuditLogger>
declare const typed: FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>

describe('called by hand', () => {
  test('authenticate is synchronous, the others are not', () => {
    expect<ReturnType<AuthenticateHook>>().type.toBe<void>()
    expect<ReturnType<AsyncHook>>().type.toBe<Promise<void>>()
  })

  test('with the request and the reply of any server', () => {
    for (const hook of [authenticate, requireSession]) {
      expect(hook).type.toBeCallableWith({} as FastifyRequest, {} as FastifyReply)
      expect(hook).type.toBeCallableWith({} as FastifyRequest<{ Params: { id: string } }>, {} as FastifyReply<{ Reply: { ok: true } }>)
      expect(hook).type.toBeCallableWith({} as FastifyRequest<object, Http2Server>, {} as FastifyReply<object, Http2Server>)
      expect(hook).type.not.toBeCallableWith({} as FastifyRequest)
      expect(hook).type.not.toBeCallableWith({} as FastifyReply, {} as FastifyRequest)
      expect(hook).type.not.toBeCallableWith({}, {})
      expect(hook).type.not.toBeCallableWith({} as IncomingMessage, {} as ServerResponse)
    }
  })

  test('done gets the error', () => {
    expect(authenticate).type.toBeCallableWith({} as FastifyRequest, {} as FastifyReply, (error?: Error) => error)
    expect(authenticate).type.not.toBeCallableWith({} as FastifyRequest, {} as FastifyReply, (error: string) => error)
  })
})

describe('registered', () => {
  test('with addHook, for every server', () => {
    app.addHook('onRequest', authenticate).addHook('preValidation', authenticate).addHook('preHandler', requireSession)
    http2.addHook('onRequest', authenticate).addHook('preValidation', authenticate).addHook('preHandler', requireSession)
    logged.addHook('onRequest', authenticate).addHook('preValidation', authenticate).addHook('preHandler', requireSession)
    typed.addHook('onRequest', authenticate).addHook('preValidation', authenticate).addHook('preHandler', requireSession)
  })

  test('in a route, for every server', () => {
    const options = { onRequest: [authenticate, requireSession], preValidation: authenticate, preHandler: requireSession }
    expect(app.get).type.toBeCallableWith('/', options, () => 'ok')
    expect(http2.get).type.toBeCallableWith('/', options, () => 'ok')
    expect(logged.get).type.toBeCallableWith('/', options, () => 'ok')
    expect(typed.get).type.toBeCallableWith('/', options, () => 'ok')
  })
})

describe('what Fastify infers from a route is not lost in them', () => {
  const hooks = { onRequest: [authenticate, requireSession], preHandler: requireSession }

  test('the config', () => {
    app.get('/', { ...hooks, config: { tenant: 'a' } }, (request) => {
      expect(request.routeOptions.config.tenant).type.toBe<string>()
    })
  })

  test('the generics', () => {
    app.get<{ Params: { id: string } }>('/', hooks, (request) => {
      expect(request.params).type.toBe<{ id: string }>()
    })
  })

  test('the schema of a type provider', () => {
    typed.put('/', { ...hooks, schema: { params: Type.Object({ id: Type.Number() }), body: Type.Object({ name: Type.String() }) } }, (request) => {
      expect(request.params).type.toBe<{ id: number }>()
      expect(request.body).type.toBe<{ name: string }>()
    })
  })

  test('the logger', () => {
    logged.get('/', hooks, (request) => {
      expect(request.log).type.toBe<AuditLogger>()
    })
  })
})

test('config.jwtRefresh', () => {
  expect<NonNullable<RouteShorthandOptions['config']>['jwtRefresh']>().type.toBe<'public' | 'optional' | undefined>()
  expect(app.get).type.toBeCallableWith('/', { config: { jwtRefresh: 'public' } }, () => 'ok')
  expect(app.get).type.toBeCallableWith('/', { config: { jwtRefresh: 'optional' } }, () => 'ok')
  expect(app.get).type.not.toBeCallableWith('/', { config: { jwtRefresh: true } }, () => 'ok')
  expect(app.get).type.not.toBeCallableWith('/', { config: { jwtRefresh: 'Public' } }, () => 'ok')
})
