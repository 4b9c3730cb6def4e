import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import cors from '@fastify/cors'
import { build } from 'esbuild'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshEvent } from '../../index.ts'
import { SECRET } from '../fixtures/app.ts'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { createGate } from '../fixtures/gate.ts'
import { root } from '../fixtures/package.ts'

/* Tests the client in several tabs of a real browser, with its locks, channels, cookies and page events. */

t.setTimeout(120_000) // allows for a busy machine; usually takes a tenth of that

const REFRESH = 'POST /auth/refresh'
const LOGOUT = 'POST /auth/logout'

interface World {
  url: string
  app: FastifyInstance
  device: BrowserContext
  log: string[]
  events: JwtRefreshEvent[]
  /** Runs before a request is handled. */
  before: (request: FastifyRequest, reply: FastifyReply) => unknown
  open (options?: object): Promise<Page>
  count (line: string): number
}

const { outputFiles } = await build({
  stdin: { contents: 'export { createAuthClient } from "./lib/client/index.ts"', resolveDir: root, loader: 'ts' },
  bundle: true,
  format: 'esm',
  write: false,
  outfile: join(root, 'unused.js')
})
const script = outputFiles[0]!.text

async function createWorld (t: Test, browser: Browser): Promise<World> {
  const app = Fastify({ forceCloseConnections: true })
  const log: string[] = []
  const events: JwtRefreshEvent[] = []
  app.addHook('onRequest', async (request, reply) => {
    if (request.method === 'POST' || request.url === '/me') log.push(`${request.method} ${request.url}`)
    await world.before(request, reply)
  })
  await app.register(jwtRefresh, { secret: SECRET, onEvent: (event) => events.push(event) })
  app.get('/', async (_request, reply) => reply.type('text/html').send('<!doctype html><title>a tab</title><link rel="icon" href="data:,">'))
  app.get('/client.js', async (_request, reply) => reply.type('text/javascript').send(script))
  app.post('/login', async (request, reply) => reply.issueTokens({ sub: 'user-1', ...request.body as object }))
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  t.teardown(() => app.close())
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const url = `http://localhost:${port}`
  const device = await browser.newContext()
  device.setDefaultTimeout(20_000)
  t.teardown(() => device.close())

  const world: World = {
    url,
    app,
    device,
    log,
    events,
    before: () => {},
    async open (options = {}) {
      const page = await device.newPage()
      await page.goto(url)
      await page.evaluate(`import('/client.js').then(({ createAuthClient }) => { window.auth = createAuthClient(${JSON.stringify(options)}) })`)
      return page
    },
    count: (line) => log.filter((one) => one === line).length
  }
  return world
}

async function openAll (world: World, options?: object): Promise<Page[]> {
  return await Promise.all(Array.from({ length: 6 }, async () => await world.open(options)))
}

const LOGIN = "fetch('/login', { method: 'POST' }).then((response) => response.json())"
const STATUS = 'auth.getSnapshot().status'

async function statusOf (page: Page, status: string): Promise<void> {
  await page.waitForFunction(`${STATUS} === '${status}'`, undefined, { polling: 20 })
}

