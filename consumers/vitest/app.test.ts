import { createRequire } from 'node:module'
import Fastify from 'fastify'
import jwtRefresh, { MemoryStore } from 'fastify-jwt-refresh'
import { createAuthClient } from 'fastify-jwt-refresh/client'
import { loginAs, testStore } from 'fastify-jwt-refresh/testing'
import { expect, test } from 'vitest'

test('a login, and a route that needs one', async () => {
  const app = Fastify()
  await app.register(jwtRefresh, { secret: 'a secret of more than thirty-two bytes' })
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  const { headers } = await loginAs(app, { sub: 'user-1' })
  expect((await app.inject({ url: '/me', headers })).json().sub).toBe('user-1')
  expect((await app.inject('/me')).json().code).toBe('FST_JWT_ACCESS_TOKEN_MISSING')
  await app.close()
})

test('one MemoryStore, required or imported', () => {
  expect(createRequire(import.meta.url)('fastify-jwt-refresh').MemoryStore).toBe(MemoryStore)
})

test('the client', async () => {
  const auth = createAuthClient({ baseUrl: 'https://api.example.com', fetch: async () => { throw new Error('offline') } })
  await expect(auth.ready()).rejects.toMatchObject({ name: 'AuthUnavailableError' })
})

testStore(test, () => new MemoryStore())
