import t from 'tap'
import { MemoryStore } from '../../index.ts'
import type { JwtRefreshOptions, Session } from '../../index.ts'
import { createApp, MINUTE, needCookie, refreshCookie, SECOND, SECRET } from '../fixtures/app.ts'
import { createProofKey, proofFor } from '../fixtures/dpop.ts'
import { payloadOf } from '../fixtures/jwt.ts'
import { createMovingApp } from '../http/adopt.ts'

const OTHER_SECRET = 'another secret of more than thirty-two bytes'

t.test('adopt is asked only where no genuine token of ours came', async (t) => {
  let asked = 0
  const { app, login, client } = await createApp(t, { adopt: () => { asked++; return null } })
  const tab = await login()
  t.equal((await tab.refresh()).statusCode, 200)
  await tab.logout()
  const ended = await login()
  const { cookie } = ended
  await ended.logout()
  t.equal((await client(cookie).refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
  t.equal(asked, 0, 'a token of an ended session is genuine')

  t.equal((await client().refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_MISSING')
  t.equal((await client('eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.x').refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
  t.equal(asked, 2)
  await app.inject({ method: 'POST', url: '/auth/logout' })
  await app.inject({ method: 'POST', url: '/login', payload: {} })
  t.equal(asked, 2, 'a login and a logout ask nothing')
})

t.test('undefined, a lookup that found nothing, counts as null', async (t) => {
  for (const adopt of [() => undefined, async () => undefined, async () => null]) {
    const { client, events } = await createApp(t, { adopt })
    t.equal((await client().refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_MISSING')
    t.match(events, [{ type: 'refused', operation: 'refresh', reason: 'missing' }])
  }
})

t.test('a request of another site is refused before adopt is asked', async (t) => {
  for (const transport of ['cookie', 'body', 'both'] as const) {
    const { rows, trade, events } = await createMovingApp(t, createApp, { refreshToken: { transport } })
    rows.set('old', { userId: 'anna', tradedIn: false })
    for (const request of [{}, { payload: { refreshToken: 'something' } }]) {
      const response = await trade('old', { ...request, headers: { 'x-old-token': 'old', 'sec-fetch-site': 'cross-site' } })
      t.match([response.statusCode, response.json().code], [403, 'FST_JWT_CROSS_SITE_REQUEST'], transport)
    }
    t.match(events, [{ type: 'refused', reason: 'cross-site' }, { type: 'refused', reason: 'cross-site' }])
    t.equal(rows.get('old')?.tradedIn, false)
  }
})

t.test('an old cookie of our name, with a JWT of another secret, is replaced by ours', async (t) => {
  let tradedIn = false
  const { client, app } = await createApp(t, {
    adopt: (request) => request.headers.cookie?.includes('.old.') === true ? { key: '1', claims: { sub: 'anna' }, tradedIn, markTradedIn: () => { tradedIn = true } } : null
  })
  const tab = client('eyJhbGciOiJIUzI1NiJ9.old.signature')
  t.equal((await tab.refresh()).statusCode, 200)
  t.equal(payloadOf(tab.cookie).sub, 'anna')
  t.equal((await tab.refresh()).statusCode, 200)
  t.equal((await app.sessions.list('anna')).length, 1)
})

t.test('the body transport, where the host reads the old token from a header: each answer brings a refresh token', async (t) => {
  const { rows, trade, app, clock } = await createMovingApp(t, createApp, { refreshToken: { transport: 'body' } })
  rows.set('old', { userId: 'phone', tradedIn: false })
  const send = async (refreshToken: string) => (await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken } }))
  const lost = await trade('old')
  t.notOk(lost.headers['set-cookie'])
  const { refreshToken } = (await trade('old')).json()
  t.match(payloadOf(refreshToken), { gen: 2, par: payloadOf(lost.json().refreshToken).par }, 'a lost answer: the next one brings another token at once')
  clock.now += MINUTE
  t.equal((await send(refreshToken)).statusCode, 200)
  t.equal((await send(lost.json().refreshToken)).statusCode, 403)
})

t.test('an old token in the place of ours is answered there, and sent back where the client is to keep it', async (t) => {
  const adoptFrom = (read: (request: { body: unknown, headers: Record<string, unknown> }) => unknown): NonNullable<JwtRefreshOptions['adopt']> => {
    let tradedIn = false
    return (request) => read(request as never) === 'opaque' ? { key: '1', claims: { sub: 'phone' }, tradedIn, markTradedIn: () => { tradedIn = true } } : null
  }
  for (const transport of ['body', 'both'] as const) {
    const inBody = await createApp(t, { refreshToken: { transport }, adopt: adoptFrom(({ body }) => (body as { refreshToken?: string } | null)?.refreshToken) })
    const refresh = async (refreshToken: string) => (await inBody.app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken } })).json().refreshToken as string
    const first = await refresh('opaque')
    t.equal(payloadOf(first).sub, 'phone')
    t.equal(await refresh('opaque'), 'opaque', 'a second request at once')
    inBody.clock.now += MINUTE
    const second = await refresh('opaque')
    t.equal(payloadOf(second).gen, 2)

    const extract = (request: { headers: Record<string, unknown> }) => request.headers['x-refresh-token'] as string
    const inHeader = await createApp(t, { refreshToken: { transport, extract }, adopt: adoptFrom(({ headers }) => headers['x-refresh-token']) })
    const send = async (token: string) => (await inHeader.app.inject({ method: 'POST', url: '/auth/refresh', headers: { 'x-refresh-token': token } }))
    const { refreshToken } = (await send('opaque')).json()
    t.equal((await send('opaque')).json().refreshToken, 'opaque')
    t.equal((await send(refreshToken)).statusCode, 200)
    t.equal((await send('unknown')).json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
  }
})

t.test('with both transports, an old token that only the host finds is answered with the cookie', async (t) => {
  const { rows, trade } = await createMovingApp(t, createApp, { refreshToken: { transport: 'both' } })
  rows.set('old', { userId: 'browser', tradedIn: false })
  const response = await trade('old')
  t.ok(refreshCookie(response))
  t.notOk(response.json().refreshToken)
})

t.test('app.refresh on a route of the host adopts, too', async (t) => {
  const { app, rows } = await createMovingApp(t, createApp)
  rows.set('old', { userId: 'anna', tradedIn: false })
  app.get('/page', { preHandler: [app.refresh] }, async (request) => request.user.sub)
  const response = await app.inject({ url: '/page', headers: { 'x-old-token': 'old' } })
  t.match([response.statusCode, response.body], [200, 'anna'])
  t.ok(needCookie(response))
})

t.test('requireRecentLogin asks for a login where no authTime was given', async (t) => {
  const { app, rows, trade } = await createMovingApp(t, createApp)
  app.get('/bank', { onRequest: [app.authenticate, app.requireRecentLogin('10m')] }, async () => 'money')
  rows.set('old', { userId: 'anna', tradedIn: false })
  const { accessToken } = (await trade('old')).json()
  t.equal((await app.inject({ url: '/bank', headers: { authorization: `Bearer ${accessToken}` } })).json().code, 'FST_JWT_LOGIN_TOO_OLD')
})

t.test('claims is asked for a session that was moved, and may end it', async (t) => {
  const seen: Session[] = []
  let locked = false
  const { rows, trade, events } = await createMovingApp(t, createApp, {
    claims (session) {
      seen.push(session)
      return locked ? null : { sub: session.subject, role: 'fresh' }
    }
  }, { claims: { sub: 'anna', role: 'old' } })
  rows.set('old', { userId: 'anna', tradedIn: false })
  t.equal(payloadOf((await trade('old')).json().accessToken).role, 'fresh')
  t.match(seen, [{ subject: 'anna', claims: { sub: 'anna', role: 'old' } }])
  locked = true
  t.equal((await trade('old')).statusCode, 403)
  t.match(events.at(-1), { type: 'ended', reason: 'claims' })
  locked = false
  t.equal((await trade('old')).statusCode, 403, 'for good')
})

t.test('with dpop, what the old token is traded in for is bound to the key of the request, which a required proof shows', async (t) => {
  const { rows, trade, app, clock } = await createMovingApp(t, createApp, { dpop: { mode: 'required' }, refreshToken: { transport: 'body' } })
  rows.set('old', { userId: 'anna', tradedIn: false })
  t.equal((await trade('unknown')).json().code, 'FST_JWT_REFRESH_TOKEN_MISSING')
  t.match((await trade('old')).json(), { statusCode: 400, code: 'FST_JWT_PROOF_INVALID' })
  const key = createProofKey()
  const prove = () => proofFor(key, 'POST', '/auth/refresh', { iat: clock.now / SECOND })
  const { refreshToken } = (await trade('old', { headers: { 'x-old-token': 'old', dpop: prove() } })).json()
  t.match(payloadOf(refreshToken), { sub: 'anna', cnf: { jkt: /^[\w-]{43}$/ } })
  clock.now += MINUTE
  const send = async (headers: object) => await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken }, headers: { ...headers } })
  t.equal((await send({})).json().code, 'FST_JWT_PROOF_REQUIRED')
  t.equal((await send({ dpop: prove() })).statusCode, 200)
})

