import { getEventListeners } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { createBrowser, ORIGIN, settle } from '../fixtures/client.ts'
import type { Browser, Tab } from '../fixtures/client.ts'
import { createGate } from '../fixtures/gate.ts'
import { MINUTE, SECOND } from '../fixtures/app.ts'

const REFRESH = 'POST /auth/refresh'
const ANOTHER_USER = { name: 'Error', message: 'Another user has signed in meanwhile, so the request was not sent' }

/** A signed-in tab whose token the server no longer accepts, which the tab can only learn from a response. */
async function createStale (t: Test): Promise<Browser & { tab: Tab, bodies: string[] }> {
  const browser = await createBrowser(t)
  const bodies: string[] = []
  browser.app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body))
  browser.app.post('/echo', { onRequest: [browser.app.authenticate] }, async (request) => String(request.body))
  browser.intercept = async (request) => {
    if (request.url.endsWith('/echo')) bodies.push(`${request.headers.get('content-type')}: ${Buffer.from(await request.clone().arrayBuffer()).toString('latin1')}`)
  }
  const tab = browser.newTab({ autoRefresh: false })
  tab.auth.setSession(await browser.login({ name: 'Zoë €' }))
  outdate(browser)
  return Object.assign(browser, { tab, bodies })
}

/** Advances only the server's clock, so that the token has expired for the server but not for the client. */
function outdate ({ clock }: Browser): void {
  const now = Date.now()
  clock.now += 16 * MINUTE
  Date.now = () => now
}

t.test('fifty parallel 401s: one refresh, fifty replays', async (t) => {
  const { tab, count, log } = await createStale(t)
  const answers = await Promise.all(Array.from({ length: 50 }, () => tab.auth.fetch('/me')))
  t.strictSame(answers.map(({ status }) => status), Array(50).fill(200))
  t.equal(count(REFRESH), 1)
  t.equal(count('GET /me'), 100)
  t.equal(log.length, 102, 'and nothing else but the login')
})

t.test('a request is sent again once at most', async (t) => {
  const browser = await createStale(t)
  const { tab, count } = browser
  browser.intercept = ({ url }) => url.endsWith('/never') ? Response.json({ code: 'HOW_RUDE' }, { status: 401 }) : undefined
  const answer = await tab.auth.fetch('/never')
  t.equal(answer.status, 401)
  t.strictSame(await answer.json(), { code: 'HOW_RUDE' })
  t.equal(count('GET /never'), 2)
  t.equal(count(REFRESH), 1)
})

t.test('a late 401 of an old token is sent again without another refresh', async (t) => {
  const browser = await createStale(t)
  const { tab, count } = browser
  const { opened, open } = createGate()
  const answers = [await tab.auth.fetch('/me')]
  browser.tab.auth.setSession(await browser.login()) // a token that the API accepts
  outdate(browser)
  const seen: unknown[] = []
  browser.intercept = async (request) => {
    if (!request.url.includes('late')) return
    seen.push(request.headers.get('authorization'))
    if (seen.length > 1) return
    await opened
    return new Response(null, { status: 401 })
  }
  const late = tab.auth.fetch('/me?late')
  await settle()
  answers.push(await tab.auth.fetch('/me'))
  t.equal(count(REFRESH), 2)
  open()
  answers.push(await late)
  t.strictSame(answers.map(({ status }) => status), [200, 200, 200])
  t.equal(count(REFRESH), 2)
  t.equal(seen.length, 2, 'the late one was sent twice')
})

