import Fastify from 'fastify'
import jwtRefresh, { MemoryStore } from 'fastify-jwt-refresh'
import { loginAs, testStore } from 'fastify-jwt-refresh/testing'
import { test } from 'tap'

test('a login, and a route that needs one', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(jwtRefresh, { secret: 'a secret of more than thirty-two bytes' })
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  const { headers } = await loginAs(app, { sub: 'user-1' })
  t.equal((await app.inject({ url: '/me', headers })).json().sub, 'user-1')
  t.equal((await app.inject('/me')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
})

testStore(test, () => new MemoryStore())
