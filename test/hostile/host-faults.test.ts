import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyError } from 'fastify'
import Fastify from 'fastify'
import t from 'tap'
import jwtRefresh from '../../index.ts'
import type { DiagnosticsMessage, IssueTokensOptions, JwtRefreshOptions, LoginClaims } from '../../index.ts'
import { DAY, MINUTE, SECOND, SECRET } from '../fixtures/app.ts'
import { createHostileApp } from '../fixtures/hostile-app.ts'
import { payloadOf } from '../fixtures/jwt.ts'

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))

function withStatus (statusCode: unknown): Error {
  return Object.assign(new Error('said by the host'), { statusCode })
}

type Claims = () => unknown

const CLAIMS_FAULTS: Record<string, [act: Claims, status: number]> = {
  throws: [() => { throw new Error('the database is away') }, 503],
  'throws nothing': [() => { throw undefined }, 503], // eslint-disable-line no-throw-literal -- an app may do this
  'throws null': [() => { throw null }, 503], // eslint-disable-line no-throw-literal
  'throws a text': [() => { throw 'away' }, 503], // eslint-disable-line no-throw-literal
  rejects: [async () => { throw new Error('the database is away') }, 503],
  'rejects with nothing': [async () => await Promise.reject(), 503], // eslint-disable-line prefer-promise-reject-errors
  'never answers': [async () => await new Promise(() => {}), 503],
  'rejects with a status of 4xx': [async () => { throw withStatus(423) }, 423],
  'rejects with a status of 5xx': [async () => { throw withStatus(502) }, 502],
  'rejects with a status that is a text': [async () => { throw withStatus('423') }, 503],
  'rejects with a status that is none': [async () => { throw withStatus(200) }, 500],
  'returns false': [() => false, 500],
  'returns a text': [() => 'anna', 500],
  'returns a number': [() => 1, 500],
  'returns an array': [() => [{ sub: 'anna' }], 500],
  'returns no sub': [() => ({}), 500],
  'returns another sub': [() => ({ sub: 'mallory' }), 500],
  'returns an empty sub': [() => ({ sub: '' }), 500],
  'returns a sub of another type': [() => ({ sub: ['anna'] }), 500],
  'returns what JSON cannot hold': [() => ({ sub: 'anna', big: 1n }), 500],
  ...Object.fromEntries(['iss', 'aud', 'iat', 'exp', 'nbf', 'jti', 'sid', 'gen', 'par', 'typ'].map((name) =>
    [`returns the reserved "${name}"`, [() => ({ sub: 'anna', [name]: 1 }), 500]] as const))
}

t.test('where `claims` fails, cookie and session stay, and the same cookie works again', async (t) => {
  let act: Claims = () => ({ sub: 'anna' })
  for (const [fault, [broken, status]] of Object.entries(CLAIMS_FAULTS)) {
    const { login, clock, app, events } = await createHostileApp(t, { claims: (() => act()) as NonNullable<JwtRefreshOptions['claims']>, storeTimeout: '15ms' })
    const tab = await login({ sub: 'anna' })
    for (let turn = 0; turn < 2; turn++) {
      clock.now += MINUTE
      act = broken
      const response = await tab.refresh()
      t.match({ status: response.statusCode, cookie: response.headers['set-cookie'], cache: response.headers['cache-control'], retry: response.headers['retry-after'] },
        { status, cookie: undefined, cache: 'no-store', retry: status === 503 ? '1' : undefined }, `it ${fault}`)
      t.equal((await app.sessions.list('anna')).length, 1)
      act = () => ({ sub: 'anna' })
      t.equal((await tab.refresh()).statusCode, 200)
    }
    t.notOk(events.some(({ type }) => type === 'reused' || type === 'ended'))
  }
})

t.test('`claims` cannot reach into the session by changing what it is given', async (t) => {
  const { login, clock, app } = await createHostileApp(t, {
    claims (session) {
      Object.assign(session, { subject: 'mallory', id: 'x', current: 'x', generation: 99 })
      return { sub: 'mallory' }
    }
  })
  const tab = await login({ sub: 'anna' })
  clock.now += MINUTE
  t.equal((await tab.refresh()).statusCode, 500)
  t.match(await app.sessions.list('anna'), [{ subject: 'anna', generation: 1 }])
  t.strictSame(await app.sessions.list('mallory'), [])
})