t.test('bodies that can be sent again are the same, byte for byte', async (t) => {
  const { tab, bodies } = await createStale(t)
  const form = new FormData()
  form.set('a', 'ä')
  form.set('file', new Blob([Uint8Array.of(0, 255, 13, 10)]), 'x.bin')
  const binary = Uint8Array.of(0, 1, 254, 255)
  const inits: Array<[unknown, RequestInit?]> = [
    ['/echo', { body: '{"a":"ä"}', headers: { 'content-type': 'application/json' } }],
    [new URL('/echo', ORIGIN), { body: binary }],
    ['/echo', { body: binary.buffer }],
    ['/echo', { body: new Blob(['blob'], { type: 'text/x' }) }],
    ['/echo', { body: new URLSearchParams({ a: 'ä b' }) }],
    [`${ORIGIN}/echo`, { body: form }],
    [new Request(`${ORIGIN}/echo`, { method: 'POST', body: 'of a request' })],
    [new Request(`${ORIGIN}/echo`, { method: 'POST', body: 'of a request', headers: { 'x-lost': '1' } }), { body: 'of the init', headers: { 'content-type': 'a/b' } }]
  ]
  for (const [input, init] of inits) {
    await tab.auth.getToken({ force: true })
    const stale = await tab.auth.getToken()
    t.ok(stale)
    const answers = bodies.length
    const response = await tab.auth.fetch(input as string, { method: 'POST', ...init })
    t.equal(response.status, 200)
    t.equal(bodies.length, answers + 1, 'a good token: one try')
  }
  bodies.length = 0
  for (const [input, init] of inits.slice(0, 6).concat([[new Request(`${ORIGIN}/echo`, { method: 'POST', body: 'again' })]])) {
    tab.auth.setSession({ accessToken: staleToken(), expiresIn: 900 })
    const response = await tab.auth.fetch(input as string, { method: 'POST', ...init })
    t.equal(response.status, 200)
    const [first, second] = bodies.splice(0)
    t.ok(first)
    t.equal(second, first)
  }
})

/** Has the right format and subject, but no valid signature. */
function staleToken (sub = 'user-1'): string {
  return `e30.${Buffer.from(JSON.stringify({ sub, sid: 'gone' })).toString('base64url')}.x`
}

t.test('a stream is not sent again; the next request has a new token', async (t) => {
  const { tab, count } = await createStale(t)
  const body = new ReadableStream({
    start (controller) {
      controller.enqueue(Buffer.from('once'))
      controller.close()
    }
  })
  const answer = await tab.auth.fetch(`${ORIGIN}/echo`, { method: 'POST', body, duplex: 'half' } as RequestInit)
  t.equal(answer.status, 401)
  t.equal(count('POST /echo'), 1)
  t.equal((await tab.auth.fetch('/me')).status, 200)
  t.equal(count('GET /me'), 1)
  t.equal(count(REFRESH), 1)
})

t.test('nor is a stream of a browser that cannot iterate over it, nor one of Node', async (t) => {
  const browser = await createBrowser(t)
  let sent = 0
  const { auth } = browser.newTab({
    fetch: async (input, init) => {
      if (String(input).endsWith('/auth/refresh')) return await browser.fetch(input, init)
      sent++
      return new Response(null, { status: 401 })
    }
  })
  auth.setSession(await browser.login())
  const streams: unknown[] = [{ getReader: () => {} }, { pipe: () => {} }, { [Symbol.asyncIterator]: () => {} }]
  for (const body of streams) t.equal((await auth.fetch('/echo', { method: 'POST', body: body as string })).status, 401)
  t.equal(sent, 3)
})

t.test('an answer whose body is a stream of Node, as that of node-fetch', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab({
    fetch: async (input, init) => {
      const response = await browser.fetch(input, init)
      Object.defineProperty(response, 'body', { value: Readable.from([]) })
      return response
    }
  })
  await browser.login()
  auth.setSession({ accessToken: staleToken(), expiresIn: 900 })
  t.equal((await auth.fetch('/me')).status, 200)
})

t.test('what a platform\'s fetch takes beyond the standard arrives, whatever the body is', async (t) => {
  const browser = await createBrowser(t)
  const seen: unknown[] = []
  const dispatcher = {}
  const { auth } = browser.newTab({
    fetch: async (input, init) => {
      if (init && 'dispatcher' in init) seen.push([init.dispatcher, init.method])
      return await browser.fetch(input, init)
    }
  })
  browser.intercept = async (request) => {
    if (!request.url.endsWith('/echo')) return
    return browser.count('POST /echo') === 1 ? new Response(null, { status: 401 }) : Response.json([...(await request.formData()).keys()])
  }
  await browser.login()
  const form = new FormData()
  form.set('a', 'ä')
  auth.setSession({ accessToken: staleToken(), expiresIn: 900 })
  const response = await auth.fetch(`${ORIGIN}/echo`, { method: 'POST', body: form, dispatcher } as RequestInit)
  t.strictSame(await response.json(), ['a'])
  t.strictSame(seen, Array(2).fill([dispatcher, 'POST']))
  await auth.logout()
  seen.length = 0
  await auth.fetch('/echo', { method: 'POST', body: form, dispatcher } as RequestInit)
  t.strictSame(seen, [[dispatcher, 'POST']], 'signed out, as it was given')
})

