import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { START } from '../fixtures/app.ts'
import { addPlugin, cookieNames, host, login, refresh, withDefaults } from '../fixtures/host-app/host.ts'
import jwtRefresh from '../../index.ts'

for (const hook of ['preHandler', 'preValidation', 'onRequest'] as const) {
  t.test(`app.refresh as ${hook} of a host's own page refreshes and renders`, async (t) => {
    const app = host(t)
    await addPlugin(app)
    app.get('/page', { [hook]: [app.refresh] }, async (request, reply) => {
      reply.type('text/html')
      return `<p>${request.user.sub}</p><script>token = '${reply.tokens?.accessToken}'</script>`
    })
    const { cookies } = await login(app)
    const response = await app.inject({ url: '/page', cookies })
    t.equal(response.statusCode, 200)
    t.match(response.headers, { 'content-type': /^text\/html/, 'cache-control': 'private, no-store' })
    t.strictSame(cookieNames(response), ['__Host-refreshToken'])
    t.match(response.body, '<p>user-1</p>')
    const token = /token = '(.+)'/.exec(response.body)?.[1]
    t.equal((await app.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } })).statusCode, 200)
  })
}

t.test('app.refresh on a host\'s page without a token is a 403, which the host turns into its login page', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.get('/page', {
    preHandler: [app.refresh],
    errorHandler: (_error, _request, reply) => { reply.redirect('/login-page') }
  }, async () => 'page')
  const response = await app.inject('/page')
  t.equal(response.statusCode, 302)
  t.equal(response.headers.location, '/login-page')
  t.equal(response.headers['cache-control'], 'no-store')
})

t.test('app.refresh called by hand in a handler works as the hook does', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.post('/by-hand', async (request, reply) => {
    await app.refresh(request, reply)
    return { ...reply.tokens, sub: request.user.sub }
  })
  const { cookies } = await login(app)
  t.match((await app.inject({ method: 'POST', url: '/by-hand', cookies })).json(), { tokenType: 'Bearer', expiresIn: 900, sub: 'user-1' })
})

t.test('app.refresh in preHandler takes the token from a body that the host has parsed', async (t) => {
  const app = host(t)
  await addPlugin(app, { refreshToken: { transport: 'body' } })
  app.post('/mobile/refresh', { preHandler: [app.refresh] }, async (_request, reply) => reply.tokens)
  const { refreshToken } = (await app.inject({ method: 'POST', url: '/login', payload: {} })).json()
  const response = await app.inject({ method: 'POST', url: '/mobile/refresh', payload: { refreshToken, device: 'phone' } })
  t.equal(response.statusCode, 200)
  t.type(response.json().refreshToken, 'string')
})

t.test('reply.tokens is null where nothing was refreshed', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.get('/page', async (_request, reply) => ({ tokens: reply.tokens }))
  t.strictSame((await app.inject('/page')).json(), { tokens: null })
})

t.test('reply.tokens of one request is not seen by the next', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.get('/page', { preHandler: [async (request, reply) => { if (request.headers.cookie !== undefined) await app.refresh(request, reply) }] },
    async (_request, reply) => ({ tokens: reply.tokens }))
  const { cookies } = await login(app)
  t.match((await app.inject({ url: '/page', cookies })).json(), { tokens: { tokenType: 'Bearer' } })
  t.strictSame((await app.inject('/page')).json(), { tokens: null })
})

t.test('request.user is undefined on a route without a hook of ours, whatever is sent', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.get('/page', async (request) => ({ has: 'user' in request, user: request.user ?? null }))
  const { headers, cookies } = await login(app)
  t.strictSame((await app.inject({ url: '/page', headers, cookies })).json(), { has: false, user: null })
})

for (const [title, build] of Object.entries<(app: FastifyInstance) => Promise<void>>({
  async before (app) {
    app.decorateRequest('user', null as never)
    await addPlugin(app)
  },
  async after (app) {
    await addPlugin(app)
    app.decorateRequest('user', null as never)
  }
})) {
  t.test(`a host that decorates request.user ${title} the plugin finds null there, and our claims behind authenticate`, async (t) => {
    const app = host(t)
    await build(app)
    app.get('/page', async (request) => ({ user: request.user }))
    const { headers } = await login(app)
    t.strictSame((await app.inject('/page')).json(), { user: null })
    t.equal((await app.inject({ url: '/me', headers })).json().sub, 'user-1')
  })
}

const GETTER = { getter () { return { sub: 'someone else' } } } as never
const REFUSED = { code: 'FST_JWT_INVALID_OPTION', message: /^request\.user is decorated with only a getter, .*: give it a setter, too, decorate it with null, or register the plugin in another scope$/ }

