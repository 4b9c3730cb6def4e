import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import cors from '@fastify/cors'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh, { MemoryStore } from '../../index.ts'
import type { JwtRefreshEvent, JwtRefreshOptions } from '../../index.ts'
import { COOKIE_NAME, SECRET } from '../fixtures/app.ts'
import { createCertificate } from '../../examples/certificate.ts'
import { launchChromium, launchProfile, noChromium } from '../fixtures/chromium.ts'
import { BOUND_COOKIE, DeviceBrowser } from '../fixtures/device.ts'
import { payloadOf } from '../fixtures/jwt.ts'

/* Tests a real browser that binds its sessions itself, over https and with a software key. */

t.setTimeout(600_000) // allows for a busy machine

const { key, cert, spki } = createCertificate()
const TRUST = `--ignore-certificate-errors-spki-list=${spki}`
const HOSTS = '--host-resolver-rules=MAP *.example.test 127.0.0.1'
const DBSC = '--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting'

interface Seen {
  url: string
  status: number
  headers: FastifyRequest['headers']
  /** The names of the cookies that the response sets. */
  cookies: string[]
}

interface Site {
  app: FastifyInstance
  url: string
  store: MemoryStore
  events: JwtRefreshEvent[]
  /** The requests to the plugin's routes, with their responses. */
  seen: Seen[]
  /** The requests to /auth/dbsc/refresh. */
  renewals (): Seen[]
  clock: { ahead: number }
  /** Replaces the response of /auth/dbsc/refresh. */
  broken: { by: number | 'connection' | null }
}

interface SiteOptions extends Partial<JwtRefreshOptions> {
  port?: number
}

/** Creates an app with short lifetimes, so that a test covers many renewals. */
async function createSite (t: Test, { port = 0, ...options }: SiteOptions = {}): Promise<Site> {
  const app = Fastify({ https: { key, cert }, forceCloseConnections: true }) as unknown as FastifyInstance
  t.teardown(() => app.close())
  const seen: Seen[] = []
  const events: JwtRefreshEvent[] = []
  const clock = { ahead: 0 }
  const broken: Site['broken'] = { by: null }
  const store = options.store as MemoryStore ?? new MemoryStore()
  app.addHook('onRequest', async (request, reply) => {
    if (request.url !== '/auth/dbsc/refresh' || broken.by === null) return
    if (broken.by === 'connection') {
      request.socket.destroy()
      return reply.hijack()
    }
    return reply.code(broken.by).send({})
  })
  app.addHook('onResponse', async (request, reply) => {
    if (request.url.startsWith('/auth/')) seen.push({ url: request.url, status: reply.statusCode, headers: request.headers, cookies: namesOf(reply.getHeader('set-cookie')) })
  })
  if (options.trustedOrigins !== undefined) await app.register(cors, { origin: options.trustedOrigins, credentials: true })
  await app.register(jwtRefresh, {
    secret: SECRET,
    deviceBound: { lifetime: 1 },
    refreshToken: { overlap: '1s' },
    onEvent: (event) => events.push(event),
    now: () => Date.now() + clock.ahead,
    ...options,
    store
  })
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'anna' }))
  app.get('/', async (_request, reply) => reply.type('text/html').send('<p>home</p>'))
  app.get('/worker.js', async (_request, reply) => reply.type('text/javascript').send(`
    addEventListener('install', () => skipWaiting())
    addEventListener('activate', (event) => event.waitUntil(clients.claim()))
    addEventListener('fetch', (event) => { if (event.request.method === 'POST') event.respondWith(fetch(event.request)) })`))
  await app.listen({ port, host: '127.0.0.1' })
  const url = `https://localhost:${(app.server.address() as AddressInfo).port}`
  return { app, url, store, events, seen, clock, broken, renewals: () => seen.filter(({ url }) => url === '/auth/dbsc/refresh') }
}

function namesOf (setCookie: number | string | string[] | undefined): string[] {
  return [setCookie ?? []].flat().map((cookie) => String(cookie).split('=', 1)[0] as string).sort()
}

async function post (page: Page, path: string): Promise<{ status: number, code?: string }> {
  return await page.evaluate(`fetch(${JSON.stringify(path)}, { method: 'POST', credentials: 'include' }).then(async (response) => {
    const text = await response.text()
    return { status: response.status, ...(text.startsWith('{') && JSON.parse(text).code && { code: JSON.parse(text).code }) }
  })`)
}

async function until (page: Page, what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await condition()) return
    await page.waitForTimeout(50)
  }
  throw new Error(`never: ${what}`)
}