t.test('whatever fetch takes', async (t) => {
  const browser = await createBrowser(t)
  const tried: unknown[] = []
  const { auth } = browser.newTab({
    fetch: async (input, init) => {
      if (String(input).endsWith('/auth/refresh')) return await browser.fetch(input, init)
      const request = new Request(typeof input === 'object' && input && 'url' in input ? input : new URL(String(input), ORIGIN), init)
      tried.push([request.method, new URL(request.url).pathname, request.headers.get('x-a'), await request.text()])
      return new Response(null, { status: 401 })
    }
  })
  auth.setSession(await browser.login())
  const asInit = new Request(`${ORIGIN}/x`, { method: 'PUT', body: 'of a request', headers: { 'x-a': '1' } })
  const calls: Array<[unknown, unknown?]> = [
    ['/a', null],
    [{ toString: () => '/b' }],
    [null],
    [`${ORIGIN}/d`, asInit],
    ['/e', { headers: [['x-a', '1']] }],
    ['/f', { headers: new Headers({ 'x-a': '1' }), method: 'POST', body: '' }]
  ]
  for (const args of calls) {
    t.equal((await auth.fetch(...args as [string])).status, 401)
    browser.clock.now += MINUTE
  }
  t.strictSame(tried.filter((_, i) => i % 2 === 0), [
    ['GET', '/a', null, ''],
    ['GET', '/b', null, ''],
    ['GET', '/null', null, ''],
    ['PUT', '/d', '1', 'of a request'],
    ['GET', '/e', '1', ''],
    ['POST', '/f', '1', '']
  ])
  t.strictSame(tried.filter((_, i) => i % 2 === 1), tried.filter((_, i) => i % 2 === 0))
})

t.test('a signal of null is none, also over that of a Request', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  const { auth } = browser.newTab()
  const signal = AbortSignal.abort()
  t.equal((await auth.fetch(new Request(`${ORIGIN}/me`, { signal }), { signal: null })).status, 200)
})

t.test('an answer of 401 that someone has begun to read is no obstacle', async (t) => {
  const browser = await createBrowser(t)
  const tab = browser.newTab({
    fetch: async (input, init) => {
      const response = await browser.fetch(input, init)
      if (response.status === 401) response.body?.getReader()
      return response
    }
  })
  await browser.login()
  tab.auth.setSession({ accessToken: staleToken(), expiresIn: 900 })
  t.equal((await tab.auth.fetch('/me')).status, 200)
})

t.test('only where we attached the token', async (t) => {
  const { tab, count } = await createStale(t)
  const own = await tab.auth.fetch('/me', { headers: { Authorization: 'Bearer of-my-own' } })
  t.equal(own.status, 401)
  const request = new Request(`${ORIGIN}/me`, { headers: { authorization: 'Basic x' } })
  t.equal((await tab.auth.fetch(request)).status, 401)
  t.equal(count(REFRESH), 0)
})

t.test('signed out, requests go without a token, and their 401 is theirs', async (t) => {
  const { newTab, count, log } = await createBrowser(t)
  const { auth } = newTab()
  t.equal((await auth.fetch('/me')).status, 401)
  t.equal((await auth.fetch('/me')).status, 401)
  t.strictSame(log, [REFRESH, 'GET /me', 'GET /me'], 'whether anyone is signed in was asked once')
  t.equal(await auth.getToken(), null)
  t.equal(count(REFRESH), 1)
  t.equal(await auth.getToken({ force: true }), null)
  t.equal(count(REFRESH), 2, 'unless someone insists')
})

t.test('force asks in the pause after a failure, too', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  browser.intercept = ({ url }) => url.endsWith('/refresh') ? new Response('', { status: 503 }) : undefined
  const { auth } = browser.newTab({ autoRefresh: false })
  await t.rejects(auth.getToken(), { name: 'AuthUnavailableError', status: 503 })
  browser.intercept = () => {}
  await t.rejects(auth.getToken(), { name: 'AuthUnavailableError', status: 503 })
  t.ok(await auth.getToken({ force: true }))
})

