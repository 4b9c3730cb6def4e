import fastifyCors from '@fastify/cors'
import fastifyHelmet from '@fastify/helmet'
import t from 'tap'
import { addPlugin, cookieNames, host, login } from '../fixtures/host-app/host.ts'

const FRONT_END = 'https://app.example.com'
const CORS = { origin: FRONT_END, credentials: true }
const OTHER_SITE = { origin: FRONT_END, 'sec-fetch-site': 'same-site' }
const PREFLIGHT = { origin: FRONT_END, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' }

t.test('a front end on another origin refreshes and logs out with @fastify/cors and trustedOrigins', async (t) => {
  const app = host(t)
  await app.register(fastifyCors, CORS)
  await addPlugin(app, { trustedOrigins: [FRONT_END], cookie: { sameSite: 'none' } })
  const { cookies } = await login(app)
  for (const [url, status] of [['/auth/refresh', 200], ['/auth/logout', 204]] as const) {
    const preflight = await app.inject({ method: 'OPTIONS', url, headers: PREFLIGHT })
    t.equal(preflight.statusCode, 204)
    const response = await app.inject({ method: 'POST', url, cookies, headers: OTHER_SITE })
    t.equal(response.statusCode, status)
    for (const { headers } of [preflight, response]) {
      t.match(headers, { 'access-control-allow-origin': FRONT_END, 'access-control-allow-credentials': 'true' })
    }
    t.match(response.headers['set-cookie'], /; Secure; SameSite=None$/)
  }
})

t.test('CORS alone does not let another origin refresh', async (t) => {
  const app = host(t)
  await app.register(fastifyCors, CORS)
  await addPlugin(app)
  const { cookies } = await login(app)
  const response = await app.inject({ method: 'POST', url: '/auth/refresh', cookies, headers: OTHER_SITE })
  t.equal(response.json().code, 'FST_JWT_CROSS_SITE_REQUEST')
  t.strictSame(cookieNames(response), [])
  t.match(response.headers, { 'access-control-allow-origin': FRONT_END, 'cache-control': 'no-store' }, 'and the page may read why')
})

t.test('an error of ours carries the CORS headers, so that the page can read its code', async (t) => {
  const app = host(t)
  await app.register(fastifyCors, { ...CORS, exposedHeaders: ['WWW-Authenticate'] })
  await addPlugin(app)
  const response = await app.inject({ url: '/me', headers: OTHER_SITE })
  t.equal(response.statusCode, 401)
  t.match(response.headers, {
    'access-control-allow-origin': FRONT_END, 'access-control-expose-headers': 'WWW-Authenticate', 'www-authenticate': 'Bearer'
  })
})

t.test('with authenticate on everything, a preflight passes where @fastify/cors was registered before the hook', async (t) => {
  const app = host(t)
  await app.register(fastifyCors, CORS)
  await addPlugin(app)
  app.addHook('onRequest', app.authenticate)
  app.post('/data', async () => ({}))
  t.equal((await app.inject({ method: 'OPTIONS', url: '/data', headers: PREFLIGHT })).statusCode, 204)
  t.equal((await app.inject({ method: 'POST', url: '/data', headers: OTHER_SITE })).statusCode, 401)
})

t.test('with authenticate on everything, a preflight is a 401 where the hook came before @fastify/cors', async (t) => {
  // A preflight request carries no token (Fetch §4.8), so the app must register @fastify/cors first.
  const app = host(t)
  app.addHook('onRequest', (request, reply, done) => app.authenticate(request, reply, done))
  await app.register(fastifyCors, CORS)
  await addPlugin(app)
  app.post('/data', async () => ({}))
  t.equal((await app.inject({ method: 'OPTIONS', url: '/data', headers: PREFLIGHT })).statusCode, 401)
})

t.test('@fastify/helmet\'s headers are on our answers, and ours on its', async (t) => {
  for (const order of ['before', 'above']) {
    const app = host(t)
    await app.register(fastifyHelmet)
    if (order === 'before') await addPlugin(app)
    else await app.register(async (scope) => addPlugin(scope))
    const { cookies } = await login(app)
    const response = await app.inject({ method: 'POST', url: '/auth/refresh', cookies })
    t.match(response.headers, {
      'content-security-policy': /default-src/, 'strict-transport-security': /max-age/, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store'
    })
    t.strictSame(cookieNames(response), ['__Host-refreshToken'])
    const refused = await app.inject({ method: 'POST', url: '/auth/refresh' })
    t.match(refused.headers, { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  }
})