/** Logs in and waits until the browser has registered a key and received its cookies. */
async function logIn (page: Page, { seen }: Site, loginUrl = '/login'): Promise<void> {
  const registered = (): number => seen.filter(({ url, status }) => url === '/auth/dbsc/register' && status === 200).length
  const before = registered()
  const { status } = await post(page, loginUrl)
  if (status !== 200) throw new Error(`the login was answered with ${status}`)
  await until(page, 'a registration', () => registered() > before)
  await until(page, 'a bound token', async () => await isBound(page))
}

async function isBound (page: Page): Promise<boolean> {
  const token = (await page.context().cookies()).find(({ name }) => name === COOKIE_NAME)
  return token !== undefined && payloadOf(token.value).cnf !== undefined
}

/** Retries after 503, like a client that is told to try again. */
async function postUntilServed (page: Page, path: string): Promise<{ status: number, code?: string }> {
  let answer = await post(page, path)
  for (let tries = 0; tries < 20 && answer.status === 503; tries++) {
    await page.waitForTimeout(1000)
    answer = await post(page, path)
  }
  return answer
}

async function open (t: Test, browser: Browser, url: string): Promise<{ device: BrowserContext, page: Page }> {
  const device = await browser.newContext()
  t.teardown(() => device.close())
  const page = await device.newPage()
  await page.goto(url)
  return { device, page }
}

/** A thief with a copy of the cookies. */
async function steal (device: BrowserContext, { app }: Site): Promise<DeviceBrowser> {
  return new DeviceBrowser(app, undefined, (await device.cookies()).map(({ name, value }): [string, string] => [name, value]))
}

