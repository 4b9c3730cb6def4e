import Fastify from 'fastify'
import rateLimit from '@fastify/rate-limit'
import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { COOKIE_NAME, createApp, MINUTE, SECOND, SECRET } from '../fixtures/app.ts'
import type { TestApp } from '../fixtures/app.ts'
import { BOUND_COOKIE, DeviceBrowser } from '../fixtures/device.ts'
import { createProofKey, proofFor } from '../fixtures/dpop.ts'
import { payloadOf } from '../fixtures/jwt.ts'

interface Host extends TestApp {
  browser: DeviceBrowser
}

async function createHost (t: Test, options: Partial<JwtRefreshOptions> = {}): Promise<Host> {
  const made = await createApp(t, { deviceBound: true, ...options })
  return { ...made, browser: new DeviceBrowser(made.app) }
}

const REQUIRED = { code: 'FST_JWT_PROOF_REQUIRED' }
const DEFERRED = { code: 'FST_JWT_PROOF_DEFERRED' }
const REVOKED = { code: 'FST_JWT_REFRESH_TOKEN_REVOKED' }

t.test('a login offers registration, whose answer brings the bound cookie and a token with the key', async (t) => {
  const { browser, events } = await createHost(t)
  const login = await browser.login()
  t.equal(login.headers['secure-session-registration'], `(ES256);path="/auth/dbsc/register";challenge="${browser.registration?.challenge}"`)
  const { sid } = payloadOf(browser.refreshToken)
  const registered = await browser.register()
  t.strictSame({ status: registered.statusCode, body: registered.json() }, {
    status: 200,
    body: {
      session_identifier: sid,
      refresh_url: '/auth/dbsc/refresh',
      scope: {
        include_site: false,
        scope_specification: [
          { type: 'exclude', domain: '*', path: '/' },
          { type: 'include', domain: '*', path: '/auth/refresh' },
          { type: 'include', domain: '*', path: '/auth/logout' }
        ]
      },
      credentials: [{ type: 'cookie', name: BOUND_COOKIE, attributes: 'Path=/; Secure; HttpOnly; SameSite=Strict' }],
      allowed_refresh_initiators: []
    }
  })
  t.equal(registered.headers['cache-control'], 'private, no-store')
  t.match(registered.cookies, [
    { name: BOUND_COOKIE, maxAge: 300, path: '/', secure: true, httpOnly: true, sameSite: 'Strict' },
    { name: COOKIE_NAME }
  ])
  const { kty, crv, x, y } = browser.key.jwk
  t.match(payloadOf(browser.refreshToken), { sid, gen: 2, cnf: { jwk: { kty, crv, x, y } } })
  t.ok(`${COOKIE_NAME}=${browser.refreshToken}`.length < 700, 'and is far from the limit of a cookie')
  t.match(events.at(-1), { type: 'refreshed', sessionId: sid, case: 'confirm', rotated: true })
})

t.test('the record is bound once the token of the registration is used, and stays so', async (t) => {
  const { browser, clock, app } = await createHost(t)
  await browser.bind()
  const { sid } = payloadOf(browser.refreshToken)
  t.equal((await app.sessions.find(sid as string))?.boundTo, null)
  t.equal((await browser.refresh()).statusCode, 200)
  t.equal((await app.sessions.find(sid as string))?.boundTo, null, 'by the first use that confirms it: at once it is a quick reload')
  const jkt = await calculateJwkThumbprint(browser.key.jwk as never)
  for (let turn = 0; turn < 3; turn++) {
    clock.now += 10 * MINUTE
    t.equal((await browser.renew()).statusCode, 200)
    t.equal((await browser.refresh()).statusCode, 200)
    t.equal((await app.sessions.find(sid as string))?.boundTo, jkt)
    t.match(payloadOf(browser.refreshToken), { gen: 3 + turn, cnf: { jwk: { kty: 'EC' } } })
  }
})

