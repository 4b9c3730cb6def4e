import t from 'tap'
import type { AuthClientOptions } from '../../lib/client/index.ts'
import type { Locks, Page } from '../../lib/client/page.ts'
import { createBrowser, createLocks, settle, stayAlive } from '../fixtures/client.ts'
import type { Browser } from '../fixtures/client.ts'
import { createGate } from '../fixtures/gate.ts'
import { MINUTE, SECOND } from '../fixtures/app.ts'

const REFRESH = 'POST /auth/refresh'

async function open (t: Parameters<typeof createBrowser>[0], options: AuthClientOptions = {}, page: Partial<Page> = {}) {
  const browser = await createBrowser(t)
  const tabs = Array.from({ length: 6 }, () => browser.newTab(options, page))
  return { browser, tabs }
}

function statuses (tabs: Array<{ auth: { getSnapshot (): { status: string } } }>): string[] {
  return tabs.map(({ auth }) => auth.getSnapshot().status)
}

t.test('six tabs that start together refresh once', async (t) => {
  const { browser, tabs } = await open(t)
  await browser.login()
  await Promise.all(tabs.map(async ({ auth }) => await auth.ready()))
  t.strictSame(statuses(tabs), Array(6).fill('signed-in'))
  t.equal(browser.count(REFRESH), 1)
  const tokens = await Promise.all(tabs.map(async ({ auth }) => await auth.getToken()))
  t.equal(new Set(tokens).size, 1)
})

t.test('and once when nobody is signed in', async (t) => {
  const { browser, tabs } = await open(t)
  await Promise.all(tabs.map(async ({ auth }) => await auth.ready()))
  t.strictSame(statuses(tabs), Array(6).fill('signed-out'))
  t.equal(browser.count(REFRESH), 1)
})

t.test('the refresh in the background is one for all', async (t) => {
  const { browser, tabs } = await open(t)
  tabs[0]!.auth.setSession(await browser.login())
  await settle()
  await browser.pass(14 * MINUTE + 30 * SECOND)
  t.equal(browser.count(REFRESH), 1)
  await browser.pass(0)
  t.equal(browser.count(REFRESH), 1)
})

t.test('when the first one fails, the next ones try', async (t) => {
  const { browser, tabs } = await open(t)
  await browser.login()
  browser.intercept = ({ url }) => url.endsWith('/refresh') && browser.count(REFRESH) === 1 ? new Response('', { status: 500 }) : undefined
  const results = await Promise.allSettled(tabs.map(async ({ auth }) => await auth.ready()))
  t.equal(results.filter(({ status }) => status === 'rejected').length, 1)
  t.equal(browser.count(REFRESH), 2)
  t.strictSame(statuses(tabs), Array(6).fill('signed-in'), 'and the first one hears of it')
})

t.test('in strict mode the token is not told', async (t) => {
  const messages: unknown[] = []
  const browser = await createBrowser(t)
  const tabs = Array.from({ length: 3 }, () => browser.newTab({ crossTab: 'strict' }))
  new tabs[0]!.page.BroadcastChannel!('http://localhost/auth/refresh').onmessage = ({ data }) => messages.push(data)
  await Promise.all(tabs.map(async ({ auth }) => await auth.ready()))
  const login = await browser.login()
  tabs[0]!.auth.setSession(login)
  await settle()
  await settle()
  t.strictSame(statuses(tabs), Array(3).fill('signed-in'), 'each asks the server')
  t.equal(browser.count(REFRESH), 1 + 2)
  t.equal(new Set(await Promise.all(tabs.map(async ({ auth }) => await auth.getToken()))).size > 0, true)
  await tabs[1]!.auth.logout()
  await settle()
  t.strictSame(statuses(tabs), Array(3).fill('signed-out'))
  t.ok(messages.length > 3)
  t.notMatch(JSON.stringify(messages), 'eyJ')
  t.equal(browser.count(REFRESH), 1 + 2, 'nobody tells in circles')
})

for (const [name, page] of Object.entries<Partial<Page>>({
  'without locks': { navigator: {} },
  'without channels': { BroadcastChannel: undefined },
  'with neither': { navigator: {}, BroadcastChannel: undefined },
  'with channels that are denied, as where a browser stores nothing': { BroadcastChannel: class { constructor () { throw new Error('SecurityError') } } as never },
  'with channels that tell nothing': { BroadcastChannel: class { onmessage = null; close (): void {}; postMessage (): void { throw new Error('InvalidStateError') } } },
  'with locks that are refused, as in a sandboxed frame': { navigator: { locks: { request: async () => { throw new Error('SecurityError') } } }, BroadcastChannel: undefined }
})) {
  t.test(`${name} still nobody is signed out`, async (t) => {
    const { browser, tabs } = await open(t, {}, page)
    await browser.login()
    await Promise.all(tabs.map(async ({ auth }) => await auth.ready()))
    for (const pause of [0, 5 * SECOND, 14 * MINUTE + 50 * SECOND, 20 * MINUTE, 60 * MINUTE]) {
      await browser.pass(pause)
      const answers = await Promise.all(tabs.map(async ({ auth }) => await auth.fetch('/me')))
      t.strictSame(answers.map(({ status }) => status), Array(6).fill(200))
    }
    t.notOk(browser.events.some(({ type }) => type === 'reused' || type === 'ended'))
    t.strictSame(statuses(tabs), Array(6).fill('signed-in'))
  })
}