t.test('in Chromium', { skip: noChromium }, async (t) => {
  const browser = await launchChromium([DBSC, TRUST, HOSTS])
  t.teardown(() => browser.close())

  t.test('a login registers, and what a thief copies is useless', async (t) => {
    const site = await createSite(t)
    const { device, page } = await open(t, browser, site.url)
    await logIn(page, site)
    // Checks the server's response: the bound cookie lives for a second, so the browser may no longer have it.
    t.strictSame(site.seen.find(({ url }) => url === '/auth/dbsc/register')?.cookies, [BOUND_COOKIE, COOKIE_NAME])
    const { value } = (await device.cookies()).find(({ name }) => name === COOKIE_NAME)!
    const { sid } = payloadOf(value) as { sid: string }

    const afterwards = await steal(device, site)
    site.clock.ahead += 60_000
    await page.waitForTimeout(1100)
    for (let turn = 0; turn < 2; turn++) {
      t.match((await afterwards.refresh()).json(), { code: 'FST_JWT_PROOF_REQUIRED' }, 'a copy of all cookies, once the bound one has ended')
      t.match((await afterwards.refresh({ 'secure-session-skipped': 'quota_exceeded' })).json(), { code: 'FST_JWT_PROOF_DEFERRED' })
      t.equal((await afterwards.ask(null, sid)).statusCode, 403)
      t.match((await afterwards.ask(afterwards.sign(afterwards.challenge), sid)).json(), { code: 'FST_JWT_PROOF_INVALID' }, 'it cannot sign')
      t.match((await afterwards.register(afterwards.sign(afterwards.challenge, true))).json(), { code: 'FST_JWT_PROOF_INVALID' }, 'nor register')
      t.strictSame(await post(page, '/auth/refresh'), { status: 200 }, 'the user goes on')
      await page.waitForTimeout(1100)
    }
    t.type((await site.app.sessions.find(sid))?.boundTo, 'string')
    t.notOk(site.events.some(({ type }) => type === 'reused' || type === 'ended'))
  })

  t.test('a copy from before the registration is useless once the browser has used its own', async (t) => {
    const site = await createSite(t)
    const { page } = await open(t, browser, site.url)
    const token = page.waitForResponse('**/login').then(async (response) => /refreshToken=([^;]*)/.exec((await response.allHeaders())['set-cookie']!)![1]!)
    await logIn(page, site)
    const before = new DeviceBrowser(site.app, undefined, [[COOKIE_NAME, await token]])
    t.equal(payloadOf(before.refreshToken).gen, 1)
    t.match((await before.register(before.sign('x', true))).json(), { code: 'FST_JWT_PROOF_INVALID' })
    await page.waitForTimeout(1100)
    t.strictSame(await post(page, '/auth/refresh'), { status: 200 })
    t.match((await before.refresh()).json(), { code: 'FST_JWT_REFRESH_TOKEN_REVOKED' })
    t.ok(site.events.some(({ type }) => type === 'reused'), 'which ends the session: somebody has a copy')

    t.match(await post(page, '/auth/refresh'), { status: 403 })
    await logIn(page, site)
    t.strictSame(await post(page, '/auth/refresh'), { status: 200 }, 'and the user logs in again')
  })

  t.test('a page that refreshes at once, in three tabs, is bound all the same', async (t) => {
    const site = await createSite(t)
    const { device, page } = await open(t, browser, site.url)
    const tabs = [page, await device.newPage(), await device.newPage()]
    for (const tab of tabs) await tab.goto(site.url)
    await post(page, '/login')
    const answers = await Promise.all(tabs.map(async (tab) => await post(tab, '/auth/refresh')))
    t.strictSame(answers, [{ status: 200 }, { status: 200 }, { status: 200 }])
    await until(page, 'a registration', async () => await isBound(page))
    await page.waitForTimeout(1100)
    t.strictSame(await post(page, '/auth/refresh'), { status: 200 })
    t.match(await site.app.sessions.list('anna'), [{ boundTo: String }])
  })

  t.test('twenty lifetimes in three tabs: no refusal, and within the quota of the browser', async (t) => {
    const site = await createSite(t)
    const { device, page } = await open(t, browser, site.url)
    const tabs = [page, await device.newPage(), await device.newPage()]
    for (const tab of tabs) await tab.goto(site.url)
    await logIn(page, site)
    for (let lifetime = 0; lifetime < 20; lifetime++) {
      const answers = await Promise.all(tabs.map(async (tab) => await post(tab, '/auth/refresh')))
      if (!answers.every(({ status }) => status === 200)) t.fail(`lifetime ${lifetime}: ${JSON.stringify(answers)}`)
      await page.waitForTimeout(1050)
    }
    t.ok(site.renewals().length >= 19, `${site.renewals().length} renewals`)
    const signatures = new Set(site.seen.flatMap(({ headers }) => headers['secure-session-response'] ?? []))
    t.ok(signatures.size <= 4, `${signatures.size} signatures, the registration's included: the quota is six in nine minutes`)
    t.notOk(site.seen.some(({ headers }) => headers['secure-session-skipped'] !== undefined))
    t.match(await site.app.sessions.list('anna'), [{ boundTo: String }])
  })

  t.test('a logout ends it in the browser, too', async (t) => {
    const site = await createSite(t)
    const { device, page } = await open(t, browser, site.url)
    await logIn(page, site)
    t.strictSame(await post(page, '/auth/logout'), { status: 204 })
    t.notOk((await device.cookies()).some(({ name }) => name === COOKIE_NAME))
    t.match(await post(page, '/auth/refresh'), { status: 403, code: 'FST_JWT_REFRESH_TOKEN_MISSING' })
    const { length } = site.renewals()
    t.match(await post(page, '/auth/refresh'), { status: 403 })
    t.equal(site.renewals().length, length, 'the browser has no key to prove any more')
    await logIn(page, site)
    t.strictSame(await post(page, '/auth/refresh'), { status: 200 })
  })

  t.test('cookies that the user clears: the browser is told to forget its key, and a login binds again', async (t) => {
    const site = await createSite(t)
    const { device, page } = await open(t, browser, site.url)
    await logIn(page, site)
    await device.clearCookies()
    t.match(await post(page, '/auth/refresh'), { status: 403, code: 'FST_JWT_REFRESH_TOKEN_MISSING' })
    await logIn(page, site)
    await page.waitForTimeout(1100)
    t.strictSame(await post(page, '/auth/refresh'), { status: 200 })
  })

  t.test('another login in the same browser', async (t) => {
    const site = await createSite(t)
    const { page } = await open(t, browser, site.url)
    // A pending renewal of the previous session may restore that session's bound cookie for a second.
    for (let login = 0; login < 2; login++) {
      await logIn(page, site)
      t.strictSame(await postUntilServed(page, '/auth/refresh'), { status: 200 })
      await page.waitForTimeout(1100)
      t.strictSame(await postUntilServed(page, '/auth/refresh'), { status: 200 })
    }
    t.equal((await site.app.sessions.list('anna')).length, 1)
  })

  t.test('the server restarts', async (t) => {
    const site = await createSite(t)
    const { page } = await open(t, browser, site.url)
    await logIn(page, site)
    await site.app.close()
    await createSite(t, { port: Number(new URL(site.url).port), store: site.store })
    await page.waitForTimeout(1100)
    t.strictSame(await post(page, '/auth/refresh'), { status: 200 })
  })

  t.test('renewals that fail: the session is kept, the refresh is put off', async (t) => {
    for (const by of [500, 'connection'] as const) {
      const site = await createSite(t)
      const { page } = await open(t, browser, site.url)
      await logIn(page, site)
      site.clock.ahead += 60_000
      await page.waitForTimeout(1100)
      site.broken.by = by
      t.match(await post(page, '/auth/refresh'), { status: 503, code: 'FST_JWT_PROOF_DEFERRED' }, String(by))
      site.broken.by = null
      await page.waitForTimeout(200)
      t.strictSame(await postUntilServed(page, '/auth/refresh'), { status: 200 })
    }
  })

  t.test('a browser that gives up its key: a log-in, and not a loop', async (t) => {
    const site = await createSite(t)
    const { page } = await open(t, browser, site.url)
    await logIn(page, site)
    site.clock.ahead += 60_000
    await page.waitForTimeout(1100)
    site.broken.by = 429
    t.match(await post(page, '/auth/refresh'), { status: 403, code: 'FST_JWT_PROOF_REQUIRED' })
    site.broken.by = null
    t.match(await post(page, '/auth/refresh'), { status: 403, code: 'FST_JWT_PROOF_REQUIRED' })
    await logIn(page, site)
    t.equal((await site.app.sessions.list('anna')).length, 1, 'the login replaces the session that cannot go on')
    await page.waitForTimeout(1100)
    t.strictSame(await post(page, '/auth/refresh'), { status: 200 })
  })

  t.test('through a service worker', async (t) => {
    const site = await createSite(t)
    const { page } = await open(t, browser, site.url)
    await page.evaluate('navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready)')
    await page.reload()
    t.ok(await page.evaluate('navigator.serviceWorker.controller !== null'))
    await logIn(page, site)
    for (let turn = 0; turn < 2; turn++) {
      await page.waitForTimeout(1100)
      t.strictSame(await post(page, '/auth/refresh'), { status: 200 })
    }
    t.match(await site.app.sessions.list('anna'), [{ boundTo: String }])
  })

  t.test('a front end on another origin', async (t) => {
    const frontEnd = await createSite(t, { deviceBound: false })
    const origin = frontEnd.url.replace('localhost', 'app.example.test')
    const site = await createSite(t, { trustedOrigins: [origin] })
    const api = site.url.replace('localhost', 'api.example.test')
    const { page } = await open(t, browser, origin)
    await logIn(page, site, `${api}/login`)
    for (let turn = 0; turn < 2; turn++) {
      site.clock.ahead += 60_000
      await page.waitForTimeout(1100)
      t.strictSame(await post(page, `${api}/auth/refresh`), { status: 200 })
    }
    t.match(await site.app.sessions.list('anna'), [{ boundTo: String }])
  })

  t.test('off in the plugin: the browser notices nothing', async (t) => {
    const site = await createSite(t, { deviceBound: false })
    const { device, page } = await open(t, browser, site.url)
    await post(page, '/login')
    for (let turn = 0; turn < 2; turn++) {
      t.strictSame(await post(page, '/auth/refresh'), { status: 200 })
      await page.waitForTimeout(1100)
    }
    t.strictSame(site.seen.map(({ url }) => url), ['/auth/refresh', '/auth/refresh'])
    t.match((await device.cookies()).map(({ name }) => name), [COOKIE_NAME])
  })
})