t.test('without the bound cookie a bound token refreshes nothing, ends nothing and is kept', async (t) => {
  const { browser, clock, events, store } = await createHost(t)
  await browser.bind()
  clock.now += 10 * MINUTE
  const thief = browser.thief([COOKIE_NAME])
  events.length = 0
  for (const [url, payload] of [['/auth/refresh', undefined], ['/auth/logout', { everywhere: true }]] as const) {
    const refused = await thief.post(url, {}, payload && { payload })
    t.match({ status: refused.statusCode, body: refused.json() }, { status: 403, body: REQUIRED })
    t.equal(refused.headers['set-cookie'], undefined)
    t.equal(refused.headers['retry-after'], undefined)
    t.match(events.splice(0), [{ type: 'refused', operation: url.slice(6), reason: 'proof', subject: 'user-1', sessionId: String }])
  }
  t.equal((await store.list('user-1')).length, 1)
  t.match((await browser.renew()).statusCode, 200)
  t.equal((await browser.refresh()).statusCode, 200)
  t.equal((await browser.post('/auth/logout', {}, { payload: { everywhere: true } })).statusCode, 204)
  t.strictSame([...browser.jar], [])
})

t.test('a logout of the own session needs no bound cookie, and clears it', async (t) => {
  const { browser, clock, store } = await createHost(t)
  await browser.bind()
  const { sessionId } = browser
  clock.now += 10 * MINUTE
  const { cookies } = await browser.post('/auth/logout')
  t.match(cookies, [{ name: COOKIE_NAME, value: '' }, { name: BOUND_COOKIE, value: '' }])
  t.strictSame(await store.list('user-1'), [])
  t.strictSame((await browser.renew()).json(), { session_identifier: sessionId, continue: false }, 'the browser forgets its key')
})

t.test('the cookies from before the registration refresh nothing once it is confirmed', async (t) => {
  const { browser, clock, events, app } = await createHost(t)
  await browser.login()
  const before = browser.thief()
  await browser.register()
  const { sessionId } = browser
  clock.now += 10 * MINUTE
  await browser.renew()
  await browser.refresh()
  t.match((await before.refresh()).json(), REVOKED)
  t.ok(events.some(({ type }) => type === 'reused'), 'it is an older token, which ends the session')
  t.equal(await app.sessions.find(sessionId!), null)
})

t.test('a thief with a copy can register no key', async (t) => {
  const { browser, clock, app } = await createHost(t)
  await browser.login()
  const early = browser.thief()
  t.equal(early.registration, null, 'the challenge is in the answer to the login alone')
  t.match((await early.register(early.sign(undefined, true))).json(), { code: 'FST_JWT_PROOF_INVALID' })
  const other = new DeviceBrowser(app)
  await other.login()
  t.match((await early.register(early.sign(other.registration?.challenge, true))).json(), { code: 'FST_JWT_PROOF_INVALID' }, 'that of another session')
  t.equal((await browser.register()).statusCode, 200)
  t.match((await browser.register(browser.sign(browser.registration?.challenge, true))).json(), { code: 'FST_JWT_PROOF_INVALID' }, 'nor can a token that is not the login\'s')
  clock.now += 10 * MINUTE
  await browser.renew()
  t.equal((await browser.refresh()).headers['secure-session-registration'], undefined, 'and it is never offered again')
})

t.test('a registration must come within two minutes', async (t) => {
  for (const [after, statusCode] of [[119, 200], [120, 400]] as const) {
    const { browser, clock, events } = await createHost(t)
    await browser.login()
    clock.now += after * SECOND
    const { sid: sessionId } = payloadOf(browser.refreshToken)
    t.equal((await browser.register()).statusCode, statusCode)
    if (statusCode === 400) t.match(events.at(-1), { type: 'refused', operation: 'login', reason: 'proof', sessionId, subject: 'user-1' })
  }
})

t.test('a page that refreshes right after its login takes nothing from the registration', async (t) => {
  const { browser, clock, events } = await createHost(t)
  await browser.login()
  const login = browser.refreshToken
  clock.now += 9 * SECOND
  t.match((await browser.refresh()).json(), { accessToken: String })
  t.equal(browser.refreshToken, login)
  t.match(events.at(-1), { type: 'refreshed', case: 'young', rotated: false })
  const late = await browser.send('/auth/refresh')
  t.equal((await browser.register()).statusCode, 200)
  browser.take(late)
  t.equal(payloadOf(browser.refreshToken).gen, 2)
  t.equal((await browser.refresh()).statusCode, 200)
})