async function waitFor (isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000
  while (!await isTrue()) {
    if (performance.now() > end) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

t.test('in Chromium', { skip: noChromium }, async (t) => {
  const browser = await launchChromium()
  t.teardown(() => browser.close())

  t.test('six tabs that start together refresh once', async (t) => {
    const world = await createWorld(t, browser)
    const pages = await openAll(world)
    await pages[0]!.evaluate(LOGIN)
    const { opened, open } = createGate()
    world.before = ({ url }) => url === '/auth/refresh' ? opened : undefined
    const ready = pages.map(async (page) => await page.evaluate('auth.ready().then(({ status }) => status)'))
    // Respond only once all other tabs are waiting for the lock.
    await waitFor(async () => await pages[0]!.evaluate('navigator.locks.query().then(({ pending }) => pending.length)') === 5)
    open()
    t.strictSame(await Promise.all(ready), Array(6).fill('signed-in'))
    t.equal(world.count(REFRESH), 1)
    t.notOk(world.events.some(({ type }) => type === 'reused'))
  })

  t.test('sign-in and sign-out reach the other tabs', async (t) => {
    for (const crossTab of [true, 'strict']) {
      const world = await createWorld(t, browser)
      const pages = await openAll(world, { crossTab })
      await pages[0]!.evaluate('auth.ready()')
      await pages[1]!.evaluate(`${LOGIN}.then(auth.setSession)`)
      await Promise.all(pages.map(async (page) => await statusOf(page, 'signed-in')))
      t.equal(world.count(REFRESH), crossTab === true ? 1 : 6)
      await pages[2]!.evaluate('auth.logout()')
      await Promise.all(pages.map(async (page) => await statusOf(page, 'signed-out')))
      t.strictSame(await world.device.cookies(), [])
      t.equal(world.count(LOGOUT), 1)
    }
  })

  t.test('where neither locks nor channels exist, nobody is signed out', async (t) => {
    const world = await createWorld(t, browser)
    await world.device.addInitScript('delete Navigator.prototype.locks; delete window.BroadcastChannel')
    const pages = await openAll(world)
    t.equal(await pages[0]!.evaluate("'locks' in navigator || 'BroadcastChannel' in window"), false)
    await pages[0]!.evaluate(LOGIN)
    for (let i = 0; i < 3; i++) {
      t.strictSame(await Promise.all(pages.map(async (page) => await page.evaluate('auth.refresh().then(({ status }) => status)'))), Array(6).fill('signed-in'))
    }
    t.notOk(world.events.some(({ type }) => type === 'reused' || type === 'ended'))
  })

  t.test('fifty parallel 401s: one refresh, fifty replays', async (t) => {
    const world = await createWorld(t, browser)
    const page = await world.open()
    await page.evaluate(`${LOGIN}.then(auth.setSession)`)
    const stale = await page.evaluate('auth.getToken()')
    world.before = async ({ headers }, reply) => {
      if (headers.authorization === `Bearer ${stale}`) await reply.code(401).send({ code: 'FST_JWT_ACCESS_TOKEN_EXPIRED' })
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 - Date.now() % 1000)) // tokens issued in the same second would be equal
    t.strictSame(await page.evaluate("Promise.all(Array.from({ length: 50 }, () => auth.fetch('/me').then(({ status }) => status)))"), Array(50).fill(200))
    t.equal(world.count(REFRESH), 1)
    t.equal(world.count('GET /me'), 100)
  })

  t.test('leaving the page in the middle of a refresh does not lose the new cookie', async (t) => {
    const world = await createWorld(t, browser)
    const page = await world.open()
    await page.evaluate(LOGIN)
    const [before] = await world.device.cookies()
    const { opened, open } = createGate()
    world.before = ({ url }) => url === '/auth/refresh' ? opened : undefined
    await page.evaluate('void auth.ready()')
    await waitFor(() => world.count(REFRESH) === 1)
    await page.goto('about:blank')
    open()
    await waitFor(async () => (await world.device.cookies())[0]?.value !== before!.value)
    world.before = () => {}
    const next = await world.open()
    t.equal(await next.evaluate('auth.ready().then(({ status }) => status)'), 'signed-in')
  })

  t.test('a sleeping laptop, a hidden tab, and a network that comes back', async (t) => {
    const world = await createWorld(t, browser)
    await world.device.clock.install()
    const page = await world.open()
    await page.evaluate(`${LOGIN}.then(auth.setSession)`)
    await page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true, writable: true })")
    await world.device.clock.fastForward('10:00:00')
    await world.device.clock.runFor(2000)
    t.equal(world.count(REFRESH), 0)
    await page.evaluate("document.visibilityState = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    await waitFor(() => world.count(REFRESH) === 1)
    await page.waitForFunction('auth.getSnapshot().expiresAt > Date.now()', undefined, { polling: 20 })

    await world.device.clock.fastForward('10:00:00') // sleep while visible, which fires no event
    await waitFor(() => world.count(REFRESH) === 2)
    await page.waitForFunction('auth.getSnapshot().expiresAt > Date.now()', undefined, { polling: 20 })

    await world.device.setOffline(true)
    t.equal(await page.evaluate('auth.refresh().catch(({ name }) => name)'), 'AuthUnavailableError')
    t.equal(await page.evaluate(STATUS), 'signed-in')
    await world.device.setOffline(false)
    await page.waitForFunction('auth.getSnapshot().error === null', undefined, { polling: 20 })
    t.equal(world.count(REFRESH), 3)
  })

  t.test('a login at an API of another origin', async (t) => {
    const world = await createWorld(t, browser)
    const page = await world.open()
    const api = Fastify({ forceCloseConnections: true })
    await api.register(cors, { origin: world.url, credentials: true })
    await api.register(jwtRefresh, { secret: SECRET, trustedOrigins: [world.url] })
    api.post('/login', async (request, reply) => reply.issueTokens({ sub: 'user-1' }))
    t.teardown(() => api.close())
    const { port } = new URL(await api.listen({ host: '127.0.0.1', port: 0 }))
    await page.evaluate(`import('/client.js').then(({ createAuthClient }) => { window.auth = createAuthClient({ baseUrl: 'http://localhost:${port}' }) })`)
    await page.evaluate(`auth.fetch('http://localhost:${port}/login', { method: 'POST' }).then((response) => response.json()).then(auth.setSession)`)
    t.equal(await page.evaluate('auth.refresh().then(({ status }) => status)'), 'signed-in', 'its cookie was kept')
  })

  t.test('a redirect to another origin goes without the token', async (t) => {
    const seen: unknown[] = []
    const elsewhere = createServer((request, response) => {
      if (request.method === 'GET') seen.push(request.headers.authorization)
      response.writeHead(200, { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }).end('{}')
    }).listen(0, '127.0.0.1')
    t.teardown(() => elsewhere.close())
    const world = await createWorld(t, browser)
    const page = await world.open()
    await page.evaluate(`${LOGIN}.then(auth.setSession)`)
    world.before = async ({ url }, reply) => {
      if (url === '/me') await reply.redirect(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`)
    }
    t.equal(await page.evaluate("auth.fetch('/me').then(({ status }) => status)"), 200)
    t.strictSame(seen, [undefined])
  })

  t.test('no token is stored, or in an address', async (t) => {
    const world = await createWorld(t, browser)
    const urls: string[] = []
    world.device.on('request', (request) => urls.push(request.url()))
    const page = await world.open()
    await page.evaluate(`${LOGIN}.then(auth.setSession)`)
    await page.evaluate("auth.refresh().then(() => auth.fetch('/me'))")
    const token = await page.evaluate('auth.getToken()') as string
    const kept = String(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, auth.getSnapshot()])'))
    t.match(kept, 'user-1')
    const signature = token.split('.')[2]!
    t.notMatch(kept + urls.join(), signature)
  })
})
