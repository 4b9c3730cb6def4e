import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { AuthUnavailableError } from '../../lib/client/index.ts'
import { createBrowser, settle, stayAlive } from '../fixtures/client.ts'
import { createGate } from '../fixtures/gate.ts'
import { MINUTE, SECOND } from '../fixtures/app.ts'

const REFRESH = 'POST /auth/refresh'

const noNetwork = (): never => { throw new TypeError('fetch failed') }

const URL_OF_REFRESH = 'http://localhost/auth/refresh'

/** The response to a refresh, and the properties of the resulting error. */
const FAILURES: Record<string, [answer: () => Response | never, error: object]> = {
  offline: [noNetwork, {
    status: undefined,
    code: undefined,
    cause: TypeError,
    message: `POST ${URL_OF_REFRESH} failed: is the server reachable, and does CORS allow this origin?`
  }],
  429: [() => new Response('{}', { status: 429, headers: { 'retry-after': '7' } }), {
    status: 429,
    retryAfter: 7,
    message: `POST ${URL_OF_REFRESH} answered 429: is the rate limit too strict?`
  }],
  500: [() => new Response('', { status: 500 }), {
    status: 500,
    message: `POST ${URL_OF_REFRESH} answered 500: is the server down, or did a proxy answer?`
  }],
  503: [
    () => Response.json({ code: 'FST_JWT_STORE_UNAVAILABLE' }, { status: 503, headers: { 'retry-after': '1' } }),
    {
      status: 503,
      code: 'FST_JWT_STORE_UNAVAILABLE',
      retryAfter: 1,
      message: `POST ${URL_OF_REFRESH} answered 503 FST_JWT_STORE_UNAVAILABLE`
    }
  ],
  'a date to retry after': [() => new Response('', { status: 502, headers: { 'retry-after': new Date(Date.now() + 7 * SECOND).toUTCString() } }), { status: 502, retryAfter: 7 }],
  'a date that has passed': [() => new Response('', { status: 502, headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' } }), { status: 502 }],
  'a time that is none': [() => new Response('', { status: 502, headers: { 'retry-after': '-7' } }), { status: 502 }],
  'a route that is not there': [() => new Response('', { status: 404 }), { status: 404, message: `POST ${URL_OF_REFRESH} answered 404: is refreshPath right?` }],
  'a route that takes no POST': [() => new Response('', { status: 405 }), { status: 405, message: `POST ${URL_OF_REFRESH} answered 405: is refreshPath right?` }],
  'a bare 403 of a proxy': [() => new Response('<h1>Forbidden</h1>', { status: 403 }), {
    status: 403,
    code: undefined,
    message: `POST ${URL_OF_REFRESH} answered 403: is the server down, or did a proxy answer?`
  }],
  'a bare 401': [() => new Response(null, { status: 401 }), {
    status: 401,
    code: undefined,
    message: `POST ${URL_OF_REFRESH} answered 401: is the server down, or did a proxy answer?`
  }],
  'a bad request': [() => Response.json({ code: 'FST_JWT_REFRESH_TOKEN_AMBIGUOUS' }, { status: 400 }), {
    status: 400,
    code: 'FST_JWT_REFRESH_TOKEN_AMBIGUOUS',
    message: `POST ${URL_OF_REFRESH} answered 400 FST_JWT_REFRESH_TOKEN_AMBIGUOUS`
  }],
  'a cross-site request': [() => Response.json({ code: 'FST_JWT_CROSS_SITE_REQUEST' }, { status: 403 }), {
    status: 403,
    code: 'FST_JWT_CROSS_SITE_REQUEST',
    message: `POST ${URL_OF_REFRESH} answered 403 FST_JWT_CROSS_SITE_REQUEST: is this origin in trustedOrigins?`
  }],
  'a code of ours with a status that is not': [() => Response.json({ code: 'FST_JWT_REFRESH_TOKEN_EXPIRED' }, { status: 500 }), { status: 500 }],
  'a code that only looks like ours': [() => Response.json({ code: 'NO_FST_JWT_REFRESH_TOKEN_EXPIRED' }, { status: 403 }), { status: 403, code: undefined }],
  'a log-in page of the network': [() => new Response('<html>'), {
    status: 200,
    cause: SyntaxError,
    message: `POST ${URL_OF_REFRESH} answered 200 without an access token: is refreshPath right?`
  }],
  'a JSON that is no token': [() => Response.json({ accessToken: 'e30.e30.x' }), { status: 200, cause: TypeError }],
  'a JSON that is null': [() => Response.json(null), { status: 200, cause: TypeError }],
  'a token without claims': [() => Response.json({ accessToken: 'e30.bnVsbA.secret', expiresIn: 60 }), { status: 200, cause: TypeError }],
  'a token that is none': [() => Response.json({ accessToken: 'secret', expiresIn: 60 }), {
    status: 200,
    cause: Error,
    message: `POST ${URL_OF_REFRESH} answered 200 without an access token: is refreshPath right?`
  }]
}

t.test('a session that is bound to a key is over once the key is lost, not while the browser has yet to prove it', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab()
  auth.setSession(await browser.login())
  const answers = [Response.json({ code: 'FST_JWT_PROOF_DEFERRED' }, { status: 503 }), Response.json({ code: 'FST_JWT_PROOF_REQUIRED' }, { status: 403 })]
  browser.intercept = ({ url }) => url.endsWith('/refresh') ? answers.shift() : undefined
  await t.rejects(auth.refresh(), { name: 'AuthUnavailableError', status: 503 })
  t.equal(auth.getSnapshot().status, 'signed-in')
  t.match(await auth.refresh(), { status: 'signed-out', error: null })
})

for (const [name, [answer, expected]] of Object.entries(FAILURES)) {
  t.test(`${name} keeps the session`, async (t) => {
    const browser = await createBrowser(t)
    const { auth } = browser.newTab()
    auth.setSession(await browser.login())
    const { claims } = auth.getSnapshot()
    browser.intercept = ({ url }) => url.endsWith('/refresh') ? answer() : undefined
    const error = await auth.refresh().catch((error: unknown) => error)
    t.type(error, AuthUnavailableError)
    t.match(error, { name: 'AuthUnavailableError', retryAfter: Number, ...expected })
    const { retryAfter } = error as AuthUnavailableError
    if (!('retryAfter' in expected) || expected.retryAfter === 1) t.ok(retryAfter >= 0.5 && retryAfter <= 1, 'by its own measure')
    t.notMatch(String(error), 'secret')
    t.match(auth.getSnapshot(), { status: 'signed-in', claims, error })
    t.equal((await auth.fetch('/me')).status, 200, 'the access token is good')

    browser.intercept = () => {}
    await browser.pass(8 * SECOND)
    t.match(auth.getSnapshot(), { status: 'signed-in', error: null }, 'and it recovers unaided')
    t.equal(browser.count(REFRESH), 2)
  })
}

for (const code of ['MISSING', 'EXPIRED', 'INVALID', 'REVOKED']) {
  t.test(`${code} signs out, however the app's error handler writes it`, async (t) => {
    const browser = await createBrowser(t)
    const { auth } = browser.newTab()
    auth.setSession(await browser.login())
    browser.intercept = ({ url }) => url.endsWith('/refresh') ? Response.json({ ok: false, errors: [{ type: `FST_JWT_REFRESH_TOKEN_${code}` }] }, { status: 403 }) : undefined
    const snapshot = await auth.refresh()
    t.strictSame(snapshot, { status: 'signed-out', claims: null, expiresAt: null, error: null })
  })
}

t.test('an expired token, and no server: every caller is told, and the server is left alone', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab({ autoRefresh: false })
  auth.setSession(await browser.login())
  browser.clock.now += 20 * MINUTE
  browser.intercept = ({ url }) => url.endsWith('/refresh') ? new Response('', { status: 503, headers: { 'retry-after': '20' } }) : undefined
  const callers = await Promise.allSettled([auth.fetch('/me'), auth.getToken(), auth.fetch('/me')])
  t.match(callers, Array(3).fill({ status: 'rejected', reason: { name: 'AuthUnavailableError', retryAfter: 20 } }))
  browser.clock.now += 15 * SECOND
  await t.rejects(auth.getToken(), { name: 'AuthUnavailableError', retryAfter: 5 })
  await t.rejects(auth.fetch('/me'), { name: 'AuthUnavailableError', retryAfter: 5 })
  t.equal(browser.count(REFRESH), 1)
  t.equal(browser.count('GET /me'), 0)
  await t.rejects(auth.refresh(), { name: 'AuthUnavailableError', status: 503 }, 'unless someone insists')
  t.equal(browser.count(REFRESH), 2)
  browser.intercept = () => {}
  browser.clock.now += 20 * SECOND
  t.equal((await auth.fetch('/me')).status, 200)
})

t.test('it backs off, with jitter, to half a minute at most', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab()
  auth.setSession(await browser.login())
  browser.intercept = noNetwork
  const waits: number[] = []
  for (let i = 0; i < 9; i++) {
    const { retryAfter } = await auth.refresh().catch((error: AuthUnavailableError) => error) as AuthUnavailableError
    waits.push(retryAfter)
  }
  for (const [index, wait] of waits.entries()) {
    const full = Math.min(2 ** index, 30)
    t.ok(wait >= full / 2 && wait <= full, `${wait} after ${index + 1} failures`)
  }
  browser.intercept = () => {}
  await auth.refresh()
  browser.intercept = noNetwork
  const again = await auth.refresh().catch((error: AuthUnavailableError) => error) as AuthUnavailableError
  t.ok(again.retryAfter <= 1, 'a success starts it anew')
})