t.test('a browser that does not register notices nothing', async (t) => {
  const { browser, clock, app } = await createHost(t)
  await browser.login()
  for (let turn = 0; turn < 4; turn++) {
    clock.now += 11 * SECOND
    t.equal((await browser.refresh()).statusCode, 200)
    clock.now += 10 * MINUTE
  }
  t.equal(payloadOf(browser.refreshToken).cnf, undefined)
  t.match(await app.sessions.list('user-1'), [{ boundTo: null }])
})

t.test('lost and doubled answers to the registration log nobody out', async (t) => {
  const lost = await createHost(t)
  await lost.browser.login()
  await lost.browser.send('/auth/dbsc/register', { 'secure-session-response': lost.browser.sign(lost.browser.registration?.challenge, true) })
  lost.clock.now += 10 * MINUTE
  t.equal((await lost.browser.refresh()).statusCode, 200)
  t.equal(payloadOf(lost.browser.refreshToken).cnf, undefined, 'the session stays unbound')
  lost.clock.now += 10 * MINUTE
  t.equal((await lost.browser.refresh()).statusCode, 200)
  t.strictSame((await lost.browser.ask(null, payloadOf(lost.browser.refreshToken).sid as string)).json().continue, false, 'a browser that thinks otherwise is told')

  const doubled = await createHost(t)
  await doubled.browser.login()
  const headers = { 'secure-session-response': doubled.browser.sign(doubled.browser.registration?.challenge, true) }
  const answers = [await doubled.browser.send('/auth/dbsc/register', headers), await doubled.browser.send('/auth/dbsc/register', headers)]
  t.strictSame(answers.map(({ statusCode, cookies }) => [statusCode, cookies.length]), [[200, 2], [400, 0]], 'the second one brings no other token')
  for (const answer of answers.reverse()) doubled.browser.take(answer)
  for (let turn = 0; turn < 3; turn++) {
    t.equal((await doubled.browser.refresh()).statusCode, 200)
    doubled.clock.now += 10 * MINUTE
    t.equal((await doubled.browser.renew()).statusCode, 200)
  }
  t.ok(payloadOf(doubled.browser.refreshToken).cnf)
})

t.test('renewals: one challenge for five minutes, the last one counts too, and an older one is answered with the next', async (t) => {
  const { browser, clock } = await createHost(t)
  await browser.bind()
  const first = browser.challenge
  clock.now += 4 * MINUTE
  await browser.renew()
  t.equal(browser.challenge, first, 'the browser has signed it already, and its quota is small')
  clock.now += 5 * MINUTE
  t.equal((await browser.ask(browser.sign(first))).statusCode, 200)
  t.not(browser.challenge, first)
  clock.now += MINUTE
  const asked = await browser.ask(browser.sign(first))
  t.match({ status: asked.statusCode, headers: asked.headers, body: asked.json() }, {
    status: 403, headers: { 'secure-session-challenge': `"${browser.challenge}";id="${browser.sessionId}"` }, body: { statusCode: 403, error: 'Forbidden', ...REQUIRED }
  })
  t.equal(asked.headers['set-cookie'], undefined)
  const { statusCode, cookies, headers, json } = await browser.renew()
  t.match({ statusCode, cookies, headers }, { statusCode: 200, cookies: [{ name: BOUND_COOKIE, maxAge: 300 }], headers: { 'cache-control': 'private, no-store' } })
  t.match(json(), { session_identifier: browser.sessionId, refresh_url: '/auth/dbsc/refresh' })
  t.equal((await browser.ask(null)).statusCode, 403, 'without a signature')
})

t.test('a renewal asks no store', async (t) => {
  const { browser, store } = await createHost(t)
  await browser.bind()
  for (const method of ['find', 'rotate', 'list', 'delete'] as const) store[method] = async () => { throw new Error('asked') }
  t.equal((await browser.renew()).statusCode, 200)
  t.equal((await browser.ask(null)).statusCode, 403)
})

t.test('both headers with quotes, as the draft has them', async (t) => {
  const { browser } = await createHost(t)
  await browser.login()
  t.equal((await browser.register(`"${browser.sign(browser.registration?.challenge, true)}"`)).statusCode, 200)
  t.equal((await browser.ask(`"${browser.sign(browser.challenge)}"`, `"${browser.sessionId}"`)).statusCode, 200)
})

