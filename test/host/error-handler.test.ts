import type { FastifyInstance, FastifyReply, FastifyRequest, LightMyRequestResponse } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { JwtRefreshOptions, TokenStore } from '../../index.ts'
import { MemoryStore } from '../../index.ts'
import { COOKIE_NAME, DAY, MINUTE, START } from '../fixtures/app.ts'
import { addPlugin, host, login, OTHER_SECRET, setCookies } from '../fixtures/host-app/host.ts'
import type { Login } from '../fixtures/host-app/host.ts'

interface Seen {
  code: string
  statusCode: number
  name: string
  isError: boolean
}

const CLEARED = '__Host-refreshToken=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict'

/** An app whose error handler records errors and responds in its own format and content type. */
async function hostWithHandler (t: Test, options: Partial<JwtRefreshOptions> = {}) {
  const app = host(t)
  const seen: Seen[] = []
  const clock = { now: START }
  app.setErrorHandler(async (error: Error & { code: string, statusCode: number }, _request, reply) => {
    const { code, statusCode, name } = error
    seen.push({ code, statusCode, name, isError: error instanceof Error })
    return reply.code(statusCode).type('text/plain').send(`Oh no: ${code}`)
  })
  await addPlugin(app, { now: () => clock.now, ...options })
  app.get('/sensitive', { onRequest: [app.authenticate, app.requireSession] }, async () => 'open')
  return { app, seen, clock }
}

/** The cookie with an invalid signature. */
const forge = ({ cookies }: Login): Record<string, string> => ({ [COOKIE_NAME]: `${cookies[COOKIE_NAME]}x` })

const post = (app: FastifyInstance, url: string, cookies: Record<string, string> = {}, headers = {}) => app.inject({ method: 'POST', url, cookies, headers })

t.test('a host\'s error handler answers for a missing access token, and the challenge is there', async (t) => {
  const { app, seen } = await hostWithHandler(t)
  const response = await app.inject('/me')
  t.equal(response.body, 'Oh no: FST_JWT_ACCESS_TOKEN_MISSING')
  t.equal(response.statusCode, 401)
  t.equal(response.headers['www-authenticate'], 'Bearer')
  t.strictSame(seen, [{ code: 'FST_JWT_ACCESS_TOKEN_MISSING', statusCode: 401, name: 'FastifyError', isError: true }])
})

t.test('a host\'s error handler tells an expired access token by its name, and a bad one by its code', async (t) => {
  const { app, seen, clock } = await hostWithHandler(t)
  const { headers } = await login(app)
  clock.now += 15 * MINUTE
  const expired = await app.inject({ url: '/me', headers })
  t.equal(expired.headers['www-authenticate'], 'Bearer error="invalid_token", error_description="The access token expired"')
  const invalid = await app.inject({ url: '/me', headers: { authorization: 'Bearer nonsense' } })
  t.equal(invalid.headers['www-authenticate'], 'Bearer error="invalid_token", error_description="The access token is invalid"')
  t.strictSame(seen.map(({ code, name }) => [code, name]), [
    ['FST_JWT_ACCESS_TOKEN_EXPIRED', 'TokenExpiredError'], ['FST_JWT_ACCESS_TOKEN_INVALID', 'FastifyError']
  ])
})

t.test('a host\'s error handler answers for an ended session, and the challenge is there', async (t) => {
  const { app } = await hostWithHandler(t)
  const { headers } = await login(app)
  await app.sessions.revokeAll('user-1')
  const response = await app.inject({ url: '/sensitive', headers })
  t.equal(response.body, 'Oh no: FST_JWT_SESSION_ENDED')
  t.equal(response.headers['www-authenticate'], 'Bearer error="invalid_token", error_description="The session has ended"')
})

t.test('a host\'s error handler answers for a missing refresh token, and no cache keeps it', async (t) => {
  const { app } = await hostWithHandler(t)
  const response = await post(app, '/auth/refresh')
  t.equal(response.statusCode, 403)
  t.equal(response.body, 'Oh no: FST_JWT_REFRESH_TOKEN_MISSING')
  t.equal(response.headers['cache-control'], 'no-store')
  t.strictSame(setCookies(response), [])
})

const ENDINGS: Record<string, (context: Awaited<ReturnType<typeof hostWithHandler>>) => Promise<Record<string, string>>> = {
  async EXPIRED ({ app, clock }) {
    const { cookies } = await login(app)
    clock.now += 30 * DAY
    return cookies
  },
  async INVALID ({ app }) {
    return forge(await login(app))
  },
  async REVOKED ({ app }) {
    const { cookies } = await login(app)
    await app.sessions.revokeAll('user-1')
    return cookies
  }
}

for (const [ending, prepare] of Object.entries(ENDINGS)) {
  t.test(`a host's error handler answers for FST_JWT_REFRESH_TOKEN_${ending}, and the cookie is left alone`, async (t) => {
    const context = await hostWithHandler(t)
    const response = await post(context.app, '/auth/refresh', await prepare(context))
    t.equal(response.statusCode, 403)
    t.equal(response.body, `Oh no: FST_JWT_REFRESH_TOKEN_${ending}`)
    t.strictSame(setCookies(response), [])
    t.equal(response.headers['cache-control'], 'no-store')
  })
}

