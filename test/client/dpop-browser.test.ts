import { join } from 'node:path'
import cors from '@fastify/cors'
import { build } from 'esbuild'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshEvent, JwtRefreshOptions } from '../../index.ts'
import { SECRET } from '../fixtures/app.ts'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { root } from '../fixtures/package.ts'

/* Tests the key in WebCrypto and IndexedDB of a real browser with several tabs. */

t.setTimeout(120_000)

interface World {
  url: string
  app: FastifyInstance
  device: BrowserContext
  /** Each POST request with its response. */
  log: string[]
  events: JwtRefreshEvent[]
  open (options?: object): Promise<Page>
}

const { outputFiles } = await build({
  stdin: { contents: 'export { createAuthClient } from "./lib/client/index.ts"; export { withDpop } from "./lib/client/dpop.ts"', resolveDir: root, loader: 'ts' },
  bundle: true,
  format: 'esm',
  write: false,
  outfile: join(root, 'unused.js')
})
const script = outputFiles[0]!.text

async function createServer (t: Test, options: Partial<JwtRefreshOptions>, origin?: string): Promise<{ app: FastifyInstance, url: string, log: string[], events: JwtRefreshEvent[] }> {
  const app = Fastify({ forceCloseConnections: true })
  const log: string[] = []
  const events: JwtRefreshEvent[] = []
  if (origin !== undefined) await app.register(cors, { origin, credentials: true, exposedHeaders: ['DPoP-Nonce', 'WWW-Authenticate'] })
  app.addHook('onResponse', async ({ method, url }, { statusCode }) => { if (method !== 'OPTIONS') log.push(`${method} ${url} ${statusCode}`) })
  await app.register(jwtRefresh, { secret: SECRET, onEvent: (event) => events.push(event), ...(origin !== undefined && { trustedOrigins: [origin] }), ...options })
  app.get('/', async (_request, reply) => reply.type('text/html').send('<!doctype html><title>a tab</title><link rel="icon" href="data:,">'))
  app.get('/client.js', async (_request, reply) => reply.type('text/javascript').send(script))
  app.post('/login', async (request, reply) => reply.issueTokens({ sub: 'user-1', ...request.body as object }))
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  t.teardown(() => app.close())
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  return { app, log, events, url: `http://localhost:${port}` }
}

async function createWorld (t: Test, browser: Browser, dpop: JwtRefreshOptions['dpop']): Promise<World> {
  const server = await createServer(t, { dpop })
  const device = await browser.newContext()
  device.setDefaultTimeout(20_000)
  t.teardown(() => device.close())
  return {
    ...server,
    device,
    async open (options = {}) {
      const page = await device.newPage()
      await page.goto(server.url)
      await page.evaluate(`import('/client.js').then(({ createAuthClient, withDpop }) => { window.auth = withDpop(createAuthClient, ${JSON.stringify(options)}) })`)
      return page
    }
  }
}

const STATUS = 'auth.getSnapshot().status'
const REFRESH = 'auth.refresh().then(({ status }) => status)'
const ME = "auth.fetch('/me?x=1').then(({ status }) => status)"
/** The contents of IndexedDB, as visible to a script. */
const KEPT = `new Promise((resolve, reject) => {
  const request = indexedDB.open('fastify-jwt-refresh', 1)
  request.onerror = reject
  request.onsuccess = () => {
    const all = request.result.transaction('keys').objectStore('keys').getAll()
    all.onsuccess = () => resolve(Promise.all(all.result.map(async ({ privateKey, publicKey }) => ({
      extractable: privateKey.extractable,
      exported: await crypto.subtle.exportKey('jwk', privateKey).then(() => true, () => false),
      x: (await crypto.subtle.exportKey('jwk', publicKey)).x
    }))))
  }
})`

