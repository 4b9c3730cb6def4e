import t from 'tap'
import type { JwtRefreshEvent, LoginClaims } from '../../index.ts'
import { createApp, DAY, MINUTE, SECOND, START } from '../fixtures/app.ts'
import { payloadOf } from '../fixtures/jwt.ts'
import { generateKeyPairSync } from 'node:crypto'

const bearer = (accessToken: string | undefined): { authorization: string } => ({ authorization: `Bearer ${accessToken as string}` })

t.test('app.verifyAccessToken gives the claims, or throws at once what authenticate would answer with', async (t) => {
  const { app, login, clock } = await createApp(t)
  const { accessToken, cookie } = await login({ sub: 'anna', role: 'editor' })
  const claims = app.verifyAccessToken(accessToken as string)
  t.match(claims, { sub: 'anna', role: 'editor', sid: String })
  t.ok(Object.isFrozen(claims))

  for (const none of [undefined, null, '']) t.throws(() => app.verifyAccessToken(none as never), { code: 'FST_JWT_ACCESS_TOKEN_MISSING', statusCode: 401 })
  for (const bad of ['garbage', cookie, `${accessToken as string}x`, 7, {}, [accessToken]]) {
    t.throws(() => app.verifyAccessToken(bad as never), { code: 'FST_JWT_ACCESS_TOKEN_INVALID', statusCode: 401 })
  }
  clock.now += 15 * MINUTE
  t.throws(() => app.verifyAccessToken(accessToken as string), { code: 'FST_JWT_ACCESS_TOKEN_EXPIRED', name: 'TokenExpiredError' })
})

t.test('app.sessions.create starts a session for a service or a command line', async (t) => {
  const requests: unknown[] = []
  const events: JwtRefreshEvent[] = []
  const onEvent = (event: JwtRefreshEvent, request: unknown): void => {
    events.push(event)
    requests.push(request)
  }
  const { app, clock, client } = await createApp(t, { onEvent, refreshToken: { transport: 'both' } })
  const { session, accessToken, refreshToken, ...rest } = await app.sessions.create({ sub: 'backup', role: 'job' }, { metadata: { host: 'db-1' }, expiresIn: '1d', maxAge: '2d' })
  t.strictSame(rest, { tokenType: 'Bearer', expiresIn: 900 })
  t.match(session, { subject: 'backup', claims: { sub: 'backup', role: 'job' }, metadata: { host: 'db-1' }, expiresAt: START + DAY, endsAt: START + 2 * DAY })
  t.notHas(payloadOf(accessToken), { auth_time: Number })
  t.strictSame({ events, requests }, { events: [{ type: 'issued', sessionId: session.id, subject: 'backup' }], requests: [null] })

  t.match((await app.inject({ url: '/me', headers: bearer(accessToken) })).json(), { sub: 'backup', role: 'job' })
  const refreshed = await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken } })
  t.notHas(payloadOf(refreshed.json().accessToken), { auth_time: Number })
  const { metadata } = (await app.sessions.create({ sub: 'backup' })).session
  t.strictSame(metadata, {})
  clock.now += MINUTE
  t.equal((await client(refreshed.json().refreshToken).refresh()).statusCode, 200, 'also in a cookie that the host sets')
})

