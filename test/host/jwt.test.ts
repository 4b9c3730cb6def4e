import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { SECRET } from '../fixtures/app.ts'
import { addPlugin, host, HOST_SECRET, login, refresh } from '../fixtures/host-app/host.ts'

/** The functions of `@fastify/jwt`, whatever their names in the app. */
interface HostJwt {
  sign (payload: object): string
  jwtSign: (reply: FastifyReply) => (payload: object) => Promise<string>
  jwtVerify: (request: FastifyRequest) => () => Promise<unknown>
  user: string
}

/** Existing routes of an app that use its own `@fastify/jwt`. */
function addHostRoutes (app: FastifyInstance, { sign, jwtSign, jwtVerify, user }: HostJwt): void {
  app.post('/host/sign', async (_request, reply) => ({ byReply: await jwtSign(reply).call(reply, { sub: 'host user' }), byApp: sign({ sub: 'host user' }) }))
  app.get('/host/me', { onRequest: [async (request) => { await jwtVerify(request).call(request) }] }, async (request) =>
    (request as unknown as Record<string, unknown>)[user])
}

function addDefaultRoutes (app: FastifyInstance): void {
  addHostRoutes(app, {
    sign: (payload) => app.jwt.sign(payload),
    jwtSign: (reply) => reply.jwtSign,
    jwtVerify: (request) => request.jwtVerify,
    user: 'user'
  })
}

function addNamespacedRoutes (app: FastifyInstance): void {
  const named = (thing: unknown): Record<string, never> => thing as Record<string, never>
  addHostRoutes(app, {
    sign: (payload) => (named(app.jwt).partner as unknown as HostJwt).sign(payload),
    jwtSign: (reply) => named(reply).partnerJwtSign as never,
    jwtVerify: (request) => named(request).partnerJwtVerify as never,
    user: 'partner'
  })
}

const FLAVOURS = {
  'default @fastify/jwt': { options: { secret: HOST_SECRET }, addRoutes: addDefaultRoutes },
  'namespaced @fastify/jwt': { options: { secret: HOST_SECRET, namespace: 'partner', decoratorName: 'partner' }, addRoutes: addNamespacedRoutes },
  '@fastify/jwt with the very secret of ours': { options: { secret: SECRET }, addRoutes: addDefaultRoutes }
}

type Flavour = typeof FLAVOURS[keyof typeof FLAVOURS]

/** All places where the app can register its own `@fastify/jwt`. */
const PLACES: Record<string, (app: FastifyInstance, flavour: Flavour) => Promise<void>> = {
  async before (app, { options, addRoutes }) {
    await app.register(fastifyJwt, options)
    await addPlugin(app)
    addRoutes(app)
  },
  async after (app, { options, addRoutes }) {
    await addPlugin(app)
    await app.register(fastifyJwt, options)
    addRoutes(app)
  },
  async 'after, without a wait for it' (app, { options, addRoutes }) {
    app.register(addPlugin as unknown as () => Promise<void>)
    app.register(fastifyJwt, options)
    app.after(() => addRoutes(app))
  },
  async above (app, { options, addRoutes }) {
    app.register(fastifyJwt, options)
    app.register(async (scope) => {
      await addPlugin(scope)
      addRoutes(scope)
    })
  },
  async below (app, { options, addRoutes }) {
    await addPlugin(app)
    app.register(async (scope) => {
      await scope.register(fastifyJwt, options)
      addRoutes(scope)
    })
  },
  async beside (app, { options, addRoutes }) {
    app.register(async (scope) => addPlugin(scope))
    app.register(async (scope) => {
      await scope.register(fastifyJwt, options)
      addRoutes(scope)
    })
  }
}

for (const [name, flavour] of Object.entries(FLAVOURS)) {
  for (const [place, build] of Object.entries(PLACES)) {
    t.test(`a host's ${name} ${place} the plugin`, async (t) => {
      const app = host(t)
      await build(app, flavour)
      await testHostsOwn(t, app)
      await testOurs(t, app)
    })
  }
}

async function testHostsOwn (t: Test, app: FastifyInstance): Promise<void> {
  const { byReply, byApp } = (await app.inject({ method: 'POST', url: '/host/sign' })).json()
  for (const token of [byReply, byApp]) {
    const headers = { authorization: `Bearer ${token}` }
    const mine = await app.inject({ url: '/host/me', headers })
    t.equal(mine.statusCode, 200)
    t.equal(mine.json().sub, 'host user', 'the host\'s user is on the host\'s route')
    t.equal((await app.inject({ url: '/me', headers })).json().code, 'FST_JWT_ACCESS_TOKEN_INVALID', 'and opens none of ours')
    t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies: { '__Host-refreshToken': token } })).json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
  }
  t.equal((await app.inject({ url: '/host/me' })).json().code, 'FST_JWT_NO_AUTHORIZATION_IN_HEADER', 'the host\'s errors are its own')
}

async function testOurs (t: Test, app: FastifyInstance): Promise<void> {
  const browser = await login(app)
  t.equal((await app.inject({ url: '/me', headers: browser.headers })).json().sub, 'user-1')
  t.equal((await refresh(app, browser)).statusCode, 200)
  const asBearer = { authorization: `Bearer ${browser.cookies['__Host-refreshToken']}` }
  t.equal((await app.inject({ url: '/host/me', headers: asBearer })).statusCode, 401, 'a refresh token is no bearer token for the host')
}

t.test('a host under another secret does not take our access token', async (t) => {
  const app = host(t)
  await app.register(fastifyJwt, { secret: HOST_SECRET })
  await addPlugin(app)
  addDefaultRoutes(app)
  const { headers } = await login(app)
  t.equal((await app.inject({ url: '/host/me', headers })).statusCode, 401)
})

t.test('a host\'s request.user stays the host\'s where both plugins look at one request', async (t) => {
  const app = host(t)
  await app.register(fastifyJwt, { secret: HOST_SECRET, verify: { extractToken: (request) => request.headers['x-partner'] as string } })
  await addPlugin(app)
  app.get('/both', { onRequest: [app.authenticate] }, async (request) => {
    const ours = request.user
    const theirs = await request.jwtVerify()
    return { ours, theirs, last: request.user }
  })
  const { headers } = await login(app)
  const partner = app.jwt.sign({ sub: 'partner' })
  const response = await app.inject({ url: '/both', headers: { ...headers, 'x-partner': partner } })
  t.match(response.json(), { ours: { sub: 'user-1' }, theirs: { sub: 'partner' }, last: { sub: 'partner' } })
})

t.test('requireSession does not take a user of the host\'s own plugin for ours', async (t) => {
  const app = host(t)
  await app.register(fastifyJwt, { secret: HOST_SECRET })
  await addPlugin(app)
  app.get('/mixed-up', { onRequest: [async (request) => { await request.jwtVerify() }, app.requireSession] }, async () => 'open')
  const { accessToken } = await login(app)
  const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] as string, 'base64url').toString())
  const response = await app.inject({ url: '/mixed-up', headers: { authorization: `Bearer ${app.jwt.sign(claims)}` } })
  t.equal(response.statusCode, 401)
})

t.test('without @fastify/jwt of its own a host has no decorators of it from us', async (t) => {
  const app = host(t)
  await addPlugin(app)
  t.notOk(app.hasDecorator('jwt'))
  t.notOk(app.hasRequestDecorator('jwtVerify'))
  t.notOk(app.hasReplyDecorator('jwtSign'))
  t.notOk(app.hasRequestDecorator('user'))
})