t.test('crossTab: false tells nobody', async (t) => {
  const { browser, tabs } = await open(t, { crossTab: false })
  tabs[0]!.auth.setSession(await browser.login())
  await settle()
  t.strictSame(statuses(tabs), ['signed-in', ...Array(5).fill('unknown')])
})

t.test('sign-in and sign-out reach the other tabs', async (t) => {
  const { browser, tabs } = await open(t)
  await Promise.all(tabs.map(async ({ auth }) => await auth.ready()))
  tabs[1]!.auth.setSession(await browser.login())
  await settle()
  t.strictSame(statuses(tabs), Array(6).fill('signed-in'))
  tabs[2]!.auth.setSession(await browser.login({ sub: 'bob' }))
  await settle()
  t.strictSame(tabs.map(({ auth }) => auth.getSnapshot().claims?.sub), Array(6).fill('bob'))
  await tabs[3]!.auth.logout()
  await settle()
  t.strictSame(statuses(tabs), Array(6).fill('signed-out'))
  t.equal(browser.count(REFRESH), 1)
})

t.test('clients of another key hear nothing', async (t) => {
  const browser = await createBrowser(t)
  const one = browser.newTab({ key: 'one' })
  const two = browser.newTab({ key: 'two' })
  one.auth.setSession(await browser.login())
  await settle()
  t.strictSame(statuses([one, two]), ['signed-in', 'unknown'])
})

t.test('nothing brings a session back where someone has signed out', async (t) => {
  const browser = await createBrowser(t)
  const [one, two] = [browser.newTab({}, { navigator: {} }), browser.newTab({}, { navigator: {} })]
  one.auth.setSession(await browser.login())
  await settle()
  const channel = new one.page.BroadcastChannel!('http://localhost/auth/refresh')
  await two.auth.logout()
  await settle()
  const token = { accessToken: 'e30.e30.x', expiresIn: 900, expiresAt: Date.now() + 900_000, claims: { sub: 'user-1', sid: 'x' } }
  channel.postMessage({ format: 1, news: 'refreshed', sid: 'x', token }) // a message that was still in flight
  await settle()
  t.strictSame(statuses([one, two]), ['signed-out', 'signed-out'])
})

t.test('a sign-out of another session than ours: the server is asked', async (t) => {
  const browser = await createBrowser(t)
  const { auth, page } = browser.newTab()
  auth.setSession(await browser.login())
  const channel = new page.BroadcastChannel!('http://localhost/auth/refresh')
  channel.postMessage({ format: 1, news: 'signed-out', sid: 'another', token: null })
  await settle()
  t.equal(auth.getSnapshot().status, 'signed-in')
  t.equal(browser.count(REFRESH), 1)
  await browser.app.sessions.revokeAll('user-1')
  channel.postMessage({ format: 1, news: 'signed-out', sid: undefined, token: null })
  await settle()
  t.equal(auth.getSnapshot().status, 'signed-out')
})

t.test('a refresh of another session than ours is none of ours', async (t) => {
  const browser = await createBrowser(t)
  const { auth, page } = browser.newTab()
  auth.setSession(await browser.login())
  const token = await auth.getToken()
  const channel = new page.BroadcastChannel!('http://localhost/auth/refresh')
  channel.postMessage({ format: 1, news: 'refreshed', sid: 'another', token: { accessToken: 'e30.e30.x', expiresIn: 900, expiresAt: Date.now() + 900_000, claims: {} } })
  await settle()
  t.equal(await auth.getToken(), token)
})

