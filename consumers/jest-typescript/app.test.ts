import { expect, test } from '@jest/globals'
import Fastify from 'fastify'
import jwtRefresh, { MemoryStore } from 'fastify-jwt-refresh'
import type { Session } from 'fastify-jwt-refresh'
import { createAuthClient } from 'fastify-jwt-refresh/client'
import { loginAs, testStore } from 'fastify-jwt-refresh/testing'

declare module 'fastify-jwt-refresh' {
  interface Claims { role: 'admin' | 'user' }
}

test('a login, and a route that needs one', async () => {
  const app = Fastify()
  await app.register(jwtRefresh, {
    secret: 'a secret of more than thirty-two bytes',
    claims: ({ subject }: Session) => ({ sub: subject, role: 'user' })
  })
  app.get('/me', { onRequest: [app.authenticate] }, async (request): Promise<'admin' | 'user'> => request.user.role)
  const { headers } = await loginAs(app, { sub: 'user-1', role: 'admin' })
  expect((await app.inject({ url: '/me', headers })).body).toBe('admin')
  expect((await app.inject('/me')).json().code).toBe('FST_JWT_ACCESS_TOKEN_MISSING')
  await app.close()
})

test('the client', async () => {
  const auth = createAuthClient({ baseUrl: 'https://api.example.com', fetch: async () => { throw new Error('offline') } })
  await expect(auth.ready()).rejects.toMatchObject({ name: 'AuthUnavailableError' })
})

testStore(test, () => new MemoryStore())