t.test('a login that is too old is not answered by a refresh', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab()
  auth.setSession(await browser.login())
  const body = { error: { code: 'FST_JWT_LOGIN_TOO_OLD' } }
  browser.intercept = ({ url }) => url.endsWith('/pay') ? Response.json(body, { status: 401 }) : undefined
  const response = await auth.fetch('/pay', { method: 'POST' })
  t.equal(response.status, 401)
  t.strictSame(await response.json(), body, 'unread')
  t.equal(browser.count('POST /pay'), 1)
  t.equal(browser.count(REFRESH), 0)
})

t.test('a 401 whose body never ends is waited for as long as a refresh is', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  const { auth } = browser.newTab({ timeout: 0.05 })
  auth.setSession({ accessToken: staleToken(), expiresIn: 900 })
  browser.intercept = ({ url }) => url.endsWith('/me') && browser.count('GET /me') === 1 ? new Response(new ReadableStream(), { status: 401 }) : undefined
  t.equal((await auth.fetch('/me')).status, 200)
})

t.test('a 401 whose body breaks off is sent again', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  const { auth } = browser.newTab()
  auth.setSession({ accessToken: staleToken(), expiresIn: 900 })
  const broken = new ReadableStream({ start: (controller) => controller.error(new Error('terminated')) })
  browser.intercept = ({ url }) => url.endsWith('/me') && browser.count('GET /me') === 1 ? new Response(broken, { status: 401 }) : undefined
  t.equal((await auth.fetch('/me')).status, 200)
})

t.test('when the session is over, the 401 is the answer', async (t) => {
  const { tab, app, count } = await createStale(t)
  await app.sessions.revokeAll('user-1')
  const answers = await Promise.all([tab.auth.fetch('/me'), tab.auth.fetch('/me')])
  t.strictSame(answers.map(({ status }) => status), [401, 401])
  t.equal((await answers[0]!.json() as any).code, 'FST_JWT_ACCESS_TOKEN_EXPIRED', 'unread')
  t.equal(tab.auth.getSnapshot().status, 'signed-out')
  t.equal(count('GET /me'), 2)
})

t.test('a signal that outlives many refreshes collects no listeners', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  const { auth } = browser.newTab()
  const { signal } = new AbortController()
  for (let turn = 0; turn < 3; turn++) await auth.getToken({ force: true, signal })
  t.equal(browser.count(REFRESH), 3)
  await settle()
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('a signal without a reason, as that of React Native', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  browser.intercept = async () => await new Promise(() => {})
  const { auth } = browser.newTab()
  const controller = new AbortController()
  Object.defineProperty(controller.signal, 'reason', { value: undefined })
  const token = auth.getToken({ signal: controller.signal })
  controller.abort()
  await t.rejects(token, { message: 'The call was aborted' })
})

t.test('an abort ends that caller at once, and nobody else', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  const { opened, open } = createGate()
  browser.intercept = async (request) => { if (request.url.endsWith('/refresh')) await opened }
  const { auth } = browser.newTab()
  const controller = new AbortController()
  const aborted = auth.fetch('/me', { signal: controller.signal })
  const request = auth.fetch(new Request(`${ORIGIN}/me`, { signal: controller.signal }))
  const token = auth.getToken({ signal: controller.signal })
  const other = auth.fetch('/me')
  await settle()
  controller.abort(new Error('enough'))
  await t.rejects(aborted, { message: 'enough' })
  await t.rejects(request, { message: 'enough' })
  await t.rejects(token, { message: 'enough' })
  await t.rejects(auth.getToken({ signal: controller.signal }), { message: 'enough' }, 'aborted before')
  open()
  t.equal((await other).status, 200)
  t.equal(browser.count(REFRESH), 1)
  t.equal(browser.count('GET /me'), 1)
})

