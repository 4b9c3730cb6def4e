import type { FastifyInstance } from 'fastify'
import t from 'tap'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { addPlugin, host, login, OTHER_SECRET, refresh, withDefaults } from '../fixtures/host-app/host.ts'

const RENAMED = {
  authenticate: 'authenticateAdmin',
  refresh: 'refreshAdmin',
  requireSession: 'requireAdminSession',
  authenticateOrRefresh: 'authenticateOrRefreshAdmin',
  requireRecentLogin: 'requireRecentAdminLogin',
  verifyAccessToken: 'verifyAdminAccessToken',
  renewAccessToken: 'renewAdminAccessToken',
  sessions: 'adminSessions',
  issueTokens: 'issueAdminTokens',
  revokeTokens: 'revokeAdminTokens'
}

/** Decorators with names that TypeScript does not know. */
type Named = Record<string, never>

const rejection = (app: FastifyInstance, options: JwtRefreshOptions): Promise<unknown> =>
  Promise.resolve(app.register(jwtRefresh, options)).then(() => undefined, (error) => error)

t.test('a second registration in one scope without other names is a clear error at boot', async (t) => {
  const app = host(t)
  await addPlugin(app)
  const error = await rejection(app, withDefaults({ prefix: '/admin' }))
  t.type(error, TypeError)
  t.match(error, { code: 'FST_JWT_INVALID_OPTION', message: /^decorators\.authenticate is "authenticate", .*registered twice.*: give another one$/ })
})

t.test('a second registration that renames some is told of the next that clashes', async (t) => {
  const app = host(t)
  await addPlugin(app)
  const { issueTokens, ...others } = RENAMED
  const error = await rejection(app, withDefaults({ prefix: '/admin', decorators: others }))
  t.match(error, { code: 'FST_JWT_INVALID_OPTION', message: /^decorators\.issueTokens is "issueTokens"/ })
})

for (const name of ['authenticate', 'authenticateOrRefresh', 'refresh', 'requireSession', 'requireRecentLogin', 'sessions', 'verifyAccessToken']) {
  t.test(`a host's own app.${name} in the same scope is a clear error at boot`, async (t) => {
    const app = host(t)
    app.decorate(name, async () => {})
    const error = await rejection(app, withDefaults())
    t.match(error, { code: 'FST_JWT_INVALID_OPTION', message: new RegExp(`^decorators\\.${name} is "${name}", a name that this instance already has`) })
  })
}

for (const [name, value] of [['issueTokens', () => {}], ['revokeTokens', () => {}], ['tokens', null], ['tokens', () => {}]] as const) {
  t.test(`a host's own reply.${name} (${typeof value}) is a clear error at boot`, async (t) => {
    const app = host(t)
    app.decorateReply(name, value as never)
    const error = await rejection(app, withDefaults())
    t.match(error, { code: 'FST_JWT_INVALID_OPTION', message: new RegExp(`^decorators\\.${name} is "${name}", a name that this reply already has`) })
  })
}

t.test('two options with one name are a clear error at boot', async (t) => {
  const error = await rejection(host(t), withDefaults({ decorators: { authenticate: 'verify', refresh: 'verify' } }))
  t.match(error, { code: 'FST_JWT_INVALID_OPTION', message: /^decorators\.refresh is "verify"/ })
})

