import { Writable } from 'node:stream'
import t from 'tap'
import type { Test } from 'tap'
import type { JwtRefreshOptions } from '../../index.ts'
import { createApp, DAY, MINUTE } from '../fixtures/app.ts'
import type { Client, TestApp } from '../fixtures/app.ts'
import { payloadOf } from '../fixtures/jwt.ts'

interface Watched extends TestApp {
  lines: Array<Record<string, unknown>>
}

/** Creates an app whose log contains all levels, but not Fastify's lines about requests. */
async function createWatched (t: Test, options: Partial<JwtRefreshOptions> = {}): Promise<Watched> {
  const lines: Watched['lines'] = []
  const stream = new Writable({ write (chunk, _encoding, done) { lines.push(JSON.parse(chunk)); done() } })
  const made = await createApp(t, options, { logger: { level: 'trace', stream }, disableRequestLogging: true })
  lines.length = 0 // the warning that sessions are in memory
  return { ...made, lines }
}

const idsOf = ({ accessToken }: Client): { sessionId: string, subject: string } => {
  const { sid, sub } = payloadOf(accessToken)
  return { sessionId: sid as string, subject: sub as string }
}

t.test('a refresh tells by which rule it was accepted', async (t) => {
  const { login, client, clock, events } = await createApp(t)
  const tab = await login()
  const parent = tab.cookie
  await tab.refresh()
  await client(parent).refresh()
  await tab.refresh()
  clock.now += MINUTE
  await client(parent).refresh()
  await tab.refresh()
  t.match(events.slice(1), [
    { type: 'refreshed', case: 'confirm', rotated: true },
    { type: 'refreshed', case: 'retry', rotated: false },
    { type: 'refreshed', case: 'young', rotated: false },
    { type: 'refreshed', case: 'retry', rotated: true },
    { type: 'refreshed', case: 'confirm', rotated: true }
  ])
  t.equal(events.length, 6)
})

t.test('and so does one whose token does not rotate', async (t) => {
  const { login, clock, events } = await createApp(t, { refreshToken: { rotation: false } })
  const tab = await login()
  for (let turn = 0; turn < 2; turn++) {
    await tab.refresh()
    clock.now += MINUTE
  }
  t.match(events.slice(1), [{ case: 'static', rotated: false }, { case: 'static', rotated: false }])
})

t.test('each refusal of a refresh and of a logout everywhere is told once, with the session where a token proves it', async (t) => {
  const { app, login, clock, events, lines } = await createWatched(t, { refreshToken: { transport: 'both' } })
  const tab = await login()
  const ids = idsOf(tab)
  const cookie = `__Host-refreshToken=${tab.cookie}`
  const send = async (operation: string, headers: object, refreshToken?: string): Promise<void> => {
    const payload = { ...(operation === 'logout' && { everywhere: true }), ...(refreshToken !== undefined && { refreshToken }) }
    await app.inject({ method: 'POST', url: `/auth/${operation}`, headers: { ...headers }, payload })
  }
  events.length = lines.length = 0

  for (const operation of ['refresh', 'logout']) {
    const before = events.length
    await send(operation, {})
    await send(operation, { cookie }, 'other')
    await send(operation, {}, 'other')
    await send(operation, { cookie: `__Host-refreshToken=${tab.cookie}x` })
    await send(operation, { cookie, 'sec-fetch-site': 'cross-site' })
    t.strictSame(events.slice(before), [
      { type: 'refused', operation, reason: 'missing' },
      { type: 'refused', operation, reason: 'ambiguous' },
      { type: 'refused', operation, reason: 'malformed' },
      { type: 'refused', operation, reason: 'signature' },
      { type: 'refused', operation, reason: 'cross-site', ...ids }
    ])
  }
  const refused = lines.filter(({ msg }) => /^refused/.test(msg as string))
  t.strictSame(refused.map(({ level, reason }) => [level, reason ?? 'cross-site']),
    [...Array(2)].flatMap(() => [[20, 'missing'], [20, 'ambiguous'], [20, 'malformed'], [20, 'signature'], [40, 'cross-site']]))
  t.match(refused[4], { ...ids, operation: 'refresh' }, 'the warning names the session, too')

  for (const [operation, code] of [['refresh', 'revoked'], ['logout', 'revoked'], ['refresh', 'expired'], ['logout', 'expired']] as const) {
    if (code === 'revoked') await app.sessions.revoke(ids.sessionId)
    else clock.now += 400 * DAY
    await send(operation, { cookie })
    t.strictSame(events.at(-1), { type: 'refused', operation, reason: code, ...ids })
    t.match(lines.at(-1), { level: 20, msg: `refused a ${operation}`, reason: code, ...ids })
  }
})