t.test('no answer blocks the page for longer than five minutes', async (t) => {
  for (const header of ['86400', 'Infinity', 'Fri, 31 Dec 2100 00:00:00 GMT']) {
    const browser = await createBrowser(t)
    const { auth } = browser.newTab()
    auth.setSession(await browser.login())
    browser.intercept = ({ url }) => url.endsWith('/refresh') ? new Response('', { status: 429, headers: { 'retry-after': header } }) : undefined
    await t.rejects(auth.refresh(), { name: 'AuthUnavailableError', retryAfter: 300 })
    browser.intercept = () => {}
    await browser.pass(300 * SECOND)
    t.equal(auth.getSnapshot().error, null)
  }
})

t.test('a network that comes and goes is no reason to ask all the time', async (t) => {
  const browser = await createBrowser(t)
  const { auth, dispatch } = browser.newTab()
  auth.setSession(await browser.login())
  await auth.refresh()
  browser.intercept = noNetwork
  await t.rejects(auth.refresh(), AuthUnavailableError)
  for (let i = 0; i < 100; i++) {
    dispatch({ type: 'online' })
    await settle()
  }
  t.equal(browser.count(REFRESH), 2 + 3)
  browser.intercept = () => {}
  browser.clock.now += 31 * SECOND
  dispatch({ type: 'online' })
  await settle()
  t.equal(auth.getSnapshot().error, null)
})