t.test('the bound cookie is good for a little longer than the browser keeps it', async (t) => {
  const { browser, clock } = await createHost(t, { deviceBound: { lifetime: '2m', cookieName: '__Host-other' } })
  await browser.bind()
  t.ok(browser.jar.has('__Host-other'))
  clock.now += 129 * SECOND
  t.equal((await browser.refresh()).statusCode, 200)
  clock.now += SECOND
  t.match((await browser.refresh()).json(), REQUIRED)
})

t.test('the browser is still at it: the first seconds, a renewal that it skipped, another session\'s cookie', async (t) => {
  const { browser, clock, events, app } = await createHost(t)
  await browser.bind()
  const deferred = async (browser: DeviceBrowser, retryAfter: string, headers = {}): Promise<void> => {
    events.length = 0
    const response = await browser.refresh(headers)
    t.match({ status: response.statusCode, retry: response.headers['retry-after'], body: response.json() }, { status: 503, retry: retryAfter, body: DEFERRED })
    t.equal(response.headers['set-cookie'], undefined)
    t.match(events, [{ type: 'refused', operation: 'refresh', reason: 'proof' }])
  }
  const alone = browser.thief([COOKIE_NAME])
  clock.now += 4 * SECOND
  await deferred(alone, '1')
  clock.now += SECOND
  t.match((await alone.refresh()).json(), REQUIRED)
  await deferred(alone, '30', { 'secure-session-skipped': 'quota_exceeded' })
  const later = await browser.post('/auth/refresh', { 'secure-session-skipped': 'quota_exceeded' })
  t.equal(later.statusCode, 200, 'a bound cookie is a bound cookie')

  const other = new DeviceBrowser(app)
  await other.bind({ sub: 'user-2' })
  alone.jar.set(BOUND_COOKIE, other.jar.get(BOUND_COOKIE)!)
  clock.now += 10 * SECOND
  await deferred(alone, '300')
  clock.now += 299.5 * SECOND
  await deferred(alone, '1')
  clock.now += SECOND
  t.match((await alone.refresh()).json(), REQUIRED)
  t.equal((await browser.renew()).statusCode, 200)
  clock.now += MINUTE
  t.equal((await browser.refresh()).statusCode, 200, 'and nothing of it has moved the session')
  t.equal((await browser.renew()).statusCode, 200)
  t.match((await alone.post('/auth/logout', { 'secure-session-skipped': '' }, { payload: { everywhere: true } })).json(), DEFERRED)
})

t.test('another login in the same browser is offered a key of its own', async (t) => {
  const { browser } = await createHost(t)
  await browser.bind()
  const old = browser.sessionId!
  const login = await browser.login()
  t.match(login.cookies, [{ name: COOKIE_NAME }, { name: BOUND_COOKIE, value: '' }], 'the cookie of the old session is cleared')
  t.strictSame((await browser.ask(browser.sign(browser.challenge), old)).json(), { session_identifier: old, continue: false })
  t.equal((await browser.register()).statusCode, 200)
  t.not(browser.sessionId, old)
  t.equal((await browser.refresh()).statusCode, 200)
})

t.test('a session that was ended: the renewal cannot know, the refresh says so', async (t) => {
  const { browser, app, clock } = await createHost(t)
  await browser.bind()
  await app.sessions.revoke(browser.sessionId!)
  t.equal((await browser.renew()).statusCode, 200)
  t.match((await browser.refresh()).json(), REVOKED)
  clock.now += 31 * 24 * 60 * MINUTE
  t.equal((await browser.renew()).json().continue, false, 'at the absolute end it can')

  const late = await createHost(t)
  await late.browser.login()
  await late.app.sessions.revoke(payloadOf(late.browser.refreshToken).sid as string)
  t.match((await late.browser.register()).json(), REVOKED)
})

