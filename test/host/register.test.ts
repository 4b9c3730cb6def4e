import { join } from 'node:path'
import autoload from '@fastify/autoload'
import type { FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import jwtRefresh from '../../index.ts'
import { addHostRoutes, addPlugin, host, login, refresh, withDefaults } from '../fixtures/host-app/host.ts'

const FIXTURE = join(import.meta.dirname, '../fixtures/host-autoload')

process.env.FASTIFY_AUTOLOAD_TYPESCRIPT = '1' // autoload cannot detect that tap compiles TypeScript

t.test('app.register(import(…)) works', async (t) => {
  const app = host(t)
  await app.register(import('../../index.ts'), withDefaults())
  addHostRoutes(app)
  t.equal((await app.inject('/me')).statusCode, 401)
  t.equal((await app.inject({ url: '/me', headers: (await login(app)).headers })).statusCode, 200)
})

t.test('options as a function of the instance work', async (t) => {
  const app = host(t)
  await app.register(jwtRefresh, () => withDefaults())
  t.ok(app.hasDecorator('authenticate'))
})

t.test('without await the decorators are not there yet', async (t) => {
  const app = host(t)
  app.register(jwtRefresh, withDefaults())
  t.equal(app.authenticate, undefined)
  await app.ready()
  t.type(app.authenticate, 'function')
})

t.test('without await, onRequest: app.authenticate leaves the route open without a word', async (t) => {
  // Caused by Fastify, and the reason why all examples use an array and await.
  const app = host(t)
  app.register(jwtRefresh, withDefaults())
  app.get('/open', { onRequest: app.authenticate }, async () => 'open')
  t.equal((await app.inject('/open')).statusCode, 200)
})

t.test('without await, onRequest: [app.authenticate] fails at once', async (t) => {
  const app = host(t)
  app.register(jwtRefresh, withDefaults())
  t.throws(() => app.get('/open', { onRequest: [app.authenticate] }, async () => 'open'), /onRequest hook should be a function, instead got \[object Undefined\]/)
})

t.test('without await, preHandler: [app.refresh] and onRequest: [app.requireSession] fail at once', async (t) => {
  const app = host(t)
  app.register(jwtRefresh, withDefaults())
  t.throws(() => app.get('/a', { preHandler: [app.refresh] }, async () => 'open'), { code: 'FST_ERR_HOOK_INVALID_HANDLER' })
  t.throws(() => app.get('/b', { onRequest: [app.requireSession] }, async () => 'open'), { code: 'FST_ERR_HOOK_INVALID_HANDLER' })
})

t.test('without await, a route in a plugin of its own or in after() sees the decorators', async (t) => {
  const app = host(t)
  app.register(jwtRefresh, withDefaults())
  app.register(async (scope) => {
    scope.get('/in-plugin', { onRequest: [scope.authenticate] }, async () => 'open')
  })
  app.after(() => {
    app.get('/in-after', { onRequest: [app.authenticate] }, async () => 'open')
  })
  t.equal((await app.inject('/in-plugin')).statusCode, 401)
  t.equal((await app.inject('/in-after')).statusCode, 401)
})

const FORMS = {
  'onRequest: [(...args) => app.authenticate(...args)]': (app: Parameters<typeof addPlugin>[0]) => ({
    onRequest: [(...args: [FastifyRequest, FastifyReply, (error?: Error) => void]) => app.authenticate(...args)]
  }),
  'an async hook that awaits app.authenticate(request, reply)': (app) => ({
    // eslint-disable-next-line @typescript-eslint/await-thenable -- as hosts write it
    onRequest: [async (request: FastifyRequest, reply: FastifyReply) => { await app.authenticate(request, reply) }]
  }),
  'preValidation: [app.authenticate]': (app) => ({ preValidation: [app.authenticate] }),
  'preHandler: [app.authenticate]': (app) => ({ preHandler: [app.authenticate] }),
  'app.authenticate between other hooks': (app) => ({ onRequest: [async () => {}, app.authenticate, async () => {}] })
} satisfies Record<string, (app: Parameters<typeof addPlugin>[0]) => object>

for (const [form, options] of Object.entries(FORMS)) {
  t.test(`${form} closes the route and lets in who has a token`, async (t) => {
    const app = host(t)
    await addPlugin(app)
    app.get('/closed', options(app), async (request) => request.user)
    const stranger = await app.inject('/closed')
    t.equal(stranger.statusCode, 401)
    t.equal(stranger.json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
    t.equal(stranger.headers['www-authenticate'], 'Bearer')
    const { headers } = await login(app)
    const known = await app.inject({ url: '/closed', headers })
    t.equal(known.statusCode, 200)
    t.equal(known.json().sub, 'user-1')
  })
}

t.test('a strategy for @fastify/auth calls app.authenticate with its own done', async (t) => {
  // Like `app.auth([…])` of @fastify/auth: if a strategy fails, the next one runs.
  const app = host(t)
  await addPlugin(app)
  type Strategy = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void
  const apiKey: Strategy = (request, _reply, done) => done(request.headers['x-api-key'] === 'good' ? undefined : new Error('no key'))
  const either = (...strategies: Strategy[]): Strategy => (request, reply, done) => {
    const [first, ...others] = strategies as [Strategy, ...Strategy[]]
    first(request, reply, (error) => {
      if (error === undefined || others.length === 0) done(error)
      else either(...others)(request, reply, done)
    })
  }
  app.get('/either', { preHandler: either(apiKey, app.authenticate) }, async () => 'open')
  app.get('/other-way', { preHandler: either(app.authenticate, apiKey) }, async () => 'open')
  const { headers } = await login(app)
  for (const url of ['/either', '/other-way']) {
    t.equal((await app.inject({ url, headers })).statusCode, 200)
    t.equal((await app.inject({ url, headers: { 'x-api-key': 'good' } })).statusCode, 200)
  }
  t.equal((await app.inject('/either')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
})

t.test('a host that catches what authenticate throws serves a guest', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.get('/page', {
    onRequest: [async (request, reply) => {
      try {
        // eslint-disable-next-line @typescript-eslint/await-thenable -- as hosts write it
        await app.authenticate(request, reply)
      } catch {
        request.log.debug('a guest')
      }
    }]
  }, async (request) => ({ user: request.user ?? null }))
  const response = await app.inject('/page')
  t.equal(response.statusCode, 200)
  t.strictSame(response.json(), { user: null })
})

t.test('the plugin has the name and the Fastify range that others can depend on', async (t) => {
  const app = host(t)
  await app.register(jwtRefresh, withDefaults())
  t.ok(app.hasPlugin('fastify-jwt-refresh'))
  t.strictSame((jwtRefresh as unknown as Record<symbol, unknown>)[Symbol.for('plugin-meta')], { fastify: '5.x', name: 'fastify-jwt-refresh' })
})

for (const [title, plugins] of [
  ['a plugin file of the host that registers ours', 'plugins'],
  ['a plugin file that is ours, with autoConfig', 'direct']
] as const) {
  t.test(`@fastify/autoload loads ${title}, and routes that use it`, async (t) => {
    const app = host(t)
    app.register(autoload, { dir: join(FIXTURE, plugins) })
    app.register(autoload, { dir: join(FIXTURE, 'routes') })
    t.equal((await app.inject('/account')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
    const browser = await login(app)
    t.equal((await app.inject({ url: '/account', headers: browser.headers })).json().sub, 'user-1')
    t.equal((await refresh(app, browser)).statusCode, 200)
  })
}