t.test('the login, refresh and logout routes get no token and cause no refresh', async (t) => {
  const browser = await createStale(t)
  const { tab, count, log } = browser
  const seen: unknown[] = []
  browser.intercept = ({ headers }) => { seen.push(headers.get('authorization')) }
  t.equal((await tab.auth.fetch('/auth/refresh', { method: 'POST' })).status, 200)
  t.equal((await tab.auth.fetch('/login?next=/', { method: 'POST' })).status, 200)
  t.equal((await tab.auth.fetch(new URL('/auth/logout', ORIGIN), { method: 'POST' })).status, 204)
  t.strictSame(seen, [null, null, null])
  t.equal(count(REFRESH), 1, 'the one that was meant')
  t.equal(log.length, 4)
})

t.test('other paths of those routes', async (t) => {
  const browser = await createBrowser(t, { prefix: '/v1/session' })
  const { newTab, login, log } = browser
  browser.intercept = ({ url }) => url.endsWith('/sign-in') ? new Response(null, { status: 401 }) : undefined
  const { auth } = newTab({ baseUrl: `${ORIGIN}/v1/`, refreshPath: 'session/refresh', logoutPath: 'session/logout', loginPath: '/sign-in' })
  auth.setSession(await login())
  await auth.refresh()
  t.equal((await auth.fetch('/sign-in', { method: 'POST' })).status, 401)
  await auth.logout()
  t.strictSame(log, ['POST /login', 'POST /v1/session/refresh', 'POST /sign-in', 'POST /v1/session/logout'])
})

t.test('a login waits for a refresh under way, so that no late answer takes its cookie away', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  await browser.app.sessions.revokeAll('user-1')
  const { opened, open } = createGate()
  browser.intercept = async (request) => { if (request.url.endsWith('/refresh')) await opened }
  const { auth } = browser.newTab()
  const ready = auth.ready()
  await settle()
  const login = auth.fetch('/login', { method: 'POST' })
  await settle()
  t.equal(browser.count('POST /login'), 1, 'not yet')
  open()
  t.equal((await ready).status, 'signed-out')
  auth.setSession(await (await login).json() as any)
  t.equal((await auth.refresh()).status, 'signed-in', 'its cookie is there')
})

t.test('the token never leaves for an origin that is not listed', async (t) => {
  const sent: Array<[string, string | null]> = []
  const { newTab, login, log } = await createBrowser(t)
  const session = await login()
  const { auth } = newTab({
    baseUrl: 'https://api.example.com/v1/',
    origins: ['https://FILES.example.com/', 'https://more.example.com:443'],
    fetch: async (input, init) => {
      const { url, headers } = new Request(new URL((input as Request).url ?? input, ORIGIN), init)
      sent.push([url, headers.get('authorization')])
      return new Response()
    }
  })
  auth.setSession(session)
  const bearer = `Bearer ${session.accessToken}`
  const urls: Array<[string, string | null]> = [
    ['https://api.example.com/x', bearer],
    ['https://files.example.com/x', bearer],
    ['https://more.example.com/x', bearer],
    ['https://evil.example/https://api.example.com', null],
    ['https://api.example.com.evil.example/', null],
    ['https://api.example.com:444/', null],
    ['http://api.example.com/', null],
    ['//evil.example/x', null],
    ['/x', null],
    ['', null]
  ]
  for (const [url] of urls) await auth.fetch(url)
  await auth.fetch(new URL('https://evil.example/'))
  t.strictSame(sent.map(([, token]) => token), [...urls.map(([, token]) => token), null])
  t.equal(log.length, 1)
  t.equal(await auth.getToken({ url: 'https://evil.example/' }), null)
  t.equal(await auth.getToken({ url: 'https://files.example.com/' }), session.accessToken)
})

t.test('what Alice has sent is not sent again in Bob\'s name', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab()
  auth.setSession({ accessToken: staleToken('alice'), expiresIn: 900 })
  await browser.login({ sub: 'bob' }) // elsewhere, so this tab does not know
  await t.rejects(auth.fetch('/me'), ANOTHER_USER)
  t.equal(browser.count('GET /me'), 1)
  t.match(auth.getSnapshot(), { status: 'signed-in', claims: { sub: 'bob' } })
  await t.rejects(auth.getToken({ rejected: staleToken('alice') }), ANOTHER_USER)
  t.equal((await auth.fetch('/me')).status, 200, 'the next one is Bob\'s')

  auth.setSession({ accessToken: staleToken('alice'), expiresIn: 900 })
  await browser.pass(16 * MINUTE)
  await sleep(0)
  t.match(auth.getSnapshot().claims, { sub: 'bob' }, 'nor is it the other way round')
})