t.test('a page that may be public is asked for without a token, where none can be had', async (t) => {
  const browser = await createBrowser(t)
  browser.app.get('/news', async () => 'news')
  browser.intercept = ({ url }) => url.endsWith('/refresh') ? new Response('', { status: 503 }) : undefined
  const { auth } = browser.newTab({ autoRefresh: false })
  t.equal((await auth.fetch('/news')).status, 200)
  t.equal((await auth.fetch(new Request('http://localhost/news', { method: 'HEAD' }))).status, 200)
  await t.rejects(auth.fetch('/me'), { name: 'AuthUnavailableError', status: 503 }, 'nobody is signed out')
  await t.rejects(auth.fetch('/news', { method: 'POST' }), { name: 'AuthUnavailableError' }, 'nothing is done in the name of nobody')
  t.equal(browser.count('POST /news'), 0)

  browser.intercept = ({ url }) => url.endsWith('/refresh') ? new Response('', { status: 429 }) : undefined
  auth.setSession(await browser.login())
  browser.clock.now += 16 * MINUTE
  t.equal((await auth.fetch('/news')).status, 200)
  await t.rejects(auth.fetch('/me'), { name: 'AuthUnavailableError', status: 429 })
})

t.test('before it is known whether anyone is signed in', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  browser.intercept = noNetwork
  const { auth, dispatch } = browser.newTab()
  await t.rejects(auth.ready(), AuthUnavailableError)
  t.match(auth.getSnapshot(), { status: 'unknown', error: AuthUnavailableError })
  browser.intercept = () => {}
  await browser.pass(SECOND)
  t.match(auth.getSnapshot(), { status: 'signed-in', error: null })

  browser.intercept = noNetwork
  await t.rejects(auth.refresh(), AuthUnavailableError)
  browser.intercept = () => {}
  dispatch({ type: 'online' })
  await settle()
  t.equal(auth.getSnapshot().error, null, 'a network that is back is used at once')
})

