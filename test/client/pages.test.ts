import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import cors from '@fastify/cors'
import { build } from 'esbuild'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh from '../../index.ts'
import { MINUTE, SECRET } from '../fixtures/app.ts'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { root } from '../fixtures/package.ts'

/* Typical apps in a real Chromium: with the widespread axios interceptor, and on another origin than the API as in docs/client.md. */

t.setTimeout(120_000)

const EMPTY = '<!doctype html><title>a page</title><link rel="icon" href="data:,">'

interface Api {
  app: FastifyInstance
  url: string
  clock: { ahead: number }
  /** Each request that is not a preflight, with its status. */
  log: string[]
  alarms: string[]
}

/** @param pages the origin of the pages, if it differs from that of the API */
async function createApi (t: Test, pages?: string): Promise<Api> {
  const app = Fastify({ forceCloseConnections: true })
  const log: string[] = []
  const alarms: string[] = []
  const clock = { ahead: 0 }
  app.addHook('onResponse', async ({ method, url }, { statusCode }) => {
    if (method !== 'OPTIONS') log.push(`${method} ${url} ${statusCode}`)
  })
  if (pages !== undefined) await app.register(cors, { origin: pages, credentials: true })
  await app.register(jwtRefresh, {
    secret: SECRET,
    now: () => Date.now() + clock.ahead,
    ...(pages !== undefined && { trustedOrigins: [pages] }),
    onEvent: ({ type }) => { if (type === 'reused' || type === 'ended') alarms.push(type) }
  })
  app.get('/', async (_request, reply) => reply.type('text/html').send(EMPTY))
  app.post('/login', async (request, reply) => {
    const { password } = request.body as { password: string }
    return password === 'open sesame' ? reply.issueTokens({ sub: 'anna', name: 'Anna' }) : reply.code(401).send({ error: 'wrong password' })
  })
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  app.get('/news', async ({ headers }) => headers.authorization ?? 'without a token')
  t.teardown(() => app.close())
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  return { app, url: `http://localhost:${port}`, clock, log, alarms }
}

/** Bundles the modules of a page to a script that defines their exports as properties of `app`. */
async function bundle (contents: string, files: Record<string, string> = {}): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: 'iife',
    globalName: 'app',
    write: false,
    alias: {
      'fastify-jwt-refresh/client': join(root, 'lib/client/index.ts'),
      'fastify-jwt-refresh/client/axios': join(root, 'lib/client/axios.ts')
    },
    plugins: [{
      name: 'files',
      setup ({ onResolve, onLoad }) {
        onResolve({ filter: /^\.\/\w+\.js$/ }, ({ path }) => path.slice(2) in files ? { path: path.slice(2), namespace: 'files' } : undefined)
        onLoad({ filter: /./, namespace: 'files' }, ({ path }) => ({ contents: files[path]!, resolveDir: root }))
      }
    }]
  })
  return outputFiles[0]!.text
}

async function open (device: BrowserContext, url: string, script: string, errors: string[]): Promise<Page> {
  const page = await device.newPage()
  page.on('pageerror', (error) => errors.push(String(error)))
  await page.goto(url)
  await page.addScriptTag({ content: script })
  return page
}

/** It refreshes with the same axios instance that it intercepts, and separately for each call. */
const INTERCEPTOR = `
  import axios from 'axios'
  const api = axios.create()
  let token
  api.interceptors.request.use((config) => {
    if (token) config.headers.Authorization = 'Bearer ' + token
    return config
  })
  api.interceptors.response.use((response) => response, async (error) => {
    const { config, response } = error
    if (response?.status !== 401 || config._retry) throw error
    config._retry = true
    const { data } = await api.post('/auth/refresh')
    token = data.accessToken
    return await api(config)
  })
  export async function logIn () {
    token = (await api.post('/login', { password: 'open sesame' })).data.accessToken
  }
  export async function loadAll () {
    return await Promise.all(Array.from({ length: 5 }, () => api.get('/me').then(({ status }) => status, ({ response }) => response.status)))
  }
`

const TABS = 3