t.test('a host\'s own authenticate lives on beside ours under another name', async (t) => {
  const app = host(t)
  app.decorate('authenticate' as never, (async () => { throw Object.assign(new Error('the host\'s'), { statusCode: 418 }) }) as never)
  await app.register(jwtRefresh, withDefaults({ decorators: { authenticate: 'verifyUser' } }))
  const { verifyUser } = app as unknown as Record<'verifyUser', FastifyInstance['authenticate']>
  app.get('/theirs', { onRequest: [app.authenticate] }, async () => 'open')
  app.get('/ours', { onRequest: [verifyUser] }, async () => 'open')
  t.equal((await app.inject('/theirs')).statusCode, 418)
  t.equal((await app.inject('/ours')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
})

t.test('a parent\'s own authenticate stays the parent\'s where the plugin is in a child scope', async (t) => {
  const app = host(t)
  app.decorate('authenticate' as never, (async () => { throw Object.assign(new Error('the host\'s'), { statusCode: 418 }) }) as never)
  app.get('/theirs', { onRequest: [app.authenticate] }, async () => 'open')
  await app.register(async (scope) => addPlugin(scope), { prefix: '/api' })
  t.equal((await app.inject('/theirs')).statusCode, 418)
  t.equal((await app.inject('/api/me')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
  t.equal((await app.inject({ url: '/api/me', headers: (await login(app, '/api')).headers })).statusCode, 200)
})

t.test('a host that decorates authenticate after the plugin hears of it from Fastify', async (t) => {
  const app = host(t)
  await addPlugin(app)
  t.throws(() => app.decorate('authenticate' as never, (() => {}) as never), { code: 'FST_ERR_DEC_ALREADY_PRESENT' })
})

for (const [title, decorators] of Object.entries({
  'and reply.tokens shared': RENAMED,
  'and reply.tokens renamed too': { ...RENAMED, tokens: 'adminTokens' }
})) {
  t.test(`twice in one scope, with other names ${title}`, async (t) => {
    const app = host(t)
    await addPlugin(app)
    await app.register(jwtRefresh, withDefaults({ secret: OTHER_SECRET, prefix: '/admin/auth', cookie: { name: 'adminToken' }, decorators }))
    const { refreshAdmin } = app as unknown as Named
    app.post('/admin/login', async (_request, reply) => (reply as unknown as { issueAdminTokens: typeof reply.issueTokens }).issueAdminTokens({ sub: 'admin' }))
    const { authenticateAdmin } = app as unknown as Record<string, FastifyInstance['authenticate']>
    app.get('/admin/me', { onRequest: [authenticateAdmin as FastifyInstance['authenticate']] }, async (request) => request.user)
    app.post('/page', { preHandler: [app.refresh] }, async (_request, reply) => ({ tokens: reply.tokens, admin: (reply as unknown as Named).adminTokens }))
    app.post('/admin/page', { preHandler: [refreshAdmin as unknown as FastifyInstance['refresh']] }, async (_request, reply) =>
      ({ tokens: reply.tokens, admin: (reply as unknown as Named).adminTokens }))

    const user = await login(app)
    const response = await app.inject({ method: 'POST', url: '/admin/login' })
    t.strictSame(response.cookies.map(({ name, path }) => ({ name, path })), [{ name: 'adminToken', path: '/' }])
    const admin = { authorization: `Bearer ${response.json().accessToken}` }
    const cookies = { adminToken: response.cookies[0]?.value ?? '' }

    t.equal((await app.inject({ url: '/me', headers: user.headers })).json().sub, 'user-1')
    t.equal((await app.inject({ url: '/admin/me', headers: admin })).json().sub, 'admin')
    t.equal((await app.inject({ url: '/me', headers: admin })).statusCode, 401, 'tokens of one open nothing of the other')
    t.equal((await app.inject({ url: '/admin/me', headers: user.headers })).statusCode, 401)
    t.equal((await refresh(app, user)).statusCode, 200)
    t.equal((await refresh(app, { cookies }, '/admin')).statusCode, 200)

    const ofUser = (await app.inject({ method: 'POST', url: '/page', cookies: user.cookies })).json()
    const ofAdmin = (await app.inject({ method: 'POST', url: '/admin/page', cookies })).json()
    const renamed = 'tokens' in decorators
    t.match(ofUser, { tokens: { tokenType: 'Bearer' }, ...(renamed && { admin: null }) })
    t.match(ofAdmin, renamed ? { tokens: null, admin: { tokenType: 'Bearer' } } : { tokens: { tokenType: 'Bearer' } })
  })
}

t.test('a name for reply.tokens that the host has is an error in a second registration too', async (t) => {
  const app = host(t)
  app.decorateReply('mine', null)
  await addPlugin(app)
  const error = await rejection(app, withDefaults({ prefix: '/admin', decorators: { ...RENAMED, tokens: 'mine' } }))
  t.match(error, { code: 'FST_JWT_INVALID_OPTION', message: /^decorators\.tokens is "mine"/ })
})

t.test('a host\'s own reply.tokens is not taken for ours where the first registration has renamed its own', async (t) => {
  const app = host(t)
  app.decorateReply('tokens' as string, null)
  await app.register(jwtRefresh, withDefaults({ decorators: { tokens: 'jwtTokens' } }))
  const error = await rejection(app, withDefaults({ prefix: '/admin', decorators: RENAMED }))
  t.match(error, { code: 'FST_JWT_INVALID_OPTION', message: /^decorators\.tokens is "tokens"/ })
})
