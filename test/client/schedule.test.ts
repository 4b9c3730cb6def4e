import t from 'tap'
import { createBrowser, settle } from '../fixtures/client.ts'
import type { Browser } from '../fixtures/client.ts'
import { createGate } from '../fixtures/gate.ts'
import { DAY, MINUTE, SECOND } from '../fixtures/app.ts'

const REFRESH = 'POST /auth/refresh'

t.test('a refresh before the end, a minute at most, and not for everyone at the same moment', async (t) => {
  const { newTab, login, pass, count } = await createBrowser(t)
  const { auth } = newTab()
  auth.setSession(await login())
  const first = await auth.getToken()
  await pass(14 * MINUTE - SECOND)
  t.equal(count(REFRESH), 0)
  await pass(16 * SECOND)
  t.equal(count(REFRESH), 1, 'between 60 and 45 seconds before the end')
  t.not(await auth.getToken(), first)
  await pass(SECOND)
  t.equal(count(REFRESH), 1)
})

t.test('it is jittered', async (t) => {
  const { random } = Math
  t.teardown(() => { Math.random = random })
  const { newTab, login, pass, count } = await createBrowser(t)
  Math.random = () => 0
  const { auth } = newTab()
  auth.setSession(await login())
  Math.random = () => 0.99
  const other = newTab({ crossTab: false, key: 'other' })
  other.auth.setSession(await login())
  await pass(14 * MINUTE)
  t.equal(count(REFRESH), 1)
  await pass(14 * SECOND)
  t.equal(count(REFRESH), 1)
  await pass(2 * SECOND)
  t.equal(count(REFRESH), 2)
})

t.test('leeway is a quarter of the lifetime at most', async (t) => {
  const { newTab, login, pass, count } = await createBrowser(t, { accessToken: { expiresIn: 20 } })
  const { auth } = newTab({ leeway: 300 })
  auth.setSession(await login())
  await pass(14 * SECOND)
  t.equal(count(REFRESH), 0)
  await pass(2250)
  t.equal(count(REFRESH), 1)
})

t.test('only in a visible tab, and at once when it becomes visible', async (t) => {
  const { newTab, login, pass, count, clock } = await createBrowser(t)
  const tab = newTab()
  const { auth, page, dispatch } = tab
  auth.setSession(await login())
  page.document.visibilityState = 'hidden'
  await pass(20 * MINUTE)
  t.equal(count(REFRESH), 0)
  dispatch({ type: 'visibilitychange' })
  await settle()
  t.equal(count(REFRESH), 0, 'it became hidden')
  page.document.visibilityState = 'visible'
  dispatch({ type: 'visibilitychange' })
  await settle()
  t.equal(count(REFRESH), 1)
  for (const type of ['visibilitychange', 'pageshow', 'online']) dispatch({ type })
  await settle()
  t.equal(count(REFRESH), 1, 'nothing is due')
  for (const type of ['pageshow', 'online', 'visibilitychange']) {
    clock.now += 15 * MINUTE
    const before = count(REFRESH)
    dispatch({ type })
    await settle()
    t.equal(count(REFRESH), before + 1, type)
  }
})

t.test('autoRefresh: always and never', async (t) => {
  const { newTab, login, pass, count } = await createBrowser(t)
  const never = newTab({ autoRefresh: false, crossTab: false, key: 'never' })
  never.auth.setSession(await login())
  t.ok(never.isQuiet())
  await pass(20 * MINUTE)
  never.dispatch({ type: 'online' })
  await settle()
  t.equal(count(REFRESH), 0)
  t.ok(await never.auth.getToken())
  t.equal(count(REFRESH), 1, 'whoever asks gets a good one')

  const always = newTab({ autoRefresh: 'always', crossTab: false, key: 'always' })
  always.page.document.visibilityState = 'hidden'
  always.auth.setSession(await login())
  await pass(15 * MINUTE)
  t.equal(count(REFRESH), 2)
})

t.test('lifetimes beyond what a timer can hold', async (t) => {
  const { newTab, login, pass, count } = await createBrowser(t, {
    accessToken: { expiresIn: '60d' }, refreshToken: { expiresIn: '90d', maxAge: '120d' }
  })
  const { auth } = newTab()
  auth.setSession(await login())
  for (const days of [0, 25, 34]) {
    await pass(days * DAY)
    t.equal(count(REFRESH), 0, `${days} days later`)
  }
  await pass(DAY)
  t.equal(count(REFRESH), 1)
})

for (const hours of [-5, 5]) {
  t.test(`a local clock ${hours} hours off`, async (t) => {
    const { newTab, login, pass, clock, count } = await createBrowser(t)
    Date.now = () => clock.now + hours * 60 * MINUTE
    const { auth } = newTab()
    auth.setSession(await login())
    t.equal(auth.getSnapshot().expiresAt, Date.now() + 15 * MINUTE)
    await pass(13 * MINUTE)
    t.ok(await auth.getToken())
    t.equal(count(REFRESH), 0)
    await pass(MINUTE + 15 * SECOND)
    t.equal(count(REFRESH), 1)
  })
}

