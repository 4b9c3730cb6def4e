import fastifyRateLimit from '@fastify/rate-limit'
import t from 'tap'
import type { JwtRefreshEvent } from '../../index.ts'
import { addPlugin, cookieNames, host, login, refresh } from '../fixtures/host-app/host.ts'

const LIMIT = { rateLimit: { max: 2, timeWindow: '1 minute' } }

t.test('config.rateLimit on our refresh route limits it', async (t) => {
  const app = host(t)
  const events: JwtRefreshEvent[] = []
  await app.register(fastifyRateLimit, { global: false })
  await addPlugin(app, { routes: { refresh: { config: LIMIT } }, onEvent: (event) => events.push(event) })
  const browser = await login(app)
  t.equal((await refresh(app, browser)).statusCode, 200)
  t.equal((await refresh(app, browser)).statusCode, 200)
  const before = await app.sessions.list('user-1')
  events.length = 0

  const limited = await refresh(app, browser)
  t.equal(limited.statusCode, 429)
  t.equal(limited.headers['cache-control'], 'no-store', 'a cache must not keep it')
  t.ok(limited.headers['retry-after'])
  t.strictSame(cookieNames(limited), [], 'it does not log out')
  t.strictSame(events, [])
  t.strictSame(await app.sessions.list('user-1'), before, 'nor touch the session')
  t.equal((await app.inject({ method: 'POST', url: '/auth/logout', cookies: browser.cookies })).statusCode, 204, 'the other routes are free')
})

t.test('a global limiter counts our routes as the host\'s', async (t) => {
  const app = host(t)
  await app.register(fastifyRateLimit, { max: 3, timeWindow: '1 minute' }) // including the login
  await addPlugin(app)
  const browser = await login(app)
  t.equal((await refresh(app, browser)).headers['x-ratelimit-limit'], '3')
  t.equal((await refresh(app, browser)).statusCode, 200)
  const limited = await refresh(app, browser)
  t.equal(limited.statusCode, 429)
  t.equal(limited.headers['cache-control'], 'no-store')
  t.strictSame(cookieNames(limited), [])
})

t.test('a route of ours is taken out of a global limiter', async (t) => {
  const app = host(t)
  await app.register(fastifyRateLimit, { max: 1, timeWindow: '1 minute' })
  await addPlugin(app, { routes: { logout: { config: { rateLimit: false } } } })
  for (let count = 0; count < 3; count++) {
    t.equal((await app.inject({ method: 'POST', url: '/auth/logout' })).statusCode, 204)
  }
})

t.test('a limiter by user on our sessions route knows the user, as its key is made in preHandler', async (t) => {
  const app = host(t)
  await app.register(fastifyRateLimit, { global: false, hook: 'preHandler', keyGenerator: (request) => request.user.sub })
  await addPlugin(app, { routes: { sessions: { config: { rateLimit: { max: 1, timeWindow: '1 minute' } } } } })
  const { headers } = await login(app)
  t.equal((await app.inject({ url: '/auth/sessions', headers })).statusCode, 200)
  const limited = await app.inject({ url: '/auth/sessions', headers })
  t.equal(limited.statusCode, 429)
  t.equal(limited.headers['cache-control'], 'no-store')
  const other = (await app.inject({ method: 'POST', url: '/login', payload: { sub: 'other' } })).json()
  t.equal((await app.inject({ url: '/auth/sessions', headers: { authorization: `Bearer ${other.accessToken}` } })).statusCode, 200)
})

t.test('a limiter\'s own error reaches the host\'s error handler', async (t) => {
  const app = host(t)
  app.setErrorHandler(async (error: Error & { statusCode?: number }, _request, reply) => reply.code(error.statusCode ?? 500).send({ mine: error.message }))
  await app.register(fastifyRateLimit, { global: false })
  await addPlugin(app, { routes: { refresh: { config: { rateLimit: { max: 1, timeWindow: '1 minute' } } } } })
  const browser = await login(app)
  await refresh(app, browser)
  const limited = await refresh(app, browser)
  t.equal(limited.statusCode, 429)
  t.match(limited.json(), { mine: /Rate limit exceeded/ })
  t.equal(limited.headers['cache-control'], 'no-store')
})