t.test('a time-out, also of a fetch that knows no signals', async (t) => {
  stayAlive(t)
  const browser = await createBrowser(t)
  await browser.login()
  const { auth } = browser.newTab({ timeout: 0.02, fetch: async () => await new Promise(() => {}) })
  const error = await auth.ready().catch((error: unknown) => error)
  t.match(error, {
    name: 'AuthUnavailableError',
    cause: { name: 'TimeoutError' },
    message: `POST ${URL_OF_REFRESH} took longer than 0.02 seconds: is the option timeout too short?`
  })

  const slow = browser.newTab({
    timeout: 0.02,
    fetch: async () => new Response(new ReadableStream(), { status: 403 })
  })
  await t.rejects(slow.auth.ready(), {
    name: 'AuthUnavailableError',
    status: 403,
    cause: { name: 'TimeoutError' },
    message: `POST ${URL_OF_REFRESH} took longer than 0.02 seconds: is the option timeout too short?`
  })
})

t.test('a time-out of Infinity', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  const { opened, open } = createGate()
  browser.intercept = () => opened
  const { auth } = browser.newTab({ timeout: Infinity })
  const ready = auth.ready()
  await sleep(20)
  open()
  t.equal((await ready).status, 'signed-in')
})

t.test('an answer in time leaves no timer behind', async (t) => {
  const { newTab, login } = await createBrowser(t)
  await login()
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  await newTab().auth.ready()
  t.equal(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before)
})

t.test('a fetch that rejects with nothing', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab({ fetch: async () => await Promise.reject() }) // eslint-disable-line prefer-promise-reject-errors
  await t.rejects(auth.ready(), { name: 'AuthUnavailableError' })
})

t.test('a body that breaks off', async (t) => {
  const browser = await createBrowser(t)
  const body = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) })
  const { auth } = browser.newTab({ fetch: async () => new Response(body) })
  await t.rejects(auth.ready(), {
    name: 'AuthUnavailableError',
    status: 200,
    cause: { message: 'terminated' },
    message: `POST ${URL_OF_REFRESH} failed: is the server reachable, and does CORS allow this origin?`
  })
})

t.test('an error names the route and its option, and neither the query nor a token', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab({
    baseUrl: 'https://api.example.com/v1/',
    refreshPath: 'renew?key=secret#secret',
    logoutPath: 'leave?key=secret',
    fetch: async () => Response.json({ accessToken: 'secret' }, { status: 404 })
  })
  await t.rejects(auth.refresh(), { message: 'POST https://api.example.com/v1/renew answered 404: is refreshPath right?' })
  await t.rejects(auth.logout(), { message: 'POST https://api.example.com/v1/leave answered 404: is logoutPath right?' })
})

t.test('an error of the kind can be made by hand, for a test of an app', async (t) => {
  t.match(new AuthUnavailableError('away'), { name: 'AuthUnavailableError', message: 'away', status: undefined, code: undefined, cause: undefined, retryAfter: 0 })
  const cause = new Error('offline')
  const error = new AuthUnavailableError('away', { status: 503, code: 'FST_JWT_STORE_UNAVAILABLE', retryAfter: 3, cause })
  t.match(error, { message: 'away', status: 503, code: 'FST_JWT_STORE_UNAVAILABLE', retryAfter: 3, cause })
})

t.test('how the requests are sent', async (t) => {
  const browser = await createBrowser(t)
  const inits: RequestInit[] = []
  const { auth } = browser.newTab({
    headers: { 'X-CSRF': '1' },
    fetch: async (input, init) => {
      if (init?.method === 'POST') inits.push(init)
      return await browser.fetch(input, init)
    }
  })
  auth.setSession(await browser.login())
  await auth.refresh()
  await auth.logout()
  await auth.logout({ everywhere: true }).catch(() => {})
  const every = { method: 'POST', credentials: 'include', keepalive: true }
  t.match(inits, [every, every, every])
  t.strictSame(inits.map(({ body }) => body), [undefined, '{}', '{"everywhere":true}'])
  t.strictSame(inits.map(({ headers }) => headers), [
    { 'X-CSRF': '1' },
    { 'content-type': 'application/json', 'X-CSRF': '1' },
    { 'content-type': 'application/json', 'X-CSRF': '1' }
  ])
})
