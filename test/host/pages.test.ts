import { generateKeyPairSync } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, InjectOptions, LightMyRequestResponse } from 'fastify'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshEvent, JwtRefreshOptions } from '../../index.ts'
import { loginAs } from '../../lib/testing/index.ts'
import { COOKIE_NAME, createApp, MINUTE, SECOND, SECRET } from '../fixtures/app.ts'
import { createProofKey, proofFor } from '../fixtures/dpop.ts'

const ACCESS_COOKIE = '__Host-accessToken'
const PAGES: Partial<JwtRefreshOptions> = { accessToken: { transport: 'cookie' }, cookie: { sameSite: 'lax' } }

/** A browser that requests pages. It stores cookies and removes them after their Max-Age. */
class Browser {
  readonly jar = new Map<string, { value: string, endsAt: number }>()
  readonly #app: FastifyInstance
  readonly #clock: { now: number }

  constructor (app: FastifyInstance, clock: { now: number }) {
    this.#app = app
    this.#clock = clock
  }

  cookies (): Record<string, string> {
    for (const [name, { endsAt }] of this.jar) if (endsAt <= this.#clock.now) this.jar.delete(name)
    return Object.fromEntries([...this.jar].map(([name, { value }]) => [name, value]))
  }

  async send (options: InjectOptions, cookies = this.cookies()): Promise<LightMyRequestResponse> {
    return await this.#app.inject({ ...options, cookies })
  }

  take (response: LightMyRequestResponse): LightMyRequestResponse {
    for (const { name, value, maxAge } of response.cookies) {
      if (value === '') this.jar.delete(name)
      else this.jar.set(name, { value, endsAt: maxAge === undefined ? Infinity : this.#clock.now + maxAge * SECOND })
    }
    return response
  }

  async get (url = '/page', headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    return this.take(await this.send({ url, headers }))
  }
}

interface Pages {
  app: FastifyInstance
  clock: { now: number }
  events: JwtRefreshEvent[]
  browser: Browser
}

async function createPages (t: Test, options: Partial<JwtRefreshOptions> = {}): Promise<Pages> {
  const { app, clock, events } = await createApp(t, { ...PAGES, ...options })
  app.get('/page', { onRequest: [app.authenticateOrRefresh] }, async (request) => ({ user: request.user?.sub }))
  app.post('/page', { onRequest: [app.authenticateOrRefresh] }, async (request) => ({ user: request.user.sub }))
  app.get('/old', { onRequest: [app.authenticateOrRefresh] }, async (_request, reply) => reply.redirect('/page'))
  app.get('/stream', { onRequest: [app.authenticateOrRefresh] }, async () => Readable.from(['a', 'b']))
  app.get('/front', { onRequest: [app.authenticateOrRefresh], config: { jwtRefresh: 'optional' } }, async (request) => ({ user: request.user?.sub ?? null }))
  app.get('/imprint', { onRequest: [app.authenticateOrRefresh], config: { jwtRefresh: 'public' } }, async () => ({}))
  app.get('/cached', { onRequest: [app.authenticateOrRefresh] }, async (request, reply) => {
    reply.header('cache-control', 'public, max-age=600')
    return { user: request.user.sub }
  })
  app.get('/api', { onRequest: [app.authenticate] }, async (request) => ({ user: request.user.sub }))
  app.post('/api', { onRequest: [app.authenticate] }, async (request) => ({ user: request.user.sub }))
  await app.register(async (scope) => {
    scope.addHook('onRequest', app.authenticateOrRefresh)
    scope.get('/bank', { onRequest: [app.authenticate, app.requireSession, app.requireRecentLogin('1d')] }, async (request) => ({ user: request.user.sub }))
  })
  const browser = new Browser(app, clock)
  browser.take(await app.inject({ method: 'POST', url: '/login' }))
  return { app, clock, events, browser }
}

function setCookies ({ cookies }: LightMyRequestResponse): string[] {
  return cookies.map(({ name }) => name).sort()
}

test('a login sets both cookies and keeps the tokens out of the body', async (t) => {
  const { app } = await createApp(t, PAGES)
  const response = await app.inject({ method: 'POST', url: '/login' })
  t.strictSame(response.json(), { tokenType: 'Bearer', expiresIn: 900 })
  const access = response.cookies.find(({ name }) => name === ACCESS_COOKIE)
  t.match(access, { httpOnly: true, secure: true, sameSite: 'Lax', path: '/', maxAge: 900 })
  t.strictSame(setCookies(response), [ACCESS_COOKIE, COOKIE_NAME])
  t.equal(response.headers['cache-control'], 'private, no-store')
})

test('with "both" the body has the access token, too', async (t) => {
  const { app } = await createApp(t, { accessToken: { transport: 'both' } })
  const response = await app.inject({ method: 'POST', url: '/login' })
  const access = response.cookies.find(({ name }) => name === ACCESS_COOKIE)
  t.equal(response.json().accessToken, access?.value)
})

test('an access cookie opens routes behind authenticate, and a header goes before it', async (t) => {
  const { browser } = await createPages(t)
  t.equal((await browser.get('/api')).statusCode, 200)
  t.match((await browser.get('/api', { authorization: 'Bearer junk' })).json(), { code: 'FST_JWT_ACCESS_TOKEN_INVALID' })
  t.equal((await browser.get('/api', { authorization: 'Basic dTpw' })).statusCode, 200)
})

test('a page with an expired access cookie is refreshed in passing and answered, with both cookies', async (t) => {
  const { clock, events, browser } = await createPages(t)
  for (let page = 0; page < 3; page++) {
    clock.now += 16 * MINUTE
    const response = await browser.get()
    t.strictSame(response.json(), { user: 'user-1' })
    t.strictSame(setCookies(response), [ACCESS_COOKIE, COOKIE_NAME])
    t.equal(response.headers['cache-control'], 'private, no-store')
    t.strictSame(setCookies(await browser.get()), [], 'the next page asks for nothing')
  }
  t.strictSame(events.map(({ type }) => type), ['issued', 'refreshed', 'refreshed', 'refreshed'])
})

test('an expired token that is still in the cookie is refreshed, too', async (t) => {
  const { app, clock, browser } = await createPages(t)
  const old = browser.cookies()
  clock.now += 16 * MINUTE
  t.match((await app.inject({ url: '/api', cookies: old })).json(), { code: 'FST_JWT_ACCESS_TOKEN_EXPIRED' })
  t.equal((await browser.send({ url: '/page' }, old)).statusCode, 200)
})

test('ten pages at once, a lost answer and a reload log nobody out', async (t) => {
  const { clock, events, browser } = await createPages(t)
  for (let round = 0; round < 20; round++) {
    clock.now += 16 * MINUTE
    const cookies = browser.cookies()
    const answers = await Promise.all(Array.from({ length: 10 }, async () => await browser.send({ url: '/page' }, cookies)))
    t.strictSame(answers.map(({ statusCode }) => statusCode), Array(10).fill(200))
    // The responses arrive in reverse order, and in every third round most of them are lost.
    for (const answer of answers.slice(round % 3 === 0 ? 8 : 0).reverse()) browser.take(answer)
    clock.now += SECOND
    t.equal((await browser.get()).statusCode, 200)
  }
  t.notOk(events.some(({ type }) => type === 'reused' || type === 'ended'))
})

test('after a refresh in passing, hooks that authenticate again find the user signed in', async (t) => {
  const { clock, browser } = await createPages(t)
  const stale = browser.cookies()
  clock.now += 16 * MINUTE
  for (const cookies of [stale, browser.cookies()]) {
    const response = await browser.send({ url: '/bank' }, cookies)
    t.strictSame(response.json(), { user: 'user-1' })
    t.ok(setCookies(response).includes(ACCESS_COOKIE))
  }
  t.match((await browser.send({ url: '/bank', headers: { authorization: 'Bearer junk' } }, stale)).json(), { code: 'FST_JWT_ACCESS_TOKEN_INVALID' })
})

test('a redirect, a HEAD and a streamed answer carry the cookies', async (t) => {
  const { clock, browser } = await createPages(t)
  for (const [method, url, statusCode] of [['GET', '/old', 302], ['HEAD', '/page', 200], ['GET', '/stream', 200]] as const) {
    clock.now += 16 * MINUTE
    const response = browser.take(await browser.send({ method, url }))
    t.equal(response.statusCode, statusCode)
    t.strictSame(setCookies(response), [ACCESS_COOKIE, COOKIE_NAME])
  }
})

test('a shared cache keeps no page that sets a cookie', async (t) => {
  const { clock, browser } = await createPages(t)
  t.equal((await browser.get('/cached')).headers['cache-control'], 'public, max-age=600')
  clock.now += 16 * MINUTE
  t.equal((await browser.get('/cached')).headers['cache-control'], 'private, no-store')
})

test('nor does one that obeys a header of its own', async (t) => {
  const { app } = await createApp(t, PAGES)
  const headers = { 'CDN-Cache-Control': 'max-age=600', 'Vercel-CDN-Cache-Control': 'max-age=600', 'Surrogate-Control': 'max-age=600', 'Edge-Control': 'max-age=600', 'X-Accel-Expires': '600' }
  app.post('/here', async (_request, reply) => reply.headers(headers).issueTokens({ sub: 'user-1' }))
  app.get('/other', async (_request, reply) => reply.headers(headers).send('page'))
  const response = await app.inject({ method: 'POST', url: '/here' })
  t.strictSame(Object.keys(response.headers).filter((name) => /control|expires/.test(name)), ['cache-control'])
  t.match((await app.inject('/other')).headers, { 'cdn-cache-control': 'max-age=600' })
})

test('no later hook of the host makes such a page public', async (t) => {
  const { app } = await createApp(t, PAGES)
  const makePublic = async (_request: unknown, reply: FastifyReply) => { reply.header('cache-control', 'public, max-age=600') }
  app.addHook('onSend', makePublic)
  app.post('/here', { onSend: makePublic }, async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  app.get('/other', async () => ({}))
  for (const url of ['/here', '/login']) {
    t.equal((await app.inject({ method: 'POST', url })).headers['cache-control'], 'private, no-store', url)
  }
  t.equal((await app.inject('/other')).headers['cache-control'], 'public, max-age=600')
})

test('a session that has ended answers as authenticate does, and clears no cookie', async (t) => {
  const { app, clock, browser } = await createPages(t)
  await app.sessions.revokeAll('user-1')
  clock.now += 16 * MINUTE
  const response = await browser.get()
  t.match(response.json(), { statusCode: 401, code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
  t.equal(response.headers['www-authenticate'], 'Bearer')
  t.strictSame(setCookies(response), [])
})

test('without cookies it is authenticate', async (t) => {
  const { app } = await createPages(t)
  t.match((await app.inject('/page')).json(), { statusCode: 401, code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
  t.match((await app.inject({ url: '/page', headers: { authorization: 'Bearer junk' } })).json(), { code: 'FST_JWT_ACCESS_TOKEN_INVALID' })
})

test('a client that sends its token in a header is not refreshed in passing', async (t) => {
  const { clock, browser } = await createPages(t, { accessToken: { transport: 'both' } })
  const token = browser.jar.get(ACCESS_COOKIE)?.value
  clock.now += 16 * MINUTE
  const response = await browser.get('/page', { authorization: `Bearer ${token}` })
  t.match(response.json(), { code: 'FST_JWT_ACCESS_TOKEN_EXPIRED' })
  t.strictSame(setCookies(response), [])
})

test('nor is one that has its refresh token elsewhere: a page could not hand it the new one', async (t) => {
  const { app, clock, events } = await createApp(t, {
    ...PAGES,
    refreshToken: { transport: 'both', extract: ({ headers }) => headers['x-refresh-token'] as string | undefined },
    adopt: () => null
  })
  app.get('/page', { onRequest: [app.authenticateOrRefresh] }, async () => ({}))
  const { refreshToken } = await app.sessions.create({ sub: 'phone' })
  clock.now += 16 * MINUTE
  const response = await app.inject({ url: '/page', headers: { 'x-refresh-token': refreshToken } })
  t.match(response.json(), { statusCode: 401, code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
  t.strictSame(events.map(({ type }) => type), ['issued'])
})

test('a page for everybody knows who is signed in, and is shown to those who are not', async (t) => {
  const { app, clock, browser } = await createPages(t)
  t.strictSame((await app.inject('/front')).json(), { user: null })
  clock.now += 16 * MINUTE
  t.strictSame((await browser.get('/front')).json(), { user: 'user-1' })
  const stale = browser.cookies()
  await app.sessions.revokeAll('user-1')
  clock.now += 16 * MINUTE
  t.strictSame((await browser.send({ url: '/front' }, stale)).json(), { user: null })
  t.equal((await browser.send({ url: '/imprint' }, stale)).statusCode, 200)
})

test('a session that is bound to a key is not refreshed by pages, which are answered as to somebody who is not signed in', async (t) => {
  const { app, clock, browser } = await createPages(t, { dpop: { mode: 'optional' } })
  const proof = proofFor(createProofKey(), 'POST', '/login', { iat: clock.now / SECOND })
  browser.take(await app.inject({ method: 'POST', url: '/login', headers: { dpop: proof } }))
  t.strictSame((await browser.get('/front')).json(), { user: 'user-1' })
  clock.now += 16 * MINUTE
  t.strictSame((await browser.get('/front')).json(), { user: null })
  t.match((await browser.get('/page')).json(), { statusCode: 401, code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
})

test('a store that fails is no reason to log in again', async (t) => {
  const { clock, browser } = await createPages(t, { claims: () => { throw new Error('the database is down') } })
  clock.now += 16 * MINUTE
  for (const url of ['/page', '/front']) t.match((await browser.get(url)).json(), { statusCode: 503 })
})

test('an access cookie of another session than the refresh cookie is passed over', async (t) => {
  const { app, clock, browser } = await createPages(t)
  const other = new Browser(app, clock)
  other.take(await app.inject({ method: 'POST', url: '/login', payload: { sub: 'user-2' } }))
  const mixed = { [ACCESS_COOKIE]: other.cookies()[ACCESS_COOKIE] as string, [COOKIE_NAME]: browser.cookies()[COOKIE_NAME] as string }
  t.match((await browser.send({ url: '/api' }, mixed)).json(), { code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
  t.strictSame((await browser.send({ url: '/page' }, mixed)).json(), { user: 'user-1' })
})

test('of several access cookies the one that is good counts', async (t) => {
  const { app, browser } = await createPages(t)
  const { [ACCESS_COOKIE]: good, [COOKIE_NAME]: refreshToken } = browser.cookies() as Record<string, string>
  const tossed = `${ACCESS_COOKIE}=eyJhbGciOiJIUzI1NiJ9.e30.x; ${ACCESS_COOKIE}=${good}; ${COOKIE_NAME}=${refreshToken}`
  t.equal((await app.inject({ url: '/api', headers: { cookie: tossed } })).statusCode, 200)
})

test('the cookie counts in a request of another site only where nothing can be changed', async (t) => {
  const { events, browser } = await createPages(t)
  const foreign = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', origin: 'https://evil.example' }
  for (const url of ['/api', '/page']) {
    t.equal((await browser.send({ url, headers: foreign })).statusCode, 200)
    t.equal((await browser.send({ method: 'HEAD', url, headers: foreign })).statusCode, 200)
    const refused = await browser.send({ method: 'POST', url, headers: foreign })
    t.match(refused.json(), { statusCode: 403, code: 'FST_JWT_CROSS_SITE_REQUEST' })
    const upgrade = await browser.send({ url, headers: { ...foreign, connection: 'upgrade', upgrade: 'websocket', 'sec-fetch-mode': 'websocket' } })
    t.match(upgrade.json(), { statusCode: 403, code: 'FST_JWT_CROSS_SITE_REQUEST' })
    t.equal((await browser.send({ method: 'POST', url, headers: { 'sec-fetch-site': 'same-origin' } })).statusCode, 200)
  }
  t.match(events.at(-1), { type: 'refused', operation: 'access', reason: 'cross-site', subject: 'user-1' })
})

test('an expired cookie of another site\'s form is refused, and rotates nothing', async (t) => {
  const { clock, events, browser } = await createPages(t)
  clock.now += 16 * MINUTE
  const response = await browser.send({ method: 'POST', url: '/page', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } })
  t.match(response.json(), { statusCode: 403, code: 'FST_JWT_CROSS_SITE_REQUEST' })
  t.notOk(events.some(({ type }) => type === 'refreshed'))
})

test('an image or a frame of another site refreshes nothing, and gets what somebody gets who is not signed in', async (t) => {
  const { clock, events, browser } = await createPages(t)
  clock.now += 16 * MINUTE
  for (const [mode, dest] of [['no-cors', 'image'], ['navigate', 'iframe']] as const) {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }
    t.match((await browser.get('/page', headers)).json(), { statusCode: 401, code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
    t.strictSame((await browser.get('/front', headers)).json(), { user: null })
  }
  t.strictSame(events.map(({ type }) => type), ['issued'])
})

test('with adopt, requests of another site that bring no cookie of ours are those of somebody who is not signed in', async (t) => {
  const { app } = await createApp(t, { ...PAGES, adopt: () => t.fail('it must not be asked') as unknown as null })
  app.route({
    method: ['GET', 'POST'],
    url: '/front',
    onRequest: [app.authenticateOrRefresh],
    config: { jwtRefresh: 'optional' },
    handler: async (request) => ({ user: request.user?.sub ?? null })
  })
  for (const method of ['GET', 'POST'] as const) {
    const response = await app.inject({ method, url: '/front', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } })
    t.strictSame(response.json(), { user: null })
  }
})

test('a link on another site opens a page with its user signed in', async (t) => {
  const { clock, browser } = await createPages(t)
  clock.now += 16 * MINUTE
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  t.equal((await browser.get('/page', link)).statusCode, 200)
})

test('an old token is traded in by a page, too', async (t) => {
  const { app, clock } = await createApp(t, { ...PAGES, adopt: ({ headers }) => headers.cookie?.includes('old=1') === true ? { claims: { sub: 'moved' }, key: 'old-1' } : null })
  app.get('/page', { onRequest: [app.authenticateOrRefresh] }, async (request) => ({ user: request.user.sub }))
  const browser = new Browser(app, clock)
  const response = browser.take(await browser.send({ url: '/page' }, { old: '1' }))
  t.strictSame(response.json(), { user: 'moved' })
  t.strictSame(setCookies(response), [ACCESS_COOKIE, COOKIE_NAME])
  t.equal((await browser.get()).statusCode, 200)
  t.match((await app.inject('/page')).json(), { code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
})

test('renewAccessToken after an old token was traded in by the same request sets the cookie', async (t) => {
  const { app, clock } = await createApp(t, { ...PAGES, adopt: () => ({ claims: { sub: 'moved' }, key: 'old-1' }) })
  app.post('/rename', { onRequest: [app.authenticateOrRefresh] }, async (_request, reply) => await reply.renewAccessToken({ sub: 'moved', name: 'new' }))
  app.get('/name', { onRequest: [app.authenticate] }, async (request) => ({ name: request.user.name }))
  const browser = new Browser(app, clock)
  const response = browser.take(await browser.send({ method: 'POST', url: '/rename' }))
  t.notOk(response.json().accessToken)
  t.strictSame((await browser.get('/name')).json(), { name: 'new' })
})

test('a prefetch refreshes as any request does, and what it gets serves the page that is opened', async (t) => {
  const { clock, browser } = await createPages(t)
  clock.now += 16 * MINUTE
  const prefetch = await browser.get('/page', { 'sec-purpose': 'prefetch;prerender', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' })
  t.strictSame(setCookies(prefetch), [ACCESS_COOKIE, COOKIE_NAME])
  const opened = await browser.get()
  t.strictSame([opened.statusCode, setCookies(opened)], [200, []])
})

test('the upgrade to a WebSocket does not refresh, since its answer sets no cookie', async (t) => {
  const { clock, events, browser } = await createPages(t)
  const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-fetch-site': 'same-origin' }
  t.equal((await browser.get('/page', upgrade)).statusCode, 200)
  clock.now += 16 * MINUTE
  t.match((await browser.get('/page', upgrade)).json(), { code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
  t.notOk(events.some(({ type }) => type === 'refreshed'))
})

test('a logout clears both cookies, also with the access cookie alone', async (t) => {
  const { app, browser, events } = await createPages(t)
  const { [ACCESS_COOKIE]: accessToken } = browser.cookies() as Record<string, string>
  const forged = await app.inject({ method: 'POST', url: '/auth/logout', cookies: { [ACCESS_COOKIE]: accessToken as string }, headers: { 'sec-fetch-site': 'cross-site' } })
  t.match(forged.json(), { statusCode: 403, code: 'FST_JWT_CROSS_SITE_REQUEST' })
  const response = await app.inject({ method: 'POST', url: '/auth/logout', cookies: { [ACCESS_COOKIE]: accessToken as string } })
  t.equal(response.statusCode, 204)
  t.strictSame(response.cookies.map(({ name, value, maxAge }) => ({ name, value, maxAge })), [
    { name: COOKIE_NAME, value: '', maxAge: 0 }, { name: ACCESS_COOKIE, value: '', maxAge: 0 }
  ])
  t.match(events.at(-1), { type: 'ended', reason: 'logout', subject: 'user-1' })
  const unreadable = await app.inject({ method: 'POST', url: '/auth/logout', cookies: { [ACCESS_COOKIE]: 'eyJhbGciOiJIUzI1NiJ9.e30.x' } })
  t.equal(unreadable.statusCode, 204)
})

test('a session that ends itself by the sessions route loses both cookies', async (t) => {
  const { browser, events } = await createPages(t, { routes: { sessions: true } })
  const { sessionId } = events[0] as { sessionId: string }
  const response = await browser.send({ method: 'DELETE', url: `/auth/sessions/${sessionId}` })
  t.equal(response.statusCode, 204)
  t.strictSame(setCookies(response), [ACCESS_COOKIE, COOKIE_NAME])
})

test('a cookie of a session that is not remembered ends with the browser', async (t) => {
  const { app, clock } = await createApp(t, PAGES)
  app.post('/once', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }, { persistent: false }))
  app.get('/page', { onRequest: [app.authenticateOrRefresh] }, async (_request, reply) => await reply.renewAccessToken({ sub: 'user-1', name: 'new' }))
  const login = await app.inject({ method: 'POST', url: '/once' })
  t.strictSame(login.cookies.map(({ maxAge }) => maxAge), [undefined, undefined])
  clock.now += 16 * MINUTE
  const page = await app.inject({ url: '/page', cookies: Object.fromEntries(login.cookies.map(({ name, value }) => [name, value])) })
  t.strictSame(page.cookies.map(({ maxAge }) => maxAge), [undefined, undefined])
})

test('renewAccessToken sets the cookie where the client has its tokens in cookies', async (t) => {
  const { app } = await createApp(t, { ...PAGES, accessToken: { transport: 'both' } })
  app.post('/rename', { onRequest: [app.authenticate] }, async (_request, reply) => await reply.renewAccessToken({ sub: 'user-1', name: 'new' }))
  const { headers, cookies, accessToken } = await loginAs(app, { sub: 'user-1' })
  t.strictSame(cookies[ACCESS_COOKIE], accessToken)
  const byCookie = await app.inject({ method: 'POST', url: '/rename', cookies })
  t.equal(byCookie.cookies.find(({ name }) => name === ACCESS_COOKIE)?.value, byCookie.json().accessToken)
  t.equal(byCookie.cookies[0]?.maxAge, 900)
  const alone = await app.inject({ method: 'POST', url: '/rename', cookies: { [ACCESS_COOKIE]: accessToken } })
  t.equal(alone.cookies[0]?.maxAge, undefined, 'without the refresh token it is unknown whether the session is remembered')
  const byHeader = await app.inject({ method: 'POST', url: '/rename', headers })
  t.strictSame(byHeader.cookies, [])
})

test('a client whose refresh token travels in the body gets the access token there', async (t) => {
  const { app } = await createApp(t, { ...PAGES, refreshToken: { transport: 'both' } })
  app.post('/native', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }, { transport: 'body' }))
  const login = await app.inject({ method: 'POST', url: '/native' })
  t.match(login.json(), { accessToken: String, refreshToken: String })
  t.strictSame(login.cookies, [])
  const refreshed = await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken: login.json().refreshToken } })
  t.match(refreshed.json(), { accessToken: String, refreshToken: String })
  t.strictSame(refreshed.cookies, [])
  const browser = await app.inject({ method: 'POST', url: '/login' })
  const cookies = Object.fromEntries(browser.cookies.map(({ name, value }) => [name, value]))
  const moved = await app.inject({ method: 'POST', url: '/native', cookies })
  t.strictSame(moved.cookies.map(({ value }) => value), ['', ''], 'cookies of the session that it replaces')
})

test('claims that make the cookie too long are named', async (t) => {
  const { app, clock, browser } = await createPages(t, { claims: () => ({ sub: 'user-1', permissions: 'x'.repeat(4000), role: 'admin' }) })
  const login = await app.inject({ method: 'POST', url: '/login', payload: { sub: 'user-2', permissions: 'x'.repeat(4000) } })
  t.match(login.json(), { statusCode: 500, message: 'issueTokens: claims.permissions has 4002 bytes as JSON' })
  clock.now += 16 * MINUTE
  t.match((await browser.get()).json(), { statusCode: 500, message: 'claims: claims.permissions has 4002 bytes' })
})

test('what cannot work is an error at boot, for a route and for a scope', async (t) => {
  const cases: Array<[Partial<JwtRefreshOptions>, RegExp]> = [
    [{}, /the route \/page uses authenticateOrRefresh, but access tokens travel only in the body: give accessToken: \{ transport: "cookie" \}/],
    [{ accessToken: { transport: 'cookie' } }, /cookie\.sameSite is "strict".*give cookie: \{ sameSite: "lax" \}/],
    [{ ...PAGES, deviceBound: true }, /deviceBound is on.*leave deviceBound out/],
    [{ ...PAGES, refreshToken: { rotation: 'strict' } }, /refreshToken\.rotation is "strict"/],
    [{ ...PAGES, dpop: { mode: 'required' } }, /dpop\.mode is "required".*give dpop\.mode "optional"/],
    [{ ...PAGES, deviceBound: true }, /deviceBound/],
    [{ ...PAGES, cookie: { sameSite: 'lax', path: '/auth' } }, /cookie\.path is "\/auth", so the browser does not send the refresh token there/],
    [{ ...PAGES, cookie: { sameSite: 'lax', path: '/api/auth' }, publicUrl: 'https://example.com/api' }, /cookie\.path is "\/api\/auth"/],
    [{ ...PAGES, accessToken: { transport: 'cookie', cookie: { path: '/app' } } }, /accessToken\.cookie\.path is "\/app", .* each request would refresh/]
  ]
  for (const [options, message] of cases) {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(jwtRefresh, { secret: SECRET, ...options })
    t.throws(() => app.get('/page', { preHandler: app.authenticateOrRefresh }, async () => ({})), { code: 'FST_JWT_INVALID_OPTION', message })
  }
})

test('a cookie path that covers the pages is fine, also behind a proxy that strips a prefix', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(jwtRefresh, { secret: SECRET, ...PAGES, cookie: { sameSite: 'lax', path: '/api' }, publicUrl: 'https://example.com/api' })
  app.get('/page', { onRequest: app.authenticateOrRefresh }, async () => ({}))
  await t.resolves(async () => await app.ready())
})

test('a scope whose hook cannot work does not boot', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(jwtRefresh, { secret: SECRET, decorators: { authenticateOrRefresh: 'page' } })
  await app.register(async (scope) => {
    scope.addHook('onRequest', (app as unknown as Record<string, typeof app.authenticateOrRefresh>).page as typeof app.authenticateOrRefresh)
    scope.get('/page', async () => ({}))
  })
  await t.rejects(async () => await app.ready(), { code: 'FST_JWT_INVALID_OPTION', message: 'addHook was given page, but access tokens travel only in the body' })
})

test('a scope with a page that the cookie does not reach does not boot, unless that is for everybody', async (t) => {
  for (const access of ['required', 'public']) {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(jwtRefresh, { secret: SECRET, ...PAGES, cookie: { sameSite: 'lax', path: '/auth' } })
    await app.register(async (scope) => {
      scope.addHook('onRequest', app.authenticateOrRefresh)
      scope.get('/page', { config: { jwtRefresh: access as 'public' } }, async () => ({}))
    })
    if (access === 'public') await t.resolves(async () => await app.ready())
    else await t.rejects(async () => await app.ready(), { code: 'FST_JWT_INVALID_OPTION', message: 'addHook was given authenticateOrRefresh, which the route /page uses, but cookie.path is "/auth"' })
  }
})

test('called by hand where it cannot work, it opens nothing', async (t) => {
  const { app } = await createApp(t)
  app.get('/page', async (request, reply) => {
    await app.authenticateOrRefresh(request, reply)
    return {}
  })
  t.match((await app.inject('/page')).json(), { statusCode: 500, message: 'authenticateOrRefresh was called, but access tokens travel' })
})

test('an instance that only verifies reads the cookie, and refreshes nobody', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } })
  const { app: signer } = await createApp(t, { ...PAGES, secret: { private: privateKey, public: publicKey }, refreshToken: { secret: SECRET } })
  const { cookies } = await loginAs(signer, { sub: 'user-1' })
  const { app } = await createApp(t, { ...PAGES, secret: { public: publicKey } })
  t.throws(() => app.get('/page', { onRequest: [app.authenticateOrRefresh] }, async () => ({})), /the first secret is a public key/)
  t.equal((await app.inject({ url: '/me', cookies })).statusCode, 200)
})