t.test('an onEvent that fails is logged and nothing else', async (t) => {
  const faults: Record<string, () => unknown> = {
    throws: () => { throw new Error('audit log full') },
    'throws nothing': () => { throw undefined }, // eslint-disable-line no-throw-literal
    rejects: async () => { throw new Error('audit log full') },
    'never answers': async () => await new Promise(() => {})
  }
  for (const [fault, onEvent] of Object.entries(faults)) {
    const { login, clock, client, app, logged } = await createHostileApp(t, { onEvent })
    const tab = await login({ sub: 'anna' })
    const { cookie } = tab
    clock.now += MINUTE
    t.equal((await tab.refresh()).statusCode, 200, `it ${fault}`)
    clock.now += MINUTE
    await tab.refresh()
    t.equal((await client(cookie).refresh()).statusCode, 403, 'a reuse')
    t.equal((await (await login({ sub: 'anna' })).logout()).statusCode, 204)
    await login({ sub: 'anna' })
    t.equal(await app.sessions.revokeAll('anna'), 1)
    await new Promise((resolve) => setImmediate(resolve))
    t.equal(logged().includes('onEvent failed'), fault !== 'never answers')
  }
})

t.test('an `extract` that fails never opens the route', async (t) => {
  const promise = Promise.resolve('x')
  const answers: Record<string, [act: () => unknown, status: number, code?: string]> = {
    throws: [() => { throw new Error('no such header') }, 500],
    'throws a status': [() => { throw withStatus(400) }, 400],
    'throws nothing': [() => { throw undefined }, 401, 'INVALID'], // eslint-disable-line no-throw-literal
    'throws null': [() => { throw null }, 401, 'INVALID'], // eslint-disable-line no-throw-literal
    'throws false': [() => { throw false }, 401, 'INVALID'], // eslint-disable-line no-throw-literal
    'throws an empty text': [() => { throw '' }, 401, 'INVALID'], // eslint-disable-line no-throw-literal
    'returns nothing': [() => undefined, 401, 'MISSING'],
    'returns null': [() => null, 401, 'MISSING'],
    'returns an empty text': [() => '', 401, 'MISSING'],
    'returns true': [() => true, 401, 'INVALID'],
    'returns 0': [() => 0, 401, 'INVALID'],
    'returns an object': [() => ({ toString: () => 'x', slice: () => 'x', indexOf: () => 1 }), 401, 'INVALID'],
    'returns an array': [() => ['x', 'y'], 401, 'INVALID'],
    'returns a promise': [() => promise, 401, 'INVALID'],
    'returns a String object': [() => Object('x'), 401, 'INVALID'],
    'returns a Buffer': [() => Buffer.from('x'), 401, 'INVALID'],
    'returns garbage': [() => 'garbage', 401, 'INVALID']
  }
  let act = (): unknown => undefined
  const { app, send, calls } = await createHostileApp(t, { accessToken: { extract: () => act() as string } })
  app.get('/by-hand', async (request, reply) => { app.authenticate(request, reply) })
  for (const [name, [answer, status, code]] of Object.entries(answers)) {
    act = answer
    for (const url of ['/me', '/sensitive', '/by-hand']) {
      const response = await send({ url })
      t.equal(response.statusCode, status, `${url}: it ${name}`)
      if (code !== undefined) t.equal(response.json().code, `FST_JWT_ACCESS_TOKEN_${code}`)
      t.equal('www-authenticate' in response.headers, status === 401)
    }
  }
  t.equal(calls(), 0)
})

t.test('a clock that jumps back logs no one out', async (t) => {
  for (const jump of [SECOND, MINUTE, DAY, 365 * DAY]) {
    const { login, clock, events } = await createHostileApp(t)
    const tab = await login()
    for (let turn = 0; turn < 4; turn++) {
      clock.now += MINUTE
      t.equal((await tab.refresh()).statusCode, 200)
      clock.now -= jump
      t.equal((await tab.refresh()).statusCode, 200, `back by ${jump} ms`)
      t.equal((await tab.me()).statusCode, 200)
      clock.now += jump
      t.equal((await tab.refresh()).statusCode, 200, 'and on again')
    }
    t.notOk(events.some(({ type }) => type === 'reused'))
  }
})