t.test('persistent: false and other terms go on', async (t) => {
  const { browser, app, clock } = await createHost(t)
  app.post('/kiosk', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }, { persistent: false, expiresIn: '1h' }))
  await browser.post('/kiosk')
  const { cookies } = await browser.register()
  t.notHas(cookies.find(({ name }) => name === COOKIE_NAME), { maxAge: Number })
  clock.now += 50 * MINUTE
  await browser.renew()
  await browser.refresh()
  t.match(payloadOf(browser.refreshToken), { persistent: false, idle: 3600 })
})

t.test('what is no login by cookie is offered nothing', async (t) => {
  const { app, client } = await createHost(t, { refreshToken: { transport: 'both' }, dpop: {} })
  app.post('/native', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }, { transport: 'body' }))
  const native = await app.inject({ method: 'POST', url: '/native' })
  t.equal(native.headers['secure-session-registration'], undefined)
  const proof = { dpop: proofFor(createProofKey(), 'POST', '/login') }
  t.equal((await app.inject({ method: 'POST', url: '/login', payload: {}, headers: proof })).headers['secure-session-registration'], undefined, 'a session with a key has one')
  const { refreshToken } = await app.sessions.create({ sub: 'user-1' })
  t.equal((await client(refreshToken).refresh()).headers['secure-session-registration'], undefined)
  const both = new DeviceBrowser(app)
  await both.bind()
  t.match((await both.thief([COOKIE_NAME]).post('/auth/refresh', { 'secure-session-skipped': 'x' })).json(), DEFERRED, 'beside DPoP it works as ever')
})

t.test('the paths are those that browsers see', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(async (scope) => {
    await scope.register(jwtRefresh, {
      secret: SECRET,
      prefix: '/ä"',
      deviceBound: true,
      cookie: { path: '/api', domain: 'example.com', sameSite: 'none' },
      publicUrl: 'https://example.com/api',
      trustedOrigins: ['https://app.example.com:8443', 'http://localhost:5173', 'capacitor://localhost'],
      routes: { logout: false, refresh: '/renew' }
    })
    scope.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  }, { prefix: '/inner' })
  const browser = new DeviceBrowser(app)
  await browser.post('/inner/login')
  t.equal(browser.registration?.path, '/api/%C3%A4%22/dbsc/register')
  const registered = await browser.post('/inner/%C3%A4%22/dbsc/register', { 'secure-session-response': browser.sign(browser.registration?.challenge, true) })
  t.match(registered.json(), {
    refresh_url: '/api/%C3%A4%22/dbsc/refresh',
    scope: { scope_specification: [{ path: '/' }, { path: '/api/%C3%A4%22/renew' }] },
    credentials: [{ name: '__Secure-deviceBound', attributes: 'Domain=example.com; Path=/api; Secure; HttpOnly; SameSite=None' }],
    allowed_refresh_initiators: ['app.example.com', 'localhost']
  })
})

t.test('a rate limit of the host passes the two routes over: a 429 would end the session in the browser', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rateLimit, { max: 3 })
  await app.register(jwtRefresh, { secret: SECRET, deviceBound: true })
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  const browser = new DeviceBrowser(app)
  await browser.bind()
  for (let i = 0; i < 10; i++) t.equal((await browser.renew()).statusCode, 200)
})

t.test('an error handler of the host does not get at the answer that asks for a signature', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.setErrorHandler(async (_error, _request, reply) => reply.code(401).send({ oh: 'no' }))
  await app.register(jwtRefresh, { secret: SECRET, deviceBound: true })
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  const browser = new DeviceBrowser(app)
  await browser.bind()
  t.equal((await browser.ask(null)).statusCode, 403)
})

t.test('while a secret is being changed, and on another instance', async (t) => {
  const { browser, store, clock } = await createHost(t, { secret: SECRET })
  await browser.login()
  const next = await createHost(t, { secret: ['another secret of thirty-two bytes', SECRET], store })
  const there = new DeviceBrowser(next.app, browser.key, browser.jar)
  there.registration = browser.registration
  t.equal((await there.register()).statusCode, 200)
  clock.now = next.clock.now += 10 * MINUTE
  t.equal((await there.renew()).statusCode, 200)
  t.equal((await there.refresh()).statusCode, 200)
})