t.test('in Chromium', { skip: noChromium }, async (t) => {
  const browser = await launchChromium()
  t.teardown(() => browser.close())

  for (const bind of ['refresh', 'all'] as const) {
    t.test(`bind ${bind}: tabs share a key that no script can read, a reload finds it again, a logout ends it`, async (t) => {
      const world = await createWorld(t, browser, { mode: 'required', bind })
      const pages = await Promise.all([world.open(), world.open(), world.open()])
      await pages[0]!.evaluate('auth.logIn({})')
      for (const page of pages) t.equal(await page.evaluate(REFRESH), 'signed-in')
      t.strictSame(await Promise.all(pages.map(async (page) => await page.evaluate(ME))), [200, 200, 200])
      const kept = await pages[1]!.evaluate(KEPT) as object[]
      t.match(kept, [{ extractable: false, exported: false, x: /^[\w-]{43}$/ }])
      t.equal(kept.length, 1)

      await pages[2]!.reload()
      await pages[2]!.close()
      const reloaded = await world.open()
      t.equal(await reloaded.evaluate('auth.ready().then(({ status }) => status)'), 'signed-in')
      t.equal(await reloaded.evaluate(ME), 200)
      t.strictSame(await reloaded.evaluate(KEPT), kept)

      await reloaded.evaluate('auth.logout({ everywhere: true })')
      t.strictSame(await reloaded.evaluate(KEPT), [])
      await pages[0]!.waitForFunction(`${STATUS} === 'signed-out'`, undefined, { polling: 20 })
      t.strictSame(world.log.filter((line) => !/ 20\d$/.test(line)), [], 'nothing was refused')
    })

    t.test(`bind ${bind}: what a thief copies is useless, and the victim goes on`, async (t) => {
      const world = await createWorld(t, browser, { bind })
      const page = await world.open()
      await page.evaluate('auth.logIn({})')
      const [cookie] = await world.device.cookies()
      const accessToken = await page.evaluate('auth.getToken()')
      const headers = { cookie: `${cookie!.name}=${cookie!.value}` }
      const refresh = await world.app.inject({ method: 'POST', url: '/auth/refresh', headers })
      t.match({ status: refresh.statusCode, code: refresh.json().code }, { status: 403, code: 'FST_JWT_PROOF_REQUIRED' })
      const me = await world.app.inject({ url: '/me', headers: { authorization: `Bearer ${accessToken}` } })
      t.equal(me.statusCode, bind === 'all' ? 401 : 200)
      t.match(world.events.at(bind === 'all' ? -2 : -1), { type: 'refused', operation: 'refresh', reason: 'proof', subject: 'user-1' })
      t.equal(await page.evaluate(REFRESH), 'signed-in')
      t.equal(await page.evaluate(ME), 200)
    })
  }

  t.test('two tabs that log in at the same time agree on one key', async (t) => {
    const world = await createWorld(t, browser, { mode: 'required' })
    await world.device.addInitScript('delete Navigator.prototype.locks; delete window.BroadcastChannel')
    const pages = await Promise.all(Array.from({ length: 4 }, async () => await world.open()))
    await Promise.all(pages.map(async (page) => await page.evaluate('auth.logIn({})')))
    t.equal((await pages[0]!.evaluate(KEPT) as object[]).length, 1)
    for (const page of pages) t.equal(await page.evaluate(REFRESH), 'signed-in')
  })

  t.test('nonces', async (t) => {
    const world = await createWorld(t, browser, { mode: 'required', bind: 'all', nonce: true })
    const page = await world.open()
    t.equal(await page.evaluate('auth.logIn({}).then(({ status }) => status)'), 'signed-in')
    t.equal(await page.evaluate(ME), 200)
    t.strictSame(world.log.filter((line) => /login|me/.test(line)).slice(-3), ['POST /login 400', 'POST /login 200', 'GET /me?x=1 200'])
  })

  t.test('an API of another origin', async (t) => {
    const world = await createWorld(t, browser, {})
    const api = await createServer(t, { dpop: { mode: 'required', bind: 'all', nonce: true } }, world.url)
    const page = await world.open({ baseUrl: api.url })
    t.equal(await page.evaluate('auth.logIn({}).then(({ status }) => status)'), 'signed-in')
    t.equal(await page.evaluate(REFRESH), 'signed-in')
    t.equal(await page.evaluate(`auth.fetch('${api.url}/me').then(({ status }) => status)`), 200)
  })

  t.test('a user who clears the data of the site, but for the cookie, logs in again and goes on', async (t) => {
    const world = await createWorld(t, browser, { mode: 'required' })
    const page = await world.open()
    await page.evaluate('auth.logIn({})')
    const session = await world.device.newCDPSession(page)
    await session.send('Storage.clearDataForOrigin', { origin: world.url, storageTypes: 'indexeddb' })
    t.equal(await page.evaluate(REFRESH), 'signed-out')
    t.equal(await page.evaluate('auth.logIn({}).then(({ status }) => status)'), 'signed-in')
    t.equal(await page.evaluate(REFRESH), 'signed-in')
  })
})