t.test('a host\'s error handler answers for a reused refresh token, and the cookie is left alone', async (t) => {
  const { app, seen } = await hostWithHandler(t, { refreshToken: { rotation: 'strict' } })
  const { cookies } = await login(app)
  await post(app, '/auth/refresh', cookies)
  const response = await post(app, '/auth/refresh', cookies)
  t.strictSame(seen.map(({ code }) => code), ['FST_JWT_REFRESH_TOKEN_REVOKED'])
  t.strictSame(setCookies(response), [])
})

t.test('a host\'s error handler answers for a request from another site, and the cookie is left alone', async (t) => {
  const { app } = await hostWithHandler(t)
  const { cookies } = await login(app)
  const response = await post(app, '/auth/refresh', cookies, { origin: 'https://evil.example' })
  t.equal(response.statusCode, 403)
  t.equal(response.body, 'Oh no: FST_JWT_CROSS_SITE_REQUEST')
  t.equal(response.headers['cache-control'], 'no-store')
  t.strictSame(setCookies(response), [])
})

t.test('a host\'s error handler answers for a store that fails, with Retry-After and the cookie left alone', async (t) => {
  const store: TokenStore = new MemoryStore()
  const { app, seen } = await hostWithHandler(t, { store, routes: { sessions: true } })
  const { cookies, headers } = await login(app)
  const fail = async (): Promise<never> => { throw new Error('away') }
  Object.assign(store, { create: fail, find: fail, rotate: fail, delete: fail, list: fail, deleteAll: fail })
  const requests = [
    post(app, '/auth/refresh', cookies),
    post(app, '/auth/logout', cookies),
    app.inject({ method: 'POST', url: '/login', payload: {} }),
    app.inject({ url: '/sensitive', headers }),
    app.inject({ url: '/auth/sessions', headers })
  ]
  for (const response of await Promise.all(requests)) {
    t.equal(response.statusCode, 503)
    t.equal(response.body, 'Oh no: FST_JWT_STORE_UNAVAILABLE')
    t.equal(response.headers['retry-after'], '1')
    t.strictSame(setCookies(response), [])
  }
  t.equal(seen.length, 5)
})

t.test('a host\'s error handler answers for a bad body of our routes with Fastify\'s codes', async (t) => {
  const { app, seen } = await hostWithHandler(t)
  await app.inject({ method: 'POST', url: '/auth/logout', payload: { everywhere: 1 } })
  await app.inject({ method: 'POST', url: '/auth/logout', payload: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } })
  await app.inject({ method: 'POST', url: '/auth/logout', payload: '{', headers: { 'content-type': 'application/json' } })
  t.match(seen, [
    { code: 'FST_ERR_VALIDATION', statusCode: 400 }, { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }, { statusCode: 400 }
  ])
})

t.test('a host\'s error handler answers for a foreign session', async (t) => {
  const { app } = await hostWithHandler(t, { routes: { sessions: true } })
  const { headers } = await login(app)
  const response = await app.inject({ method: 'DELETE', url: '/auth/sessions/unknown', headers })
  t.equal(response.statusCode, 404)
  t.equal(response.body, 'Oh no: FST_JWT_SESSION_NOT_FOUND')
  t.equal(response.headers['cache-control'], 'no-store')
})

t.test('an error handler that answers 200 with a body of its own keeps the cleared cookie', async (t) => {
  // As in GraphQL and RPC apps, which always respond with 200.
  const app = host(t)
  app.setErrorHandler(async (error: Error & { code: string }, _request, reply) => reply.code(200).send({ errors: [error.code] }))
  await addPlugin(app)
  const { cookies } = await login(app)
  await app.sessions.revokeAll('user-1')
  const response = await app.inject({ method: 'POST', url: '/auth/logout', cookies, payload: { everywhere: true } })
  t.strictSame(response.json(), { errors: ['FST_JWT_REFRESH_TOKEN_REVOKED'] })
  t.strictSame(setCookies(response), [CLEARED])
})

t.test('an error handler set after the plugin, or in a child scope, is asked for the host\'s routes, not for ours', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.setErrorHandler(async (_error, _request, reply) => reply.code(418).send({ by: 'root' }))
  app.register(async (scope) => {
    scope.setErrorHandler(async (_error, _request, reply) => reply.code(418).send({ by: 'child' }))
    scope.get('/child', { onRequest: [scope.authenticate] }, async () => 'open')
  })
  app.get('/root', { onRequest: [app.authenticate] }, async () => 'open')
  t.strictSame((await app.inject('/root')).json(), { by: 'root' })
  t.match((await post(app, '/auth/refresh')).json(), { code: 'FST_JWT_REFRESH_TOKEN_MISSING', error: 'Forbidden' })
  t.strictSame((await app.inject('/child')).json(), { by: 'child' })
})