t.test('a clock with fractions of a millisecond', async (t) => {
  const { login, clock, app } = await createHostileApp(t)
  clock.now += 0.123
  const tab = await login({ sub: 'anna' })
  clock.now += MINUTE + 0.5
  t.equal((await tab.refresh()).statusCode, 200)
  t.equal((await tab.me()).statusCode, 200)
  t.ok(Number.isInteger(payloadOf(tab.cookie).exp))
  t.equal((await app.sessions.list('anna')).length, 1)
})

const circular: Record<string, unknown> = { sub: 'anna' }
circular.self = circular

const BAD_CLAIMS: Record<string, unknown> = {
  ...Object.fromEntries(['iss', 'aud', 'iat', 'exp', 'nbf', 'jti', 'sid', 'gen', 'par', 'typ'].map((name) => [`the reserved "${name}"`, { sub: 'anna', [name]: 'x' }])),
  'a reserved name that is null': { sub: 'anna', sid: null },
  'no sub': {},
  'a sub that is undefined': { sub: undefined },
  'a sub that is null': { sub: null },
  'an empty sub': { sub: '' },
  'a sub that is a number': { sub: 42 },
  'a sub that is a bigint': { sub: 42n },
  'a sub that is an array': { sub: ['anna'] },
  'a sub that is an object': { sub: { id: 'anna' } },
  'a sub behind a prototype': Object.create({ sub: 'anna' }),
  'a bigint': { sub: 'anna', big: 1n },
  'a circle': circular,
  'a toJSON that throws': { sub: 'anna', bad: { toJSON () { throw new Error('x') } } },
  'a toJSON that says null': { sub: 'anna', toJSON: () => null },
  'a toJSON that says nothing': { sub: 'anna', toJSON: () => undefined },
  'a toJSON that says a text': { sub: 'anna', toJSON: () => 'anna' },
  'a getter that throws': { get sub () { throw new Error('x') } },
  'an array': [{ sub: 'anna' }],
  null: null,
  nothing: undefined,
  'a text': 'anna',
  'a number': 1,
  true: true,
  'a function': () => ({ sub: 'anna' }),
  'a Map': new Map([['sub', 'anna']])
}
const BAD_OPTIONS: Record<string, unknown> = {
  'a transport that there is not': { transport: 'header' },
  'a transport that is not configured': { transport: 'body' },
  both: { transport: 'both' },
  'a transport that is true': { transport: true },
  'a transport that is null': { transport: null },
  'metadata that is a text': { metadata: 'phone' },
  'metadata that is an array': { metadata: ['phone'] },
  'metadata with a bigint': { metadata: { big: 1n } },
  'metadata with a circle': { metadata: circular }
}

t.test('issueTokens refuses what it cannot sign, with a TypeError, and leaves no session', async (t) => {
  const { app, calls, events, send } = await createHostileApp(t)
  const errors: FastifyError[] = []
  let [claims, options]: [unknown, unknown] = [{}, {}]
  app.post('/try', async (_request, reply) => {
    await reply.issueTokens(claims as LoginClaims, options as IssueTokensOptions).catch((error) => errors.push(error))
    return reply.hasHeader('set-cookie')
  })
  const cases = [
    ...Object.entries(BAD_CLAIMS).map(([name, bad]) => [name, bad, {}] as const),
    ...Object.entries(BAD_OPTIONS).map(([name, bad]) => [name, { sub: 'anna' }, bad] as const)
  ]
  for (const [name, badClaims, badOptions] of cases) {
    [claims, options] = [badClaims, badOptions]
    errors.length = 0
    t.equal((await send({ method: 'POST', url: '/try' })).body, 'false', `no cookie for ${name}`)
    t.type(errors[0], TypeError, name)
    t.match(errors[0]?.message, /^issueTokens: /, name)
  }
  t.equal(calls(), 0, 'the store was not asked')
  t.strictSame(events, [])
})