t.test('a host that decorates request.user with a getter alone hears of it at boot', async (t) => {
  const before = host(t)
  before.decorateRequest('user', GETTER)
  await t.rejects(addPlugin(before), REFUSED)

  const above = host(t)
  above.decorateRequest('user', GETTER)
  await t.rejects(async () => await above.register(async (scope) => addPlugin(scope)), REFUSED, 'in a scope above')

  const after = host(t)
  await addPlugin(after)
  after.decorateRequest('user', GETTER)
  await t.rejects(async () => await after.ready(), REFUSED)
})

t.test('in a scope below the plugin\'s, a getter alone gives way to the verified claims', async (t) => {
  const app = host(t)
  await addPlugin(app)
  await app.register(async (scope) => {
    scope.decorateRequest('user', GETTER)
    scope.get('/theirs', async (request) => request.user)
    scope.get('/ours', { onRequest: [scope.authenticate] }, async (request) => request.user)
  })
  const { headers } = await login(app)
  t.equal((await app.inject('/theirs')).json().sub, 'someone else')
  t.equal((await app.inject({ url: '/ours', headers })).json().sub, 'user-1')
})

t.test('a getter with a setter is the host\'s way to keep our claims', async (t) => {
  const app = host(t)
  const kept = new WeakMap<object, unknown>()
  app.decorateRequest('user', {
    getter () { return kept.get(this) },
    setter (claims: unknown) { kept.set(this, claims) }
  } as never)
  await addPlugin(app)
  t.equal((await app.inject({ url: '/me', headers: (await login(app)).headers })).json().sub, 'user-1')
})

t.test('reply.revokeTokens on a host\'s own route behind authenticate ends the session and clears the cookie', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.delete('/account', { onRequest: [app.authenticate] }, async (_request, reply) => {
    await reply.revokeTokens({ everywhere: true })
  })
  const browser = await login(app)
  const other = await login(app)
  const response = await app.inject({ method: 'DELETE', url: '/account', headers: browser.headers })
  t.equal(response.statusCode, 204)
  t.match(response.cookies, [{ name: '__Host-refreshToken', value: '', maxAge: 0 }])
  t.equal(response.headers['cache-control'], 'private, no-store')
  t.equal((await refresh(app, browser)).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
  t.equal((await refresh(app, other)).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
})

t.test('reply.revokeTokens leaves a host its own status and body', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.post('/bye', async (_request, reply) => {
    await reply.revokeTokens()
    reply.code(200)
    return { bye: true }
  })
  const browser = await login(app)
  const response = await app.inject({ method: 'POST', url: '/bye', cookies: browser.cookies })
  t.equal(response.statusCode, 200)
  t.strictSame(response.json(), { bye: true })
  t.equal((await refresh(app, browser)).statusCode, 403)
})