t.test('an error handler in our route\'s options answers for that route', async (t) => {
  const { app, seen } = await hostWithHandler(t, {
    routes: { refresh: { errorHandler: (_error, _request, reply) => { reply.code(401).send({ again: true }) } } }
  })
  const response = await post(app, '/auth/refresh', forge(await login(app)))
  t.strictSame(response.json(), { again: true })
  t.strictSame(seen, [])
})

t.test('a clash of names or a bad option at boot is an error that says FST_JWT_INVALID_OPTION', async (t) => {
  const app = host(t)
  await t.rejects(addPlugin(app, { secret: undefined }), { code: 'FST_JWT_INVALID_OPTION' })
  const other = host(t)
  await t.rejects(addPlugin(other, { secret: OTHER_SECRET, refreshToken: { secret: OTHER_SECRET } }), { code: 'FST_JWT_INVALID_OPTION' })
})

t.test('an error of a request has a stack of one line, which an error handler may read and change', async (t) => {
  const app = host(t)
  const stacks: unknown[] = []
  app.setErrorHandler(async (error: Error, _request, reply) => {
    stacks.push((error.stack as string).split('\n'))
    if (error.cause instanceof Error) stacks.push((error.cause.stack as string).split('\n'))
    error.stack += '\n    in the words of the host'
    stacks.push((error.stack as string).split('\n')[1])
    return reply.code(401).send({})
  })
  await addPlugin(app)
  await app.inject('/me')
  await app.inject({ url: '/me', headers: { authorization: 'Bearer nonsense' } })
  t.strictSame(stacks, [
    ['FastifyError: An access token is needed: Authorization: Bearer <token>'], '    in the words of the host',
    ['FastifyError: The access token is invalid'], ['FastifyError: malformed'], '    in the words of the host'
  ])
})

t.test('an expired token\'s stack has its name', async (t) => {
  const app = host(t)
  let now = START
  app.setErrorHandler(async (error: Error, _request, reply) => reply.code(401).send(error.stack))
  await addPlugin(app, { now: () => now })
  const { headers } = await login(app)
  now += 15 * MINUTE
  t.equal((await app.inject({ url: '/me', headers })).body, 'TokenExpiredError: The access token expired')
})

t.test('what a refusal says in a header goes out with its own status alone', async (t) => {
  const app = host(t)
  let broken = false
  const store = new MemoryStore()
  const find = store.find.bind(store)
  store.find = async (id) => broken ? await Promise.reject(new Error('away')) : await find(id)
  await addPlugin(app, { store })
  // Like `@fastify/auth` with several strategies: the first that succeeds decides.
  const or = (...strategies: Array<(request: FastifyRequest, reply: FastifyReply) => unknown>) => async (request: FastifyRequest, reply: FastifyReply) => {
    let last: unknown
    for (const strategy of strategies) {
      try {
        return await strategy(request, reply)
      } catch (error) {
        last = error
      }
    }
    throw last
  }
  const byToken = (request: FastifyRequest, reply: FastifyReply): unknown => app.authenticate(request, reply)
  const bySession = (request: FastifyRequest, reply: FastifyReply): unknown => app.requireSession(request, reply)
  const byKey = async (request: FastifyRequest): Promise<void> => {
    if (request.headers['x-key'] !== 'right') throw Object.assign(new Error('wrong key'), { statusCode: 403 })
  }
  app.get('/either', { onRequest: [or(byToken, byKey)] }, async () => 'open')
  app.get('/living', { onRequest: [app.authenticate, or(bySession, byKey)] }, async () => 'open')
  app.get('/twice', { onRequest: [app.authenticate, or(bySession, async (_request, reply) => { await reply.revokeTokens({ everywhere: true }) })] }, async () => 'open')
  app.get('/own', { onRequest: [or(byToken, byKey)] }, async (_request, reply) => reply.header('www-authenticate', 'Basic').send('open'))
  const seen = ({ statusCode, headers }: LightMyRequestResponse) => ({ statusCode, challenge: headers['www-authenticate'], retry: headers['retry-after'] })
  const key = { 'x-key': 'right' }

  t.strictSame(seen(await app.inject({ url: '/either', headers: key })), { statusCode: 200, challenge: undefined, retry: undefined })
  t.strictSame(seen(await app.inject('/either')), { statusCode: 403, challenge: undefined, retry: undefined })
  t.strictSame(seen(await app.inject({ url: '/own', headers: key })), { statusCode: 200, challenge: 'Basic', retry: undefined }, 'what the host says stays')

  const { headers } = await login(app)
  broken = true
  t.strictSame(seen(await app.inject({ url: '/living', headers: { ...headers, ...key } })), { statusCode: 200, challenge: undefined, retry: undefined })
  t.strictSame(seen(await app.inject({ url: '/twice', headers })), { statusCode: 503, challenge: undefined, retry: '1' })
  broken = false
  await app.sessions.revokeAll('user-1')
  t.match(seen(await app.inject({ url: '/twice', headers })), { statusCode: 401, challenge: /The session has ended/ })
})