t.test('an access token that is refused alone at a logout', async (t) => {
  const { app, login, clock, events, lines } = await createWatched(t)
  const tab = await login()
  const ids = idsOf(tab)
  events.length = 0
  const logout = async (authorization: string, payload?: object): Promise<unknown> =>
    (await app.inject({ method: 'POST', url: '/auth/logout', headers: { authorization }, ...(payload && { payload }) })).statusCode
  t.equal(await logout(`Bearer ${tab.accessToken}x`), 401)
  t.equal(await logout(`Bearer ${tab.accessToken}x`, { everywhere: true }), 401)
  t.strictSame(events, Array(2).fill({ type: 'refused', operation: 'logout', reason: 'signature' }))
  await app.sessions.revoke(ids.sessionId)
  t.equal(await logout(`Bearer ${tab.accessToken}`, { everywhere: true }), 401)
  t.strictSame(events.at(-1), { type: 'refused', operation: 'logout', reason: 'revoked', ...ids })
  const before = events.length
  clock.now += DAY
  t.equal(await logout(`Bearer ${tab.accessToken}`), 401)
  t.equal(events.length, before, 'an expired one is refreshed and comes again')
  t.match(lines.at(-1), { level: 20, operation: 'logout', reason: 'expired' })
})

t.test('a bad access token beside a good refresh token is no obstacle to a logout, and no refusal', async (t) => {
  const { app, login, events } = await createApp(t)
  const tab = await login()
  const headers = { authorization: `Bearer ${tab.accessToken}x`, cookie: `__Host-refreshToken=${tab.cookie}` }
  t.equal((await app.inject({ method: 'POST', url: '/auth/logout', headers })).statusCode, 204)
  t.strictSame(events.map(({ type }) => type), ['issued', 'ended'])
})

t.test('reuse and claims that found nobody stand for themselves', async (t) => {
  let isGone = false
  const { login, client, clock, events, lines } = await createWatched(t, { claims: ({ claims }) => isGone ? null : claims })
  const tab = await login()
  const stolen = client(tab.cookie)
  for (let turn = 0; turn < 2; turn++) {
    await tab.refresh()
    clock.now += MINUTE
  }
  events.length = lines.length = 0
  await stolen.refresh()
  t.match([events, lines], [[{ type: 'reused' }], [{ level: 40, type: 'reused', msg: /used again/, ...idsOf(tab), generation: 1, expected: 2 }]])
  t.strictSame([events.length, lines.length], [1, 1])

  const other = await login()
  isGone = true
  events.length = lines.length = 0
  await other.refresh()
  t.match([events, lines], [[{ type: 'ended' }], [{ level: 30, type: 'ended', reason: 'claims', msg: 'a session was ended', ...idsOf(other), count: 1 }]])
  t.strictSame([events.length, lines.length], [1, 1])
})