t.test('a browser without the feature notices nothing', { skip: noChromium }, async (t) => {
  const browser = await launchChromium([TRUST, '--disable-features=DeviceBoundSessions'])
  t.teardown(() => browser.close())
  const site = await createSite(t)
  const { device, page } = await open(t, browser, site.url)
  await post(page, '/login')
  for (let turn = 0; turn < 3; turn++) {
    site.clock.ahead += 60_000
    t.strictSame(await post(page, '/auth/refresh'), { status: 200 })
  }
  t.strictSame(new Set(site.seen.map(({ url }) => url)), new Set(['/auth/refresh']))
  t.match((await device.cookies()).map(({ name }) => name), [COOKIE_NAME])
  t.match(await site.app.sessions.list('anna'), [{ boundTo: null, generation: 3 }])
})

t.test('the browser is closed and started again', { skip: noChromium }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'device-bound-'))
  t.teardown(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const site = await createSite(t)
  const first = await launchProfile(folder, [DBSC, TRUST])
  const page = first.pages()[0] ?? await first.newPage()
  await page.goto(site.url)
  await logIn(page, site)
  await first.close()

  site.clock.ahead += 60_000
  const second = await launchProfile(folder, [DBSC, TRUST])
  t.teardown(() => second.close())
  const again = second.pages()[0] ?? await second.newPage()
  await again.goto(site.url)
  t.strictSame(await post(again, '/auth/refresh'), { status: 200 })
  t.equal(site.seen.filter(({ url }) => url === '/auth/dbsc/register').length, 1)
  t.match(await site.app.sessions.list('anna'), [{ boundTo: String }])
})