t.test('an event names the session, and app.sessions ends it from outside of a request', async (t) => {
  const app = host(t)
  await addPlugin(app)
  const browser = await login(app)
  const [session] = await app.sessions.list('user-1')
  t.equal(await app.sessions.revoke(session?.id ?? ''), true)
  t.equal((await refresh(app, browser)).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
})

t.test('hooks in our route\'s options run before the refresh, in their order', async (t) => {
  const app = host(t)
  const order: string[] = []
  const step = (name: string) => async (): Promise<void> => { order.push(name) }
  app.addHook('onRequest', step('host onRequest'))
  app.addHook('preHandler', step('host preHandler'))
  await addPlugin(app, {
    claims: (session) => {
      order.push('claims')
      return session.claims
    },
    routes: {
      refresh: { onRequest: [step('onRequest 1'), step('onRequest 2')], preValidation: step('preValidation'), preHandler: [step('preHandler 1'), step('preHandler 2')] }
    }
  })
  const browser = await login(app)
  order.length = 0
  await refresh(app, browser)
  t.strictSame(order, ['host onRequest', 'onRequest 1', 'onRequest 2', 'preValidation', 'host preHandler', 'preHandler 1', 'preHandler 2', 'claims'])
})

t.test('a hook in our route\'s options that refuses leaves cookie and session as they are', async (t) => {
  const app = host(t)
  let closed = true
  await addPlugin(app, {
    routes: {
      refresh: { preHandler: [async (_request, reply) => { if (closed) return reply.code(503).send({ maintenance: true }) }] }
    }
  })
  const browser = await login(app)
  const refused = await refresh(app, browser)
  t.equal(refused.statusCode, 503)
  t.equal(refused.headers['cache-control'], 'no-store')
  t.strictSame(cookieNames(refused), [])
  closed = false
  t.equal((await refresh(app, browser)).statusCode, 200)
})

t.test('a host\'s onSend hook sees our answer and adds to it', async (t) => {
  const app = host(t)
  app.addHook('onSend', async (_request, reply, payload) => {
    reply.header('x-length', String(payload).length)
    return payload
  })
  await addPlugin(app)
  const response = await refresh(app, await login(app))
  t.equal(response.headers['x-length'], String(response.body.length))
})

t.test('a host\'s own Cache-Control for everything does not let a cache keep our answers', async (t) => {
  const app = host(t)
  app.addHook('onRequest', async (_request, reply) => { reply.header('cache-control', 'public, max-age=3600') })
  app.addHook('onSend', async (_request, reply) => { reply.header('cache-control', 'public, max-age=3600') })
  await addPlugin(app, { routes: { sessions: true } })
  const { cookies, headers } = await login(app)
  const answers = {
    sessions: await app.inject({ url: '/auth/sessions', headers }),
    'an unknown session': await app.inject({ method: 'DELETE', url: '/auth/sessions/unknown', headers }),
    'a refresh': await app.inject({ method: 'POST', url: '/auth/refresh', cookies }),
    'a refresh without a token': await app.inject({ method: 'POST', url: '/auth/refresh' }),
    'a bad body': await app.inject({ method: 'POST', url: '/auth/logout', payload: { everywhere: 1 } }),
    'a logout': await app.inject({ method: 'POST', url: '/auth/logout', cookies })
  }
  for (const [what, { headers }] of Object.entries(answers)) {
    t.equal(headers['cache-control'], headers['set-cookie'] === undefined ? 'no-store' : 'private, no-store', what)
  }
})

t.test('a route that the host turns off is free for the host\'s own', async (t) => {
  const app = host(t)
  await addPlugin(app, { routes: { refresh: false, logout: false } })
  app.post('/auth/refresh', { preHandler: [app.refresh] }, async (_request, reply) => ({ token: reply.tokens?.accessToken }))
  const response = await refresh(app, await login(app))
  t.strictSame(Object.keys(response.json()), ['token'])
  t.equal((await app.inject({ method: 'POST', url: '/auth/logout' })).statusCode, 404)
})

t.test('constraints and other route options of Fastify pass through', async (t) => {
  const app = host(t)
  await addPlugin(app, { routes: { refresh: { path: '/renew', constraints: { host: 'api.example.com' }, bodyLimit: 10 } } })
  const { cookies } = await login(app)
  const url = '/auth/renew'
  t.equal((await app.inject({ method: 'POST', url, cookies })).statusCode, 404)
  t.equal((await app.inject({ method: 'POST', url, cookies, headers: { host: 'api.example.com' } })).statusCode, 200)
  t.equal((await app.inject({ method: 'POST', url, headers: { host: 'api.example.com' }, payload: { more: 'than ten bytes' } })).statusCode, 413)
})

t.test('trustProxy: the client\'s address is the session\'s, and the forwarded host is the request\'s', async (t) => {
  const app = host(t, { trustProxy: true })
  await addPlugin(app)
  const forwarded = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-host': 'app.example.com', 'x-forwarded-proto': 'https', host: 'internal:3000' }
  const response = await app.inject({ method: 'POST', url: '/login', payload: {}, headers: forwarded })
  const [session] = await app.sessions.list('user-1')
  t.equal(session?.metadata.ip, '203.0.113.7')
  const cookies = { '__Host-refreshToken': response.cookies[0]?.value ?? '' }
  const from = (origin: string) => app.inject({ method: 'POST', url: '/auth/refresh', cookies, headers: { ...forwarded, origin } })
  t.equal((await from('https://evil.example')).json().code, 'FST_JWT_CROSS_SITE_REQUEST')
  t.equal((await from('http://internal:3000')).json().code, 'FST_JWT_CROSS_SITE_REQUEST')
  t.equal((await from('https://app.example.com')).statusCode, 200)
})

t.test('without trustProxy a forwarded host is not believed', async (t) => {
  const app = host(t)
  await addPlugin(app)
  const { cookies } = await login(app)
  const response = await app.inject({
    method: 'POST', url: '/auth/refresh', cookies, headers: { host: 'app.example.com', 'x-forwarded-host': 'evil.example', origin: 'https://evil.example' }
  })
  t.equal(response.json().code, 'FST_JWT_CROSS_SITE_REQUEST')
})

t.test('a host\'s rewriteUrl, caseSensitive and ignoreTrailingSlash reach our routes', async (t) => {
  const app = host(t, {
    rewriteUrl: (request) => request.url?.replace(/^\/public/, '') ?? '/',
    routerOptions: { caseSensitive: false, ignoreTrailingSlash: true }
  })
  await addPlugin(app)
  const { cookies } = await login(app)
  for (const url of ['/public/auth/refresh', '/AUTH/refresh', '/auth/refresh/']) {
    t.equal((await app.inject({ method: 'POST', url, cookies })).statusCode, 200, url)
  }
})

t.test('the clock of the plugin is the app\'s alone', async (t) => {
  const app = host(t)
  await app.register(jwtRefresh, withDefaults({ now: () => START + 1000 }))
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  await app.inject({ method: 'POST', url: '/login' })
  t.equal((await app.sessions.list('user-1'))[0]?.createdAt, START + 1000)
})
