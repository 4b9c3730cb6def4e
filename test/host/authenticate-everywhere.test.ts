import { generateKeyPairSync } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import { SECRET } from '../fixtures/app.ts'
import { addPlugin, host, login, OTHER_SECRET, refresh } from '../fixtures/host-app/host.ts'
import jwtRefresh from '../../index.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' }
})
const OPTIONS = {
  secret: { private: privateKey, public: publicKey },
  refreshToken: { secret: OTHER_SECRET },
  routes: { sessions: true, jwks: true }
}

/** The places where an app can add the hook. */
const WAYS: Record<string, (app: FastifyInstance) => Promise<void>> = {
  async 'app.addHook(\'onRequest\', app.authenticate) after the plugin' (app) {
    await addPlugin(app, OPTIONS)
    app.addHook('onRequest', app.authenticate)
  },
  async 'a hook before the plugin that calls app.authenticate' (app) {
    app.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => app.authenticate(request, reply, done))
    await addPlugin(app, OPTIONS)
  },
  async 'an async hook before the plugin that awaits app.authenticate' (app) {
    // eslint-disable-next-line @typescript-eslint/await-thenable -- as apps write it
    app.addHook('onRequest', async (request, reply) => { await app.authenticate(request, reply) })
    await addPlugin(app, OPTIONS)
  }
}

for (const [way, build] of Object.entries(WAYS)) {
  t.test(`authenticate on everything, by ${way}`, async (t) => {
    const app = host(t)
    await build(app)
    app.get('/closed', async () => 'closed')
    app.get('/public', { config: { jwtRefresh: 'public' } }, async (request) => ({ user: request.user ?? null }))
    app.get('/optional', { config: { jwtRefresh: 'optional' } }, async (request) => ({ user: request.user ?? null }))
    const browser = await login(app)
    const { headers } = browser

    t.test('closes a route that says nothing', async (t) => {
      t.equal((await app.inject('/closed')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
      t.equal((await app.inject({ url: '/closed', headers })).statusCode, 200)
    })

    t.test('passes over a public route, whatever the token', async (t) => {
      for (const authorization of [undefined, 'Bearer nonsense', headers.authorization]) {
        const response = await app.inject({ url: '/public', headers: { ...(authorization && { authorization }) } })
        t.equal(response.statusCode, 200)
        t.strictSame(response.json(), { user: null })
      }
    })

    t.test('lets in a guest and a user on an optional route, but no bad token', async (t) => {
      t.strictSame((await app.inject('/optional')).json(), { user: null })
      t.equal((await app.inject({ url: '/optional', headers })).json().user.sub, 'user-1')
      const bad = await app.inject({ url: '/optional', headers: { authorization: 'Bearer nonsense' } })
      t.equal(bad.json().code, 'FST_JWT_ACCESS_TOKEN_INVALID')
    })

    t.test('passes over refresh, logout and jwks, which have no access token', async (t) => {
      t.equal((await refresh(app, browser)).statusCode, 200)
      t.equal((await app.inject('/.well-known/jwks.json')).statusCode, 200)
      t.equal((await app.inject({ method: 'POST', url: '/auth/logout' })).statusCode, 204)
    })

    t.test('closes the sessions routes, once', async (t) => {
      t.equal((await app.inject('/auth/sessions')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
      const { headers } = await login(app)
      t.equal((await app.inject({ url: '/auth/sessions', headers })).statusCode, 200)
    })

    t.test('closes what is not there, so that no stranger learns what is', async (t) => {
      t.equal((await app.inject('/nowhere')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
      t.equal((await app.inject({ url: '/nowhere', headers })).statusCode, 404)
    })
  })
}

t.test('a host\'s config on our route does not close it', async (t) => {
  const app = host(t)
  app.addHook('onRequest', (request, reply, done) => app.authenticate(request, reply, done))
  await addPlugin(app, { routes: { refresh: { config: { mine: true } as object } } })
  t.equal((await refresh(app, await login(app))).statusCode, 200)
})

t.test('a scope\'s hook and the root\'s authenticate one request once each', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.addHook('onRequest', app.authenticate)
  app.register(async (scope) => {
    scope.addHook('onRequest', scope.authenticate)
    scope.get('/twice', async (request) => request.user)
  })
  const { headers } = await login(app)
  t.equal((await app.inject({ url: '/twice', headers })).json().sub, 'user-1')
})

t.test('a public route of one registration is public for the other too', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.addHook('onRequest', app.authenticate)
  app.register(async (scope) => addPlugin(scope, { secret: OTHER_SECRET }), { prefix: '/admin' })
  t.equal((await app.inject({ method: 'POST', url: '/admin/auth/refresh' })).json().code, 'FST_JWT_REFRESH_TOKEN_MISSING')
})

t.test('a service that only verifies puts authenticate on everything', async (t) => {
  const issuer = host(t)
  await addPlugin(issuer, OPTIONS)
  const { headers } = await login(issuer)
  const app = host(t)
  await app.register(jwtRefresh, { secret: { public: publicKey }, now: () => 1_800_000_000_000 })
  app.addHook('onRequest', app.authenticate)
  app.get('/closed', async (request) => request.user)
  t.equal((await app.inject('/closed')).statusCode, 401)
  t.equal((await app.inject({ url: '/closed', headers })).json().sub, 'user-1')
})

t.test('setNotFoundHandler of a host answers for what is not there, with and without authenticate before it', async (t) => {
  const app = host(t)
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ mine: true }))
  await addPlugin(app)
  app.register(async (scope) => {
    scope.setNotFoundHandler({ preHandler: [scope.authenticate] }, async (request, reply) => reply.code(404).send({ user: request.user }))
  }, { prefix: '/api' })
  t.strictSame((await app.inject('/auth/nowhere')).json(), { mine: true })
  t.strictSame((await app.inject('/nowhere')).json(), { mine: true })
  t.equal((await app.inject('/api/nowhere')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
  const { headers } = await login(app)
  t.equal((await app.inject({ url: '/api/nowhere', headers })).json().user.sub, 'user-1')
})

t.test('a method that our routes do not have is a 404 of the host', async (t) => {
  const app = host(t)
  await addPlugin(app, { secret: SECRET })
  t.equal((await app.inject('/auth/refresh')).statusCode, 404)
})