t.test('what sessions.create cannot do is a TypeError that names it', async (t) => {
  const { app, events } = await createApp(t)
  const cases: Array<[claims: unknown, options: unknown, message: RegExp]> = [
    [{}, {}, /^sessions\.create: the claim "sub"/],
    [{ sub: 'x', exp: 1 }, {}, /^sessions\.create: the claim "exp" is reserved/],
    [{ sub: 'x', auth_time: 1 }, {}, /^sessions\.create: the claim "auth_time" is reserved/],
    [{ sub: 'x' }, { metadata: [] }, /^sessions\.create: metadata/],
    [{ sub: 'x' }, { persistent: false }, /^sessions\.create: the option "persistent" is unknown/],
    [{ sub: 'x' }, { expiresIn: '10' }, /^sessions\.create: expiresIn is "10"/],
    [{ sub: 'x' }, { expiresIn: 1.5 }, /^sessions\.create: expiresIn is 1\.5/],
    [{ sub: 'x' }, { expiresIn: 45 }, /^sessions\.create: expiresIn is 45, not longer than refreshToken\.overlap \(45 s\): give more/],
    [{ sub: 'x' }, { maxAge: 0 }, /^sessions\.create: maxAge is 0/],
    [{ sub: 'x' }, { maxAge: Infinity }, /^sessions\.create: maxAge is Infinity/],
    [{ sub: 'x' }, { authTime: START }, /^sessions\.create: authTime is 1800000000000: give the time of the login in whole seconds/],
    [{ sub: 'x' }, { authTime: 0 }, /^sessions\.create: authTime is 0/],
    [{ sub: 'x' }, { authTime: -1 }, /^sessions\.create: authTime is -1/],
    [{ sub: 'x' }, { authTime: START / SECOND + 301 }, /^sessions\.create: authTime is /],
    [{ sub: 'x' }, { authTime: new Date(START) }, /^sessions\.create: authTime is a/]
  ]
  for (const [claims, options, message] of cases) await t.rejects(app.sessions.create(claims as LoginClaims, options as object), { name: /Error$/, message })
  t.ok((await app.sessions.create({ sub: 'x' }, { authTime: START / SECOND + 300 })).session, 'another clock may be ahead a little')
  t.equal(events.length, 1)

  const { publicKey } = generateKeyPairSync('ed25519', { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  const verifier = await createApp(t, { secret: { public: publicKey } })
  await t.rejects(verifier.app.sessions.create({ sub: 'x' }), { name: 'TypeError', message: /signs nothing/ })
})

t.test('reply.renewAccessToken signs another access token for the session of the request', async (t) => {
  const { app, login, clock, events } = await createApp(t, { refreshToken: { maxAge: '1d' } })
  app.patch('/name', { onRequest: app.authenticate }, async (request, reply) => {
    const renewed = await reply.renewAccessToken({ sub: request.user.sub, ...request.body as object })
    return { ...renewed, user: request.user }
  })
  app.patch('/nobody', async (_request, reply) => await reply.renewAccessToken({ sub: 'anna' }))
  const tab = await login({ sub: 'anna', name: 'Anna' })
  const rename = async (payload: object, url = '/name') => await app.inject({ method: 'PATCH', url, payload, headers: bearer(tab.accessToken) })

  clock.now += MINUTE
  const response = await rename({ name: 'Berta' })
  const { accessToken, user, ...rest } = response.json()
  t.equal(response.headers['cache-control'], 'no-store')
  t.equal(response.headers['set-cookie'], undefined)
  t.strictSame(rest, { tokenType: 'Bearer', expiresIn: 900 })
  const { sid } = payloadOf(tab.accessToken)
  t.match(payloadOf(accessToken), { sub: 'anna', name: 'Berta', sid, auth_time: START / SECOND, iat: clock.now / SECOND })
  t.match(user, { name: 'Berta' })
  t.equal((await app.inject({ url: '/me', headers: bearer(accessToken) })).json().name, 'Berta')
  t.strictSame(events.map(({ type }) => type), ['issued'], 'the session is untouched')
  await tab.refresh()
  t.equal(payloadOf(tab.accessToken).name, 'Anna', 'signed, not stored')

  clock.now = START + DAY - MINUTE
  await tab.refresh()
  t.equal((await rename({ name: 'Late' })).json().expiresIn, 60, 'never beyond the end of the session')

  t.equal((await rename({ sub: 'bert' })).statusCode, 500)
  t.equal((await rename({ exp: 1 })).statusCode, 500)
  t.equal((await rename({}, '/nobody')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
  await app.sessions.revokeAll('anna')
  const ended = await rename({ name: 'Thief' })
  t.match({ status: ended.statusCode, code: ended.json().code, challenge: ended.headers['www-authenticate'] },
    { status: 401, code: 'FST_JWT_SESSION_ENDED', challenge: /The session has ended/ })
})

t.test('reply.renewAccessToken fails closed where the store is away', async (t) => {
  const { app, login, store } = await createApp(t)
  app.patch('/name', { onRequest: app.authenticate }, async (_request, reply) => await reply.renewAccessToken({ sub: 'anna' }))
  const tab = await login({ sub: 'anna' })
  store.find = async () => { throw new Error('away') }
  const response = await app.inject({ method: 'PATCH', url: '/name', headers: bearer(tab.accessToken) })
  t.match({ status: response.statusCode, code: response.json().code, retry: response.headers['retry-after'] }, { status: 503, code: 'FST_JWT_STORE_UNAVAILABLE', retry: '1' })
})