t.test('keys that two users or tokens have are two sessions; nobody can tell the id from the key', async (t) => {
  const ids = []
  for (const secret of [SECRET, OTHER_SECRET]) {
    const { rows, move } = await createMovingApp(t, createApp, { secret })
    for (const old of ['1', '2']) {
      rows.set(old, { userId: 'anna', tradedIn: false })
      ids.push(payloadOf((await move(old)).cookie).sid)
    }
  }
  t.equal(new Set(ids).size, 4)
})

t.test('a new secret, at every step of its roll-out, finds the session that the old token started', async (t) => {
  const store = new MemoryStore()
  const rows = new Map([['old', { userId: 'anna', tradedIn: false }]])
  const start = async (secret: string | string[]) => {
    const moving = await createMovingApp(t, createApp, { secret, store })
    moving.rows.set('old', rows.get('old')!)
    return moving
  }
  const [before, first, second] = [await start(SECRET), await start([SECRET, OTHER_SECRET]), await start([OTHER_SECRET, SECRET])]
  const { sid } = payloadOf((await before.move('old')).cookie)
  for (const { trade } of [first, second]) t.equal(payloadOf((await trade('old')).json().accessToken).sid, sid)
  const { trade } = await start(OTHER_SECRET)
  t.equal((await trade('old')).statusCode, 403, 'and without the old one it starts no other')
})