t.test('of two whom `claims` turns away at once, one ends the session and the other is refused', async (t) => {
  const { login, client, events } = await createApp(t, { claims: () => null })
  const tab = await login()
  await Promise.all([client(tab.cookie).refresh(), client(tab.cookie).refresh()])
  t.strictSame(events.slice(1).map((event) => [event.type, 'reason' in event && event.reason]).sort(), [['ended', 'claims'], ['refused', 'revoked']])
})

t.test('each end of a session is a line at the level info', async (t) => {
  const { app, login, lines } = await createWatched(t)
  const [first, second] = [await login(), await login(), await login()]
  await first.logout()
  await app.sessions.revoke(idsOf(second).sessionId)
  await app.sessions.revokeAll('user-1')
  t.match(lines, [
    { level: 30, type: 'ended', reason: 'logout', ...idsOf(first), count: 1 },
    { level: 30, type: 'ended', reason: 'revoked', sessionId: idsOf(second).sessionId, count: 1 },
    { level: 30, type: 'ended', reason: 'revoked', subject: 'user-1', count: 1 }
  ])
  t.equal(lines.length, 3)
})

t.test('an access token that outlives its session, and one outside of a request', async (t) => {
  const { app, login, clock, events, lines } = await createWatched(t)
  app.patch('/name', { onRequest: app.authenticate }, async (request, reply) => reply.renewAccessToken({ sub: request.user.sub }))
  const tab = await login()
  await app.sessions.revoke(idsOf(tab).sessionId)
  events.length = lines.length = 0
  const headers = { authorization: `Bearer ${tab.accessToken}` }
  t.equal((await app.inject({ url: '/sensitive', headers })).statusCode, 401)
  t.equal((await app.inject({ method: 'PATCH', url: '/name', headers })).statusCode, 401)
  t.throws(() => app.verifyAccessToken(`${tab.accessToken}x`), { code: 'FST_JWT_ACCESS_TOKEN_INVALID' })
  clock.now += DAY
  t.throws(() => app.verifyAccessToken(tab.accessToken as string), { code: 'FST_JWT_ACCESS_TOKEN_EXPIRED' })
  const gone = { type: 'refused', operation: 'session', reason: 'revoked', ...idsOf(tab) }
  t.strictSame(events, [gone, gone, { type: 'refused', operation: 'access', reason: 'signature' }])
  t.match(lines.map(({ msg }) => msg), ['refused a request whose session has ended', 'refused a request whose session has ended', 'refused an access token'])
})

t.test('`claims` that fails or takes too long is told, and one that answers for itself is not', async (t) => {
  let act: () => unknown = () => null
  const { login, clock, events } = await createApp(t, { claims: (async () => act()) as never, storeTimeout: '20ms' })
  const tab = await login()
  const cause = new Error('the user database is away')
  const failures: Array<[() => unknown, object]> = [
    [() => { throw cause }, { cause }],
    [async () => await new Promise(() => {}), { cause: { message: /^no answer within \d+ ms$/ } }]
  ]
  for (const [failure, expected] of failures) {
    act = failure
    clock.now += MINUTE
    events.length = 0
    t.equal((await tab.refresh()).statusCode, 503)
    t.match(events, [{ type: 'unavailable', operation: 'refresh', ms: Number, ...expected }])
    t.equal(events.length, 1)
  }
  events.length = 0
  act = () => { throw Object.assign(new Error('not now'), { statusCode: 423 }) }
  t.equal((await tab.refresh()).statusCode, 423)
  t.strictSame(events, [])
})

t.test('a refresh that passes over a cookie that no key opens says so', async (t) => {
  const { app, login, events, lines } = await createWatched(t)
  const tab = await login()
  lines.length = 0
  const headers = { cookie: `__Host-refreshToken=${tab.cookie}x; __Host-refreshToken=${tab.cookie}` }
  t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', headers })).statusCode, 200)
  t.match(lines, [{ level: 20, unreadable: 1, reason: 'signature', msg: /ignores refresh cookies/ }])
  t.strictSame(events.map(({ type }) => type), ['issued', 'refreshed'])
})