t.test('what JSON drops is dropped, and the host\'s own objects are neither kept nor changed', async (t) => {
  const { app, send } = await createHostileApp(t)
  const claims = { sub: 'anna', nested: { list: [1] }, gone: undefined, iss: undefined, fn: () => {}, at: new Date(0), ['__proto__']: { x: 1 } }
  const metadata = { device: { name: 'phone' } }
  app.post('/in', async (_request, reply) => reply.issueTokens(claims as unknown as LoginClaims, { metadata }))
  const { accessToken } = (await send({ method: 'POST', url: '/in' })).json()
  claims.nested.list.push(2)
  metadata.device.name = 'changed'
  const user = (await send({ url: '/me', headers: { authorization: `Bearer ${accessToken}` } })).json()
  t.match(user, { sub: 'anna', nested: { list: [1] }, at: '1970-01-01T00:00:00.000Z' })
  t.notOk('gone' in user || 'iss' in user || 'fn' in user)
  t.match((await app.sessions.list('anna'))[0]?.metadata, { device: { name: 'phone' } })
  t.notOk(Object.isFrozen(claims) || Object.isFrozen(claims.nested))
})

t.test('requireSession and revokeTokens without authenticate before them', async (t) => {
  const { app, send, calls } = await createHostileApp(t)
  const users: unknown[] = [undefined, null, 'anna', 1, true, {}, { sub: 'anna', sid: 'x' }, [], Object.freeze({ sub: 'anna', sid: 'x', iat: 1, exp: 9e9 })]
  let user: unknown
  app.addHook('onRequest', async (request) => { Object.assign(request, { user }) })
  app.get('/session-only', { onRequest: [app.requireSession] }, async () => 'open')
  app.post('/bye', async (_request, reply) => { await reply.revokeTokens() })
  app.post('/bye-all', async (_request, reply) => { await reply.revokeTokens({ everywhere: true }) })
  for (user of users) {
    const response = await send({ url: '/session-only' })
    t.match({ status: response.statusCode, code: response.json().code }, { status: 401, code: 'FST_JWT_ACCESS_TOKEN_MISSING' }, `user ${JSON.stringify(user)}`)
    t.equal((await send({ method: 'POST', url: '/bye' })).statusCode, 204)
    t.equal((await send({ method: 'POST', url: '/bye-all' })).statusCode, 403)
  }
  t.equal(calls(), 0)
})

t.test('our routes and requireSession ask for the session that was verified, whatever the host has made of request.user', async (t) => {
  const { app, send, login } = await createHostileApp(t, { routes: { sessions: { preHandler: async (request) => { Object.assign(request, { user: { sub: 'mallory' } }) } } } })
  app.get('/replaced', {
    onRequest: [app.authenticate, async (request) => { Object.assign(request, { user: { sub: 'mallory' } }) }, app.requireSession]
  }, async () => 'open')
  await login({ sub: 'mallory' })
  const tab = await login({ sub: 'anna' })
  const { sid } = payloadOf(tab.accessToken)
  const headers = { authorization: `Bearer ${tab.accessToken}` }
  t.equal((await send({ url: '/replaced', headers })).statusCode, 200)
  t.match((await send({ url: '/auth/sessions', headers })).json(), [{ id: sid, current: true }])
  t.equal((await send({ method: 'DELETE', url: `/auth/sessions/${sid as string}`, headers })).statusCode, 204)
  t.equal((await send({ url: '/replaced', headers })).json().code, 'FST_JWT_SESSION_ENDED')
})

t.test('a logout where the host takes access tokens from a place of its own', async (t) => {
  const { app, send, login, client } = await createHostileApp(t, {
    accessToken: { extract: (request) => (request.headers['x-token'] as string).slice(1) } // throws without the header
  })
  t.equal((await send({ method: 'POST', url: '/auth/logout' })).statusCode, 204, 'an extract that throws is no token')
  t.equal((await send({ method: 'POST', url: '/auth/logout', headers: { 'x-token': ' garbage' } })).statusCode, 401)

  const tab = await login({ sub: 'anna' })
  const headers = { 'x-token': ` ${tab.accessToken}` }
  await send({ method: 'POST', url: '/auth/logout', headers: { ...headers, 'sec-fetch-site': 'cross-site' } })
  t.equal((await app.sessions.list('anna')).length, 1, 'from another site: that place may be a cookie')
  t.equal((await send({ method: 'POST', url: '/auth/logout', headers })).statusCode, 204)
  t.equal((await client(tab.cookie).refresh()).statusCode, 403)
})

t.test('diagnostics_channel hears what onEvent hears', async (t) => {
  const { login, published, events } = await createHostileApp(t)
  await (await login()).logout()
  t.strictSame(published, events)
  t.equal(published.length, 2)
})

