import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import Fastify from 'fastify'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import jwtRefresh from '../../index.ts'
import { SECRET } from '../fixtures/app.ts'
import { root } from '../fixtures/package.ts'

/* Six tabs of one browser and all that can happen to them: reloads, closes, sleeps, a network and a server that lose requests and answers. */

const TABS = 6
const LOSS = 0.05 // of the requests, and as many of the answers

const PATIENCE = 20_000 // ms

/** What the browser's driver says of a tab that is about to show another page, or its own page for errors. */
const BETWEEN_PAGES = /Not attached to an active page|Execution context was destroyed|interrupted by another navigation|net::ERR_|Timeout \d+ms exceeded/

/** Without locks and channels, as in old browsers and sandboxed frames. */
const WITHOUT = `
  Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })
  window.BroadcastChannel = class { constructor () { throw new DOMException('denied', 'SecurityError') } }
`

/** An app that uses the client all the time. What must not happen is thrown, so that it is seen as an error of the page. */
const APP = `
  import { createAuthClient } from './lib/client/index.ts'

  const auth = createAuthClient({ timeout: 2 })
  window.auth = auth
  auth.subscribe(() => {
    if (auth.getSnapshot().status === 'signed-out') setTimeout(() => { throw new Error('signed out') })
  })

  async function use () {
    try {
      const { status } = await auth.fetch('/me')
      // After three refreshes in half a minute that were of no use, the client leaves it at the 401.
      if (status !== 200 && status !== 401) throw new Error('/me answered ' + status)
    } catch (error) {
      // A request of the app's own that is lost is the app's own affair.
      if (error.name !== 'AuthUnavailableError' && error.message !== 'Failed to fetch') throw error
    }
    setTimeout(use, Math.random() * 500)
  }
  use()
`

export interface Report {
  /** How often each thing was done. */
  actions: Record<string, number>
  refreshes: number
  /** Requests and answers that were lost. */
  lost: number
  /** Errors and unhandled rejections of the pages. */
  errors: string[]
  /** Events of the server that nobody caused: `ended`, `reused`. */
  alarms: string[]
  /** Of each tab, once it is quiet. */
  statuses: string[]
}

/** @param isBare whether the browser has neither locks nor channels */
export async function runChaos (browser: Browser, seconds: number, isBare: boolean): Promise<Report> {
  const report: Report = { actions: {}, refreshes: 0, lost: 0, errors: [], alarms: [], statuses: [] }
  const { outputFiles: [script] } = await build({ stdin: { contents: APP, resolveDir: root, loader: 'js' }, bundle: true, format: 'esm', write: false, outfile: join(root, 'unused.js') })
  let isCalm = false

  const app = Fastify({ forceCloseConnections: true })
  const isLost = (): boolean => {
    const lost = !isCalm && Math.random() < LOSS
    if (lost) report.lost++
    return lost
  }
  app.addHook('onRequest', async (request) => {
    if (!/^\/(?:auth|me)/.test(request.url)) return
    await sleep(Math.random() * 200)
    if (isLost()) request.raw.socket.destroy()
  })
  app.addHook('onSend', async (request) => {
    if (/^\/(?:auth|me)/.test(request.url) && isLost()) request.raw.socket.destroy()
  })
  await app.register(jwtRefresh, {
    secret: SECRET,
    accessToken: { expiresIn: '5s' },
    onEvent ({ type }) {
      if (type === 'refreshed') report.refreshes++
      if (type === 'ended' || type === 'reused') report.alarms.push(type)
    }
  })
  app.get('/', async (_request, reply) => reply.type('text/html').send('<!doctype html><title>a tab</title><link rel="icon" href="data:,"><script type="module" src="/app.js"></script>'))
  app.get('/app.js', async (_request, reply) => reply.type('text/javascript').send(script!.text))
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const url = `http://localhost:${port}/`

  const device = await browser.newContext()
  try {
    if (isBare) await device.addInitScript(WITHOUT)
    device.on('weberror', (error) => report.errors.push(String(error.error())))
    await device.request.post(`${url}login`)
    const end = performance.now() + seconds * 1000
    const isOver = (): boolean => performance.now() > end
    const count = (action: string): void => { report.actions[action] = (report.actions[action] ?? 0) + 1 }

    const [pages] = await Promise.all([
      Promise.all(Array.from({ length: TABS }, async () => await live(device, url, isOver, count))),
      loseNetwork(device, isOver, count)
    ])
    await device.setOffline(false) // no tab is closed now
    isCalm = true
    for (const page of pages) report.statuses.push(await settle(page, url))
  } finally {
    await device.close()
    await app.close()
  }
  return report
}

/** What happens to one tab. */
async function live (device: BrowserContext, url: string, isOver: () => boolean, count: (action: string) => void): Promise<Page> {
  let page = await device.newPage()
  await visit(page, url)
  const actions: Record<string, () => Promise<unknown>> = {
    reload: () => visit(page, url),
    async close () {
      await page.close()
      page = await device.newPage()
      await visit(page, url)
    },
    async sleep () {
      const session = await device.newCDPSession(page)
      await session.send('Page.setWebLifecycleState', { state: 'frozen' })
      await sleep(Math.random() * 7000)
      await session.send('Page.setWebLifecycleState', { state: 'active' })
      await session.detach()
    },
    refresh: () => page.evaluate('void globalThis.auth?.refresh().catch(({ name }) => { if (name !== "AuthUnavailableError") throw new Error(name) })'),
    async comeBack () {
      await page.goto('about:blank')
      await sleep(Math.random() * 1000)
      await page.goBack()
    }
  }
  const names = Object.keys(actions)
  while (!isOver()) {
    await sleep(Math.random() * 3000)
    const name = names[Math.floor(Math.random() * names.length)]!
    try {
      const isDone = await Promise.race([actions[name]!().then(() => true), sleep(PATIENCE, false, { ref: false })])
      count(isDone ? name : `${name}, and stuck`)
      // The browser's driver may wait for ever for a tab between two pages.
      if (!isDone) page = await device.newPage()
    } catch (error) {
      // The last thing that happened to the tab goes on.
      if (!BETWEEN_PAGES.test(String(error))) throw new Error(`${name} failed`, { cause: error })
    }
  }
  return page
}

/** Loads the page, or shows the browser's own error page where there is no network. */
async function visit (page: Page, url: string): Promise<void> {
  await page.goto(url).catch((error: Error) => {
    if (!BETWEEN_PAGES.test(error.message)) throw error
  })
}

/** Resolves to the status after a refresh, once the tab shows the app again. */
async function settle (page: Page, url: string): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      await visit(page, url)
      return await Promise.race([page.evaluate<string>('auth.refresh().then(({ status }) => status)'), sleep(PATIENCE, 'no answer', { ref: false })])
    } catch (error) {
      if (tries === 10 || !/auth is not defined|Execution context was destroyed/.test(String(error))) throw error
    }
  }
}

async function loseNetwork (device: BrowserContext, isOver: () => boolean, count: (action: string) => void): Promise<void> {
  while (!isOver()) {
    await sleep(Math.random() * 6000)
    await setOffline(device, true)
    await sleep(Math.random() * 3000)
    await setOffline(device, false)
    count('offline')
  }
}

/** The driver tells one tab after the other, and fails at one that is closed just then. */
async function setOffline (device: BrowserContext, isOffline: boolean): Promise<void> {
  await device.setOffline(isOffline).catch((error: Error) => {
    if (!error.message.includes('closed')) throw error
  })
}
