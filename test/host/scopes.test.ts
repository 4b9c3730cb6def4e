import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { MemoryStore } from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { addPlugin, host, login, OTHER_SECRET, refresh } from '../fixtures/host-app/host.ts'

const under = (app: FastifyInstance, prefix: string, options: Partial<JwtRefreshOptions> = {}): unknown =>
  app.register(async (scope) => addPlugin(scope, options), { prefix })

async function status (app: FastifyInstance, url: string, headers: Record<string, string>): Promise<number> {
  return (await app.inject({ url, headers })).statusCode
}

t.test('two sibling scopes under two prefixes with different secrets', async (t) => {
  const app = host(t)
  under(app, '/users')
  under(app, '/admins', { secret: OTHER_SECRET })
  const user = await login(app, '/users')
  const admin = await login(app, '/admins')

  t.equal(await status(app, '/users/me', user.headers), 200)
  t.equal(await status(app, '/admins/me', admin.headers), 200)
  t.equal(await status(app, '/users/me', admin.headers), 401, 'an access token of one opens nothing of the other')
  t.equal(await status(app, '/admins/me', user.headers), 401)
  t.equal((await refresh(app, user, '/admins')).json().code, 'FST_JWT_REFRESH_TOKEN_INVALID', 'nor is its refresh token taken')
  t.equal((await refresh(app, user, '/users')).statusCode, 200)
  t.equal((await refresh(app, admin, '/admins')).statusCode, 200)
})

t.test('each scope\'s cookie goes to its own routes only, where each has a path', async (t) => {
  const app = host(t)
  under(app, '/users', { cookie: { path: '/users/auth' } })
  under(app, '/admins', { cookie: { path: '/admins/auth' }, secret: OTHER_SECRET })
  for (const prefix of ['/users', '/admins']) {
    const { cookies } = await app.inject({ method: 'POST', url: `${prefix}/login`, payload: {} })
    t.strictSame(cookies.map(({ name, path }) => [name, path]), [['__Secure-refreshToken', `${prefix}/auth`]])
  }
})

t.test('two sibling scopes with one secret and one store share their sessions', async (t) => {
  const app = host(t)
  const store = new MemoryStore()
  under(app, '/v1', { store })
  under(app, '/v2', { store })
  const browser = await login(app, '/v1')
  t.equal(await status(app, '/v2/me', browser.headers), 200)
  t.equal((await refresh(app, browser, '/v2')).statusCode, 200)
})

t.test('two sibling scopes with one secret and a store each keep their sessions apart', async (t) => {
  const app = host(t)
  under(app, '/v1', { accessToken: { issuer: 'v1' } })
  under(app, '/v2', { accessToken: { issuer: 'v2' } })
  const browser = await login(app, '/v1')
  t.equal(await status(app, '/v2/me', browser.headers), 401, 'the issuer tells the access tokens apart')
  t.equal((await refresh(app, browser, '/v2')).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
  t.equal((await refresh(app, browser, '/v1')).statusCode, 200, 'and the other store\'s no ended nothing here')
})

for (const decorators of [{}, { tokens: 'adminTokens' }]) {
  t.test(`a scope within the root's, with ${'tokens' in decorators ? 'reply.tokens renamed' : 'the default names'}, has its own users`, async (t) => {
    const app = host(t)
    await addPlugin(app)
    app.post('/page', { preHandler: [app.refresh] }, async (_request, reply) => reply.tokens)
    app.register(async (scope) => {
      await addPlugin(scope, { secret: OTHER_SECRET, cookie: { name: 'adminToken' }, decorators })
      scope.post('/page', { preHandler: [scope.refresh] }, async (_request, reply) =>
        (reply as unknown as Record<string, unknown>)['tokens' in decorators ? 'adminTokens' : 'tokens'])
    }, { prefix: '/admin' })

    const user = await login(app)
    t.equal(await status(app, '/me', user.headers), 200)
    t.equal(await status(app, '/admin/me', user.headers), 401)
    t.equal((await app.inject({ method: 'POST', url: '/page', cookies: user.cookies })).json().tokenType, 'Bearer')

    const response = await app.inject({ method: 'POST', url: '/admin/login', payload: { sub: 'admin' } })
    const admin = { authorization: `Bearer ${response.json().accessToken}` }
    const cookies = { adminToken: response.cookies[0]?.value ?? '' }
    t.strictSame(response.cookies.map(({ name, path }) => [name, path]), [['adminToken', '/']])
    t.equal(await status(app, '/admin/me', admin), 200)
    t.equal(await status(app, '/me', admin), 401)
    t.equal((await app.inject({ method: 'POST', url: '/admin/auth/refresh', cookies })).statusCode, 200)
    t.equal((await app.inject({ method: 'POST', url: '/admin/page', cookies })).json().tokenType, 'Bearer')
  })
}

t.test('a child scope uses the root\'s decorators', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.register(async (scope) => {
    scope.addHook('onRequest', scope.authenticate)
    scope.get('/profile', async (request) => request.user)
  }, { prefix: '/api' })
  const { headers } = await login(app)
  t.equal(await status(app, '/api/profile', headers), 200)
  t.equal(await status(app, '/api/profile', {}), 401)
})