t.test('the hand-written interceptor in three tabs', { skip: noChromium }, async (t) => {
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const script = await bundle(INTERCEPTOR)

  async function openTabs (t: Test, api: Api): Promise<{ pages: Page[], errors: string[] }> {
    const device = await browser.newContext()
    t.teardown(() => device.close())
    const errors: string[] = []
    const pages: Page[] = []
    for (let i = 0; i < TABS; i++) pages.push(await open(device, api.url, script, errors))
    return { pages, errors }
  }

  const loadAll = async (pages: Page[]): Promise<unknown> => (await Promise.all(pages.map(async (page) => await page.evaluate('app.loadAll()')))).flat()

  t.test('signed in: each call refreshes for itself, and nobody is logged out', async (t) => {
    const api = await createApi(t)
    const { pages, errors } = await openTabs(t, api)
    await pages[0]!.evaluate('app.logIn()')
    for (let i = 0; i < 3; i++) {
      t.strictSame(await loadAll(pages), Array(TABS * 5).fill(200))
      api.clock.ahead += 16 * MINUTE
    }
    t.strictSame(api.alarms, [])
    t.strictSame(errors, [])
  })

  t.test('signed out: one refused refresh a call, and no loop', async (t) => {
    const api = await createApi(t)
    const { pages, errors } = await openTabs(t, api)
    t.strictSame(await loadAll(pages), Array(TABS * 5).fill(403))
    t.equal(api.log.filter((line) => line === 'GET /me 401').length, TABS * 5)
    t.equal(api.log.filter((line) => line === 'POST /auth/refresh 403').length, TABS * 5)
    t.equal(api.log.length, TABS * 5 * 2 + TABS, 'and the pages')
    t.strictSame(errors, [])
  })
})

t.test('an app on another origin than the API, of the code in docs/client.md', { skip: noChromium }, async (t) => {
  const browser: Browser = await launchChromium()
  t.teardown(() => browser.close())
  const pages = Fastify({ forceCloseConnections: true })
  pages.get('/', async (_request, reply) => reply.type('text/html').send(EMPTY))
  t.teardown(() => pages.close())
  const { port } = new URL(await pages.listen({ host: '127.0.0.1', port: 0 }))
  const origin = `http://localhost:${port}`
  const api = await createApi(t, origin)

  const text = (await readFile(join(root, 'docs/client.md'), 'utf8')).replaceAll('https://api.example.com', api.url)
  const files = Object.fromEntries(Array.from(text.matchAll(/^```js\n(\/\/ (\w+\.js)\n[^]*?)^```$/gm), ([, code, name]) => [name, code]))
  const script = await bundle("export * from './auth.js'; export { loadProfile as loadByAxios, loadNews } from './api.js'; export { loadProfile as loadByKy } from './ky.js'", files)
  const device = await browser.newContext()
  t.teardown(() => device.close())
  const errors: string[] = []
  let page = await open(device, origin, script, errors)

  t.equal(await page.evaluate('app.auth.ready().then(({ status }) => status)'), 'signed-out')
  t.equal(await page.evaluate("app.logIn('anna@example.com', 'wrong').catch(({ message }) => message)"), 'Wrong e-mail or password')
  await page.evaluate("app.logIn('anna@example.com', 'open sesame')")
  for (const load of ['loadProfile', 'loadByAxios', 'loadByKy']) {
    api.clock.ahead += 16 * MINUTE
    t.match(await page.evaluate(`app.${load}()`), { sub: 'anna' }, load)
  }
  t.equal(await page.evaluate('app.loadNews()'), 'without a token')
  t.equal(api.log.filter((line) => line === 'POST /auth/refresh 200').length, 3)

  page = await open(device, origin, script, errors)
  t.match(await page.evaluate('app.auth.ready()'), { status: 'signed-in', claims: { name: 'Anna' } }, 'after a reload')
  t.strictSame(api.alarms, [])
  await page.evaluate('app.auth.logout()')
  page = await open(device, origin, script, errors)
  t.equal(await page.evaluate('app.auth.ready().then(({ status }) => status)'), 'signed-out')
  t.strictSame(errors, [])
})
