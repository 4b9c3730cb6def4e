// Compiled with several settings of `module` and `moduleResolution`, then run.

import { equal, throws } from 'node:assert/strict'
import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import jwtRefresh, { MemoryStore } from 'fastify-jwt-refresh'
import type { AuthenticateHook, JwtRefreshOptions, MemoryStoreOptions, Session, TokenStore } from 'fastify-jwt-refresh'
import { AuthUnavailableError, createAuthClient } from 'fastify-jwt-refresh/client'
import type { AuthClient } from 'fastify-jwt-refresh/client'
import { attachAxios } from 'fastify-jwt-refresh/client/axios'
import { withDpop } from 'fastify-jwt-refresh/client/dpop'
import { createAuthClient as createNativeClient } from 'fastify-jwt-refresh/client/native'
import type { NativeAuthClient } from 'fastify-jwt-refresh/client/native'
import { useAuth } from 'fastify-jwt-refresh/client/react'
import { mysqlStore } from 'fastify-jwt-refresh/mysql'
import { postgresStore } from 'fastify-jwt-refresh/postgres'
import { redisStore } from 'fastify-jwt-refresh/redis'
import type { RedisStoreOptions } from 'fastify-jwt-refresh/redis'
import { sqlStore } from 'fastify-jwt-refresh/sql'
import type { RunSql } from 'fastify-jwt-refresh/sql'
import { sqliteStore } from 'fastify-jwt-refresh/sqlite'
import { loginAs, testStore } from 'fastify-jwt-refresh/testing'

declare module 'fastify-jwt-refresh' {
  interface Claims { role: 'admin' | 'user' }
  interface DecoratorNames { authenticate: 'verifyUser' }
}

declare module 'fastify' {
  interface FastifyContextConfig { audited?: boolean }
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
function same<A, B> (_same: Same<A, B>): void {}

async function main (): Promise<void> {
  const memory: MemoryStoreOptions = { maxSessions: 100 }
  const store: TokenStore = new MemoryStore(memory)
  const options: JwtRefreshOptions = {
    secret: 'a secret of more than thirty-two bytes',
    store,
    decorators: { authenticate: 'verifyUser' },
    claims: async (session: Session, request) => {
      same<typeof request.user.role, 'admin' | 'user'>(true)
      return { sub: session.subject, role: 'user' }
    }
  }

  const app = Fastify()
  await app.register(jwtRefresh, options)
  same<typeof app.verifyUser, AuthenticateHook>(true)
  same<typeof jwtRefresh.MemoryStore, typeof MemoryStore>(true)
  same<FastifyRequest['user']['sub'], string>(true)
  // @ts-expect-error: it has a different name
  equal(app.authenticate, undefined)

  app.get('/me', { onRequest: [app.verifyUser], config: { audited: true, jwtRefresh: 'optional' } }, async (request) => {
    // @ts-expect-error: no such claim
    equal(request.user?.rôle, undefined)
    return request.user?.role ?? 'nobody'
  })
  app.post('/login', async (_request, reply) => {
    // @ts-expect-error: the role is missing
    const incomplete: Parameters<typeof reply.issueTokens>[0] = { sub: 'user-1' }
    return reply.issueTokens({ ...incomplete, role: 'admin' })
  })

  const { headers, cookies } = await loginAs(app, { sub: 'user-1', role: 'admin' })
  equal((await app.inject({ url: '/me', headers })).body, 'admin')
  equal((await app.inject('/me')).body, 'nobody')
  equal((await app.inject({ method: 'POST', url: '/login' })).statusCode, 200)
  equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
  await app.close()

  const again = Fastify()
  await again.register(import('fastify-jwt-refresh'), { ...options, store: new MemoryStore() })
  equal(typeof again.verifyUser, 'function')
  await again.close()

  const auth: AuthClient<{ role: string }> = createAuthClient<{ role: string }>({ baseUrl: 'https://api.example.com', fetch: async () => { throw new Error('offline') } })
  same<Parameters<typeof attachAxios>[1], Pick<AuthClient, 'getToken'> & Partial<Pick<AuthClient, 'usesCookie'>>>(true)
  same<NonNullable<ReturnType<typeof useAuth<{ role: string }>>['claims']>['role'], string>(true)
  const failure: unknown = await auth.ready().catch((error: unknown) => error)
  equal((failure as AuthUnavailableError).name, 'AuthUnavailableError')

  const native: NativeAuthClient<{ role: string }> = createNativeClient<{ role: string }>({ baseUrl: 'https://api.example.com', refreshToken: { load: () => null, save: () => {} } })
  equal((await native.ready()).status, 'signed-out')
  // @ts-expect-error: `refreshToken` is required
  throws(() => createNativeClient({ baseUrl: 'https://api.example.com' }), TypeError)

  const prefix: RedisStoreOptions = { prefix: 'app:' }
  // @ts-expect-error: not a client
  equal(codeOf(() => redisStore({}, prefix)), 'FST_JWT_INVALID_OPTION')
  // @ts-expect-error: not a client
  equal(codeOf(() => postgresStore({})), 'FST_JWT_INVALID_OPTION')
  // @ts-expect-error: not a pool
  equal(codeOf(() => mysqlStore({})), 'FST_JWT_INVALID_OPTION')
  // @ts-expect-error: not a database
  equal(codeOf(() => sqliteStore({})), 'FST_JWT_INVALID_OPTION')
  const run: RunSql = async () => ({ rows: [], count: 0 })
  const sql: TokenStore = sqlStore(run, { dialect: 'postgres', placeholders: '$n' })
  equal(typeof sql.rotate, 'function')
  const bound: AuthClient<{ role: string }> = withDpop<{ role: string }>(createAuthClient, { baseUrl: 'https://api.example.com', keys: { load: () => null, save: () => {} } })
  equal(typeof bound.getToken, 'function')
  const names: string[] = []
  testStore((name) => names.push(name), () => new MemoryStore())
  equal(names.length > 10, true)
}

function codeOf (fn: () => unknown): string | undefined {
  try {
    fn()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