t.test('minValidity and force', async (t) => {
  const { newTab, login, clock, count } = await createBrowser(t)
  const { auth } = newTab({ autoRefresh: false })
  auth.setSession(await login())
  const first = await auth.getToken()
  clock.now += 14 * MINUTE
  t.equal(await auth.getToken({ minValidity: 59 }), first)
  t.equal(count(REFRESH), 0)
  const second = await auth.getToken({ minValidity: 60 })
  t.not(second, first)
  clock.now += 15 * MINUTE - 5 * SECOND - 1
  t.equal(await auth.getToken(), second)
  clock.now += 1
  t.not(await auth.getToken(), second, 'five seconds before the end it is too old')
  t.equal(count(REFRESH), 2)
  const third = await auth.getToken()
  clock.now += SECOND
  t.not(await auth.getToken({ force: true }), third)
  t.equal(count(REFRESH), 3)
})

t.test('the routes that set or read the cookie get credentials, so that it is kept across origins', async (t) => {
  const sent: string[] = []
  const browser = await createBrowser(t)
  const { auth } = browser.newTab({
    baseUrl: 'https://api.example.com',
    loginPath: ['/login', '/confirm-password'],
    fetch: async (input, init) => {
      const { pathname } = new URL(typeof input === 'object' && 'url' in input ? input.url : input)
      sent.push(`${pathname} ${init?.credentials} ${new Headers(init?.headers).get('authorization')}`)
      return Response.json(await browser.login())
    }
  })
  await auth.fetch('https://api.example.com/login', { method: 'POST' })
  await auth.fetch('https://api.example.com/login/', { method: 'POST' })
  await auth.fetch(new URL('https://api.example.com/confirm-password?for=payment'), { method: 'POST', headers: { authorization: 'Basic x' } })
  await auth.fetch(new Request('https://api.example.com/auth/logout', { method: 'POST' }))
  await auth.fetch('https://api.example.com/login', { method: 'POST', credentials: 'omit' })
  await auth.fetch('https://other.example.com/login')
  await auth.fetch('https://api.example.com/login/help', { headers: { authorization: 'Basic x' } })
  t.strictSame(sent, [
    '/login include null',
    '/login/ include null',
    '/confirm-password include Basic x',
    '/auth/logout include null',
    '/login omit null',
    '/login undefined null',
    '/login/help undefined Basic x'
  ])
})

t.test('usesCookie tells which routes those are', async (t) => {
  const { newTab } = await createBrowser(t)
  const { auth } = newTab({ refreshPath: '/auth/refresh?tenant=1', loginPath: ['/login/'] })
  for (const url of ['/login', '/login/', '/auth/refresh', `${ORIGIN}/auth/logout`]) t.ok(auth.usesCookie(url), url)
  for (const url of ['/me', '/login/help', 'https://api.example.com/login', new URL('https://example.com/')]) t.notOk(auth.usesCookie(url), String(url))
})

t.test('an API that takes none of the tokens is no reason to refresh all the time', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab({ autoRefresh: false })
  auth.setSession(await browser.login())
  browser.intercept = ({ url }) => url.endsWith('/never') ? new Response(null, { status: 401 }) : undefined
  for (let i = 0; i < 30; i++) t.equal((await auth.fetch('/never')).status, 401)
  t.equal(browser.count(REFRESH), 3)
  t.equal(browser.count('GET /never'), 33, 'what has no other token is not sent again')
  t.equal(await auth.getToken({ rejected: (await auth.getToken())! }), null)
  browser.clock.now += 31 * SECOND
  await auth.fetch('/never')
  t.equal(browser.count(REFRESH), 4)
})

t.test('minValidity above what any token has', async (t) => {
  const { newTab, login, count } = await createBrowser(t)
  const { auth } = newTab({ autoRefresh: false })
  auth.setSession(await login())
  for (const minValidity of [900, 3600, Infinity]) t.ok(await auth.getToken({ minValidity }))
  t.equal(count(REFRESH), 0)
})