t.test('a clock that someone sets back', async (t) => {
  const { newTab, login, clock, count } = await createBrowser(t)
  const { auth } = newTab()
  auth.setSession(await login())
  Date.now = () => clock.now - 60 * MINUTE
  t.ok(await auth.getToken())
  t.equal(count(REFRESH), 1, 'how long the token lives on, no one knows')
  t.ok(await auth.getToken())
  t.equal(count(REFRESH), 1)
})

t.test('the age of a token counts from when it was asked for', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  const { opened, open } = createGate()
  browser.intercept = () => opened
  const { auth } = browser.newTab({ autoRefresh: false })
  const asked = browser.clock.now
  const ready = auth.ready()
  await settle()
  browser.clock.now += 5 * SECOND
  open()
  t.equal((await ready).expiresAt, asked + 15 * MINUTE)
})

t.test('a page from the back/forward cache asks anew: it has heard nothing', async (t) => {
  const { newTab, login, app } = await createBrowser(t)
  const { auth, dispatch } = newTab({ autoRefresh: true })
  auth.setSession(await login())
  await app.sessions.revokeAll('user-1')
  dispatch({ type: 'pageshow', persisted: false })
  await settle()
  t.equal(auth.getSnapshot().status, 'signed-in')
  dispatch({ type: 'pageshow', persisted: true })
  await settle()
  t.equal(auth.getSnapshot().status, 'signed-out')
})

t.test('dispose stops everything', async (t) => {
  const { newTab, login, pass, count } = await createBrowser(t)
  const tab = newTab()
  const other = newTab()
  tab.auth.setSession(await login())
  await settle()
  t.equal(tab.isQuiet(), false)
  tab.auth.dispose()
  tab.auth.dispose()
  t.ok(tab.isQuiet())
  await tab.auth.logout()
  await pass(0)
  t.equal(other.auth.getSnapshot().status, 'signed-in', 'it tells nobody any more')
  t.equal(count(REFRESH), 0)
})

/** Counts the refreshes during this number of hours. */
async function countRefreshes (browser: Browser, hours: number): Promise<number> {
  const before = browser.count(REFRESH)
  for (let minute = 0; minute < 60 * hours; minute++) await browser.pass(MINUTE)
  return browser.count(REFRESH) - before
}

for (const autoRefresh of [true, 'always'] as const) {
  t.test(`autoRefresh: ${autoRefresh}, and a page that nobody looks at`, async (t) => {
    const browser = await createBrowser(t, { refreshToken: { expiresIn: '2h' } })
    const { auth, dispatch } = browser.newTab({ autoRefresh, idleAfter: 1800 })
    auth.setSession(await browser.login())
    t.equal(await countRefreshes(browser, 12), 2, 'half an hour long')
    for (const event of [{ type: 'online' }, { type: 'pageshow', persisted: true }, { type: 'visibilitychange' }]) dispatch(event)
    await settle()
    t.equal(auth.getSnapshot().status, 'signed-in', 'nobody has asked')
    dispatch({ type: 'pointerdown' })
    await browser.pass(SECOND)
    t.equal(auth.getSnapshot().status, 'signed-out', 'the session has run out')
  })
}

t.test('whoever is at work stays signed in, in whatever tab', async (t) => {
  const browser = await createBrowser(t)
  const tabs = [browser.newTab({ idleAfter: 600 }), browser.newTab({ idleAfter: 600 })]
  tabs[0]!.auth.setSession(await browser.login())
  await settle()
  tabs[0]!.page.document.visibilityState = 'hidden'
  for (const type of ['pointerdown', 'pointermove', 'keydown', 'touchstart', 'wheel']) {
    const before = browser.count(REFRESH)
    await browser.pass(9 * MINUTE)
    tabs[0]!.dispatch({ type })
    tabs[0]!.dispatch({ type })
    await settle()
    await browser.pass(6 * MINUTE)
    t.equal(browser.count(REFRESH), before + 1, type)
  }
  tabs[0]!.auth.dispose()
  t.ok(tabs[0]!.isQuiet())
})

t.test('activity is told to the other tabs once a second at most, and is no news of a session', async (t) => {
  const browser = await createBrowser(t)
  const { auth, page, dispatch } = browser.newTab({ idleAfter: 600 })
  auth.setSession(await browser.login())
  const told: unknown[] = []
  new page.BroadcastChannel!('http://localhost/auth/refresh').onmessage = ({ data }) => told.push(data)
  const { auth: withoutOption } = browser.newTab()
  browser.clock.now += 2 * SECOND
  for (let i = 0; i < 50; i++) dispatch({ type: 'pointermove' })
  await settle()
  t.match(told, [{ news: 'active', token: null }])
  t.equal(told.length, 1)
  t.equal(withoutOption.getSnapshot().status, 'unknown')
  t.equal(browser.count(REFRESH), 0)
})

t.test('without idleAfter nothing listens to what the user does', async (t) => {
  const { newTab } = await createBrowser(t)
  const { page } = newTab({ autoRefresh: false })
  const types: string[] = []
  newTab({}, { ...page, addEventListener: (type) => { types.push(type) }, removeEventListener: () => {} })
  t.strictSame(types, ['visibilitychange', 'pageshow', 'online'])
})