t.test('a message of an unknown shape is ignored, as from another version of the client', async (t) => {
  const browser = await createBrowser(t)
  const { auth, page } = browser.newTab()
  auth.setSession(await browser.login())
  const before = auth.getSnapshot()
  const sid = before.claims?.sid
  const token = { accessToken: 'e30.e30.x', expiresIn: 900, expiresAt: Date.now() + 900_000, claims: { sub: 'mallory', sid } }
  const messages: unknown[] = [
    undefined, null, 0, 'signed-out', [], {},
    ['signed-in', sid, token],
    { news: 'signed-in', sid, token },
    { news: 'signed-out', sid, token: null },
    { format: 2, news: 'signed-in', sid, token },
    { format: '1', news: 'signed-out', sid }
  ]
  // Called directly, so that an exception in the handler fails this test.
  const channels: Array<{ onmessage: ((event: { data: unknown }) => void) | null }> = []
  const { BroadcastChannel: Channel } = page
  const spied = browser.newTab({}, {
    BroadcastChannel: class extends Channel! {
      constructor (name: string) {
        super(name)
        channels.push(this)
      }
    }
  })
  spied.auth.setSession(await browser.login())
  await settle()
  const snapshot = spied.auth.getSnapshot()
  const channel = new page.BroadcastChannel!('http://localhost/auth/refresh')
  for (const data of messages) {
    channels[0]!.onmessage!({ data })
    channel.postMessage(data)
  }
  await settle()
  t.equal(spied.auth.getSnapshot(), snapshot)
  t.equal(browser.count(REFRESH), 0)
  channel.postMessage({ format: 1, news: 'signed-in', sid, token })
  await settle()
  t.match(auth.getSnapshot(), { claims: { sub: 'mallory' } }, 'one of the known shape is not')
})

t.test('in strict mode, a sign-in elsewhere during a refresh here', async (t) => {
  const browser = await createBrowser(t)
  const [one, two] = [browser.newTab({ crossTab: 'strict' }), browser.newTab({ crossTab: 'strict' })]
  one.auth.setSession(await browser.login())
  await settle()
  await settle()
  const { opened, open } = createGate()
  browser.intercept = async ({ url }) => {
    if (url.endsWith('/refresh')) await opened
  }
  const refresh = one.auth.refresh()
  await settle()
  two.auth.setSession(await browser.login({ sub: 'bob' }))
  await settle()
  open()
  await refresh
  await settle()
  t.match(one.auth.getSnapshot(), { status: 'signed-in', claims: { sub: 'bob' } })
})

t.test('a tab that sleeps with the lock stops the others for a while only, and none is stolen', async (t) => {
  stayAlive(t)
  const locks = createLocks()
  const browser: Browser = await createBrowser(t)
  await browser.login()
  const { opened, open } = createGate()
  const asked: object[] = []
  const spied = {
    request: async (name: string, options: object, fn: (lock: unknown) => unknown) => {
      asked.push(options)
      return await locks.request(name, options, fn)
    }
  }
  const sleeping = locks.request('http://localhost/auth/refresh', {}, async () => await opened)
  const { auth } = browser.newTab({ timeout: 0.05 }, { navigator: { locks: spied } })
  t.equal((await auth.ready()).status, 'signed-in')
  t.equal(browser.count(REFRESH), 1)
  t.match(asked, [{ ifAvailable: true }, { signal: AbortSignal }])
  t.notOk(asked.some((options) => 'steal' in options))
  await auth.fetch('/me')
  t.equal(asked.length, 2, 'around refresh and logout only')
  open()
  await sleeping
})

t.test('locks that never answer are waited for once', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  let asked = 0
  const request = async (): Promise<never> => {
    asked++
    return await new Promise(() => {})
  }
  const { auth } = browser.newTab({ timeout: 0.05 }, { navigator: { locks: { request } } })
  t.equal((await auth.ready()).status, 'signed-in')
  await auth.refresh()
  await auth.logout()
  t.equal(asked, 1)
  t.equal(browser.count(REFRESH), 2)
})

t.test('a lock that is granted too late does nothing a second time', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  const { opened, open } = createGate()
  const request: Locks['request'] = async (_name, _options, fn) => {
    await opened
    return await fn({})
  }
  const { auth } = browser.newTab({ timeout: 0.05 }, { navigator: { locks: { request } } })
  await auth.ready()
  open()
  await settle()
  t.equal(browser.count(REFRESH), 1)
})

t.test('a tab that is signed out asks when another one refreshes a session that it has not ended', async (t) => {
  for (const crossTab of [true, 'strict'] as const) {
    const browser = await createBrowser(t)
    const tabs = Array.from({ length: 3 }, () => browser.newTab({ crossTab }))
    await Promise.all(tabs.map(async ({ auth }) => await auth.ready()))
    t.strictSame(statuses(tabs), Array(3).fill('signed-out'))
    await browser.login() // with a redirect, so that no client knows
    const { auth } = browser.newTab({ crossTab })
    await auth.ready()
    await settle()
    t.strictSame(statuses(tabs), Array(3).fill('signed-in'), `crossTab: ${crossTab}`)
  }
})

t.test('late news of a session that has ended here asks nobody', async (t) => {
  const browser = await createBrowser(t)
  const { auth, page } = browser.newTab()
  const other = browser.newTab()
  auth.setSession(await browser.login())
  await settle()
  const { sid } = auth.getSnapshot().claims!
  await auth.logout()
  await settle()
  new page.BroadcastChannel!('http://localhost/auth/refresh').postMessage({ format: 1, news: 'refreshed', sid, token: null })
  await settle()
  t.equal(browser.count(REFRESH), 0)
  t.strictSame(statuses([{ auth }, other]), ['signed-out', 'signed-out'])
})