t.test('turned off and on again: the sessions go on unbound, and nobody is logged out', async (t) => {
  const on = await createHost(t)
  await on.browser.bind()
  on.clock.now += 10 * MINUTE
  await on.browser.renew()
  await on.browser.refresh()
  const off = await createHost(t, { deviceBound: false, store: on.store })
  off.clock.now = on.clock.now += 10 * MINUTE
  const browser = new DeviceBrowser(off.app, on.browser.key, on.browser.jar)
  t.equal((await browser.refresh()).statusCode, 200)
  t.equal(payloadOf(browser.refreshToken).cnf, undefined)
  t.equal((await browser.ask(null, 'any')).statusCode, 404, 'the browser forgets its key')
  on.clock.now += 10 * MINUTE
  const again = new DeviceBrowser(on.app, on.browser.key, browser.jar)
  t.equal((await again.refresh()).statusCode, 200)
})

t.test('off: no header, no route, no cookie, and a login\'s token rotates at once', async (t) => {
  for (const options of [{}, { deviceBound: false as const }]) {
    const { app, browser } = await createHost(t, { deviceBound: undefined, ...options })
    const login = await browser.login()
    t.equal(login.headers['secure-session-registration'], undefined)
    const token = browser.refreshToken
    await browser.refresh()
    t.not(browser.refreshToken, token)
    t.strictSame([...browser.jar.keys()], [COOKIE_NAME])
    t.equal((await browser.ask(null, 'x')).statusCode, 404)
    t.equal((await browser.post('/auth/dbsc/register')).statusCode, 404)
    t.notMatch(app.printRoutes(), /dbsc/)
    t.match((await browser.post('/auth/logout')).cookies.map(({ name }) => name), [COOKIE_NAME])
  }
})

t.test('an old token that is traded in is rotated at once, as ever', async (t) => {
  let tradedIn = false
  const { browser } = await createHost(t, { adopt: () => ({ claims: { sub: 'anna' }, key: 'old', tradedIn, markTradedIn: () => { tradedIn = true } }) })
  const { headers } = await browser.refresh()
  t.ok(browser.refreshToken)
  t.equal(headers['secure-session-registration'], undefined)
})

t.test('a login whose cookie would have no room for the key is refused, and any other registers', async (t) => {
  const { app } = await createHost(t)
  const statuses = new Set<number>()
  for (let length = 2400; length < 2800; length += 10) {
    const browser = new DeviceBrowser(app)
    const login = await browser.login({ sub: 'x'.repeat(length) })
    statuses.add(login.statusCode)
    if (login.statusCode === 500) {
      t.match(login.json().message, /give a shorter sub/)
      break
    }
    const registered = await browser.register()
    const longest = Math.max(...[registered.headers['set-cookie']!].flat().map((text) => text.length))
    if (longest > 4096) t.fail(`${longest} bytes`)
  }
  t.strictSame([...statuses], [200, 500])
})

t.test('refresh on a route of the host\'s is an error at boot: no browser renews the bound cookie for it', async (t) => {
  const { app } = await createHost(t)
  t.throws(() => app.post('/graphql', { preHandler: app.refresh }, async () => ({})), {
    code: 'FST_JWT_INVALID_OPTION', message: /the route \/graphql uses refresh, but deviceBound is on.*only for routes\.refresh and routes\.logout/
  })
  const { app: off } = await createHost(t, { deviceBound: false })
  t.doesNotThrow(() => off.post('/graphql', { preHandler: off.refresh }, async () => ({})))
})

t.test('a store that lost its last writes is healed by a token with the key', async (t) => {
  const { browser, clock, store, events } = await createHost(t)
  await browser.bind()
  const { sid } = payloadOf(browser.refreshToken) as { sid: string }
  const next = async (): Promise<number> => {
    clock.now += 10 * MINUTE
    await browser.renew()
    return (await browser.refresh()).statusCode
  }
  await next()
  const bound = await store.find(sid)
  await next()
  await next()
  await store.delete(sid)
  await store.create(bound!)
  t.equal(await next(), 200)
  t.match(events.at(-1), { type: 'recovered', sessionId: sid })
  t.match(await store.find(sid), { boundTo: bound!.boundTo, generation: 5 })

  await store.delete(sid)
  await store.create({ ...bound!, boundTo: null })
  await next()
  t.match(await store.find(sid), { boundTo: bound!.boundTo }, 'also where it has forgotten the binding')
})