t.test('a parent does not see the decorators of a child scope', async (t) => {
  const app = host(t)
  await app.register(async (scope) => addPlugin(scope))
  t.notOk(app.hasDecorator('authenticate'))
  t.notOk(app.hasReplyDecorator('issueTokens'))
})

for (const transport of ['cookie', 'both'] as const) {
  t.test(`a scope whose prefix has a parameter cannot have it in cookie.path, with the transport ${transport}`, async (t) => {
    const app = host(t)
    under(app, '/:tenant', { cookie: { path: '/:tenant/auth' }, refreshToken: { transport } })
    await t.rejects(async () => { await app.ready() }, { code: 'FST_JWT_INVALID_OPTION', message: /^cookie\.path .*"\/:tenant\/auth"/ })
  })
}

t.test('a scope whose prefix has a parameter works by default, and with a cookie.path that all have in common', async (t) => {
  for (const cookie of [undefined, { name: '__Host-refreshToken' }, { name: '__Host-refreshToken', path: '/' }, { path: '/shops' }]) {
    const app = host(t)
    under(app, '/shops/:shop', { cookie })
    const response = await app.inject({ method: 'POST', url: '/shops/anna/login', payload: {} })
    const [{ name, value, path }] = response.cookies as [{ name: string, value: string, path?: string }]
    t.strictSame([name, path], cookie?.path === '/shops' ? ['__Secure-refreshToken', '/shops'] : ['__Host-refreshToken', '/'])
    t.equal((await refresh(app, { cookies: { [name]: value } }, '/shops/anna')).statusCode, 200)
  }
})

t.test('a scope whose prefix has a parameter works with the body transport', async (t) => {
  const app = host(t)
  under(app, '/:tenant', { refreshToken: { transport: 'body' } })
  const { refreshToken } = (await app.inject({ method: 'POST', url: '/acme/login', payload: {} })).json()
  t.equal((await app.inject({ method: 'POST', url: '/acme/auth/refresh', payload: { refreshToken } })).statusCode, 200)
})

t.test('a path and the root as prefix, and none at all', async (t) => {
  for (const [prefix, path] of [['/account', '/account'], ['/', ''], ['', '']] as const) {
    const app = host(t)
    await addPlugin(app, { prefix })
    const response = await app.inject({ method: 'POST', url: '/login', payload: {} })
    t.equal(response.cookies[0]?.path, '/', 'whatever the prefix')
    const cookies = { '__Host-refreshToken': response.cookies[0]?.value ?? '' }
    t.equal((await app.inject({ method: 'POST', url: `${path}/refresh`, cookies })).statusCode, 200)
  }
})