t.test('a subscriber of the diagnostics_channel gets nothing that must not be written down', async (t) => {
  const messages: Array<DiagnosticsMessage> = []
  const onMessage = (message: unknown): void => { messages.push(message as DiagnosticsMessage) }
  subscribe('fastify-jwt-refresh', onMessage)
  t.teardown(() => unsubscribe('fastify-jwt-refresh', onMessage))
  const { app, login, clock } = await createHostileApp(t, { routes: { sessions: true }, refreshToken: { transport: 'both' } }, { trustProxy: true, genReqId: () => 'request-1' })
  const tab = await login({ sub: 'anna', password: 'open sesame' })
  clock.now += MINUTE
  await tab.refresh()
  const { refreshToken } = (await app.inject({ method: 'POST', url: '/login?code=from-a-provider', payload: { sub: 'anna' } })).json()
  await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken: refreshToken ?? tab.cookie }, headers: { 'user-agent': 'x'.repeat(300), 'x-forwarded-for': 'y'.repeat(300) } })
  await app.sessions.revokeAll('anna')

  const client = { ip: '127.0.0.1', userAgent: 'lightMyRequest' }
  t.strictSame(messages.map(({ event: { type }, request }) => ({ type, request })), [
    { type: 'issued', request: { id: 'request-1', method: 'POST', route: '/login', ...client } },
    { type: 'refreshed', request: { id: 'request-1', method: 'POST', route: '/auth/refresh', ...client } },
    { type: 'issued', request: { id: 'request-1', method: 'POST', route: '/login', ...client } },
    { type: 'refreshed', request: { id: 'request-1', method: 'POST', route: '/auth/refresh', ip: 'y'.repeat(256), userAgent: 'x'.repeat(256) } },
    { type: 'ended', request: null }
  ])
})

t.test('a login in the handler of what is not found has no route', async (t) => {
  const routes: unknown[] = []
  const onMessage = (message: unknown): void => { routes.push((message as DiagnosticsMessage).request?.route) }
  subscribe('fastify-jwt-refresh', onMessage)
  t.teardown(() => unsubscribe('fastify-jwt-refresh', onMessage))
  const app = Fastify()
  t.teardown(async () => await app.close())
  await app.register(jwtRefresh, { secret: SECRET })
  app.setNotFoundHandler(async (_request, reply) => reply.issueTokens({ sub: 'anna' }))
  await app.inject({ method: 'POST', url: '/nowhere?token=secret' })
  t.strictSame(routes, [null])
})

t.test('`claims` that finds nobody ends the session', async (t) => {
  for (const nobody of [() => null, () => undefined, async () => undefined]) {
    const { login, clock, app, events } = await createHostileApp(t, { claims: nobody as NonNullable<JwtRefreshOptions['claims']> })
    const tab = await login({ sub: 'anna' })
    clock.now += MINUTE
    t.match((await tab.refresh()).json(), { statusCode: 403, code: 'FST_JWT_REFRESH_TOKEN_REVOKED' })
    t.match(events.at(-1), { type: 'ended', reason: 'claims', subject: 'anna' })
    t.strictSame(await app.sessions.list('anna'), [])
  }
})

t.test('what is kept of a request has a bounded length, behind a proxy too', async (t) => {
  const { app } = await createHostileApp(t, {}, { trustProxy: true })
  await app.inject({ method: 'POST', url: '/login', headers: { 'user-agent': 'x'.repeat(5000), 'x-forwarded-for': 'y'.repeat(5000) } })
  t.match(await app.sessions.list('user-1'), [{ metadata: { userAgent: 'x'.repeat(256), ip: 'y'.repeat(256) } }])
})

t.test('a request over a unix socket has no ip, and may log in', async (t) => {
  const { app } = await createHostileApp(t)
  const path = join(tmpdir(), `jwt-refresh-${process.pid}.sock`) // a short name, because socket paths are limited to about 100 bytes
  await app.listen({ path })
  const [response] = await once(request({ socketPath: path, path: '/login', method: 'POST' }).end(), 'response')
  response.resume()
  t.equal(response.statusCode, 200)
  const [session] = await app.sessions.list('user-1')
  t.strictSame(session?.metadata, {})
})

t.test('no rejection was left unhandled', async (t) => {
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(unhandled, [])
})
