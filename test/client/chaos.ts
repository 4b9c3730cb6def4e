import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import Fastify from 'fastify'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import jwtRefresh from '../../index.ts'
import { SECRET } from '../fixtures/app.ts'
import { root } from '../fixtures/package.ts'

/* Six tabs of one browser are reloaded, closed and suspended, while the network and the server lose requests and responses. */

const TABS = 6
const LOSS = 0.05 // the share of lost requests, and of lost responses

const PATIENCE = 20_000 // ms

/** Playwright's errors for a tab that is navigating or that shows the browser's error page. */
const BETWEEN_PAGES = /Not attached to an active page|Execution context was destroyed|interrupted by another navigation|net::ERR_|Timeout \d+ms exceeded/

/** Removes locks and channels, as in old browsers and sandboxed frames. */
const WITHOUT = `
  Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })
  window.BroadcastChannel = class { constructor () { throw new DOMException('denied', 'SecurityError') } }
`

/** An app that uses the client continuously. It throws if something is wrong, so that the page reports an error. */
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
  /** The number of times of each action. */
  actions: Record<string, number>
  refreshes: number
  /** The number of lost requests and responses. */
  lost: number
  /** Errors and unhandled rejections of the pages. */
  errors: string[]
  /** Unexpected events of the server: `ended`, `reused`. */
  alarms: string[]
  /** The final status of each tab. */
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
    await device.setOffline(false) // no tab is being closed any more
    isCalm = true
    for (const page of pages) report.statuses.push(await settle(page, url))
  } finally {
    await device.close()
    await app.close()
  }
  return report
}

/** Performs random actions in one tab. */
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
      // Playwright may wait forever for a tab that is navigating.
      if (!isDone) page = await device.newPage()
    } catch (error) {
      // The previous action is still in progress.
      if (!BETWEEN_PAGES.test(String(error))) throw new Error(`${name} failed`, { cause: error })
    }
  }
  return page
}

/** Loads the page, or the browser's error page if there is no network. */
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

/** Playwright updates the tabs in turn, and throws if one is closed in the meantime. */
async function setOffline (device: BrowserContext, isOffline: boolean): Promise<void> {
  await device.setOffline(isOffline).catch((error: Error) => {
    if (!error.message.includes('closed')) throw error
  })
}
