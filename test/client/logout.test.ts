import t from 'tap'
import type { Test } from 'tap'
import type { AuthClient } from '../../lib/client/index.ts'
import { createBrowser, settle } from '../fixtures/client.ts'
import type { Browser } from '../fixtures/client.ts'
import { createGate } from '../fixtures/gate.ts'
import { MINUTE } from '../fixtures/app.ts'

const REFRESH = 'POST /auth/refresh'
const LOGOUT = 'POST /auth/logout'

/** Holds the responses of a route back. The server has already handled the requests. */
function hold (browser: Browser, path: string): () => void {
  const { opened, open } = createGate()
  const { fetch } = browser
  browser.fetch = async (input, init) => {
    const answer = await fetch(input, init)
    if (String(input).endsWith(path)) await opened
    return answer
  }
  return open
}

/** Starts a logout: the server has ended the session, and the response arrives after `open`. */
async function startLogout (t: Test): Promise<{ browser: Browser, auth: AuthClient, logout: Promise<void>, open: () => void }> {
  const browser = await createBrowser(t)
  const open = hold(browser, '/logout')
  const { auth } = browser.newTab({ fetch: async (...args) => await browser.fetch(...args) })
  auth.setSession(await browser.login())
  const logout = auth.logout()
  await settle()
  return { browser, auth, logout, open }
}

t.test('logout ends the session on the server, here, and in the snapshot', async (t) => {
  const { newTab, login, store, count } = await createBrowser(t)
  const { auth } = newTab()
  auth.setSession(await login())
  t.equal((await store.list('user-1')).length, 1)
  await auth.logout()
  t.strictSame(await store.list('user-1'), [])
  t.strictSame(auth.getSnapshot(), { status: 'signed-out', claims: null, expiresAt: null, error: null })
  t.equal(await auth.getToken(), null)
  t.equal((await auth.refresh()).status, 'signed-out')
  t.equal(count(REFRESH), 1)
  await auth.logout()
  t.equal(count(LOGOUT), 2, 'a second one does no harm')
})

t.test('it waits behind a refresh under way', async (t) => {
  const browser = await createBrowser(t)
  await browser.login()
  const open = hold(browser, '/refresh')
  const { auth } = browser.newTab({ fetch: async (...args) => await browser.fetch(...args) })
  const ready = auth.ready()
  await settle()
  const logout = auth.logout()
  const refresh = auth.getToken({ force: true })
  await settle()
  t.equal(browser.count(LOGOUT), 0)
  open()
  await ready
  await logout
  t.equal(browser.count(LOGOUT), 1)
  t.ok(await refresh, 'that one was answered before')
  t.equal(auth.getSnapshot().status, 'signed-out')
  t.strictSame(await browser.store.list('user-1'), [])
})

t.test('a refresh that is asked for meanwhile waits behind it, and asks nobody', async (t) => {
  const { browser, auth, logout, open } = await startLogout(t)
  const token = auth.getToken({ force: true })
  const answer = auth.fetch('/me')
  await settle()
  open()
  await logout
  t.equal(await token, null)
  t.equal((await answer).status, 200, 'it was sent before')
  t.equal(browser.count(REFRESH), 0)
})

t.test('a refresh that returns after a logout elsewhere is dropped', async (t) => {
  const browser = await createBrowser(t)
  // Without locks, the two can overlap.
  const first = browser.newTab({ fetch: async (...args) => await browser.fetch(...args) }, { navigator: {} })
  const second = browser.newTab({}, { navigator: {} })
  first.auth.setSession(await browser.login())
  await settle()
  const open = hold(browser, '/refresh')
  const refresh = first.auth.refresh()
  await settle()
  await second.auth.logout()
  await settle()
  open()
  t.equal((await refresh).status, 'signed-out')
  t.equal(await first.auth.getToken(), null)
  t.equal(second.auth.getSnapshot().status, 'signed-out', 'nor does it come back there')
})

t.test('a refresh that returns after another sign-in is dropped, good or bad', async (t) => {
  for (const answer of [() => undefined, () => Response.json({ code: 'FST_JWT_REFRESH_TOKEN_REVOKED' }, { status: 403 }), () => new Response('', { status: 500 })]) {
    const browser = await createBrowser(t)
    const { auth } = browser.newTab()
    auth.setSession(await browser.login())
    const { opened, open } = createGate()
    browser.intercept = async ({ url }) => {
      if (!url.endsWith('/refresh')) return
      await opened
      return answer()
    }
    const refresh = auth.refresh()
    await settle()
    const login = await browser.login({ sub: 'bob' })
    auth.setSession(login)
    open()
    t.match(await refresh, { status: 'signed-in', claims: { sub: 'bob' }, error: null })
    t.equal(await auth.getToken(), login.accessToken)
  }
})

t.test('a sign-in during a logout stays', async (t) => {
  const { browser, auth, logout, open } = await startLogout(t)
  auth.setSession(await browser.login({ sub: 'bob' }))
  open()
  await logout
  t.match(auth.getSnapshot(), { status: 'signed-in', claims: { sub: 'bob' } })
})

t.test('a logout that fails is none', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab()
  auth.setSession(await browser.login())
  browser.intercept = ({ url }) => url.endsWith('/logout') ? new Response('', { status: 503, headers: { 'retry-after': '3' } }) : undefined
  await t.rejects(auth.logout(), { name: 'AuthUnavailableError', status: 503, retryAfter: 3 })
  t.match(auth.getSnapshot(), { status: 'signed-in', error: null })
  t.equal((await auth.fetch('/me')).status, 200)
  browser.intercept = () => {}
  await auth.logout()
  t.equal(auth.getSnapshot().status, 'signed-out')
})

t.test('everywhere', async (t) => {
  const { newTab, login, store, app } = await createBrowser(t)
  const { auth } = newTab()
  await app.inject({ method: 'POST', url: '/login', payload: { sub: 'user-1' } }) // on another device
  auth.setSession(await login())
  t.equal((await store.list('user-1')).length, 2)
  await auth.logout({ everywhere: true })
  t.strictSame(await store.list('user-1'), [])
})

t.test('everywhere, by a session that is over: signed out here, and no false success', async (t) => {
  const { newTab, login, app, clock } = await createBrowser(t)
  const { auth } = newTab()
  auth.setSession(await login())
  const [session] = await app.sessions.list('user-1')
  await app.sessions.revoke(session!.id)
  clock.now += MINUTE
  await t.rejects(auth.logout({ everywhere: true }), {
    status: 403,
    code: 'FST_JWT_REFRESH_TOKEN_REVOKED',
    message: 'POST http://localhost/auth/logout answered 403 FST_JWT_REFRESH_TOKEN_REVOKED'
  })
  t.equal(auth.getSnapshot().status, 'signed-out')
})

t.test('a logout before anything is known', async (t) => {
  const { newTab, login, store } = await createBrowser(t)
  await login()
  const { auth } = newTab()
  await auth.logout()
  t.equal(auth.getSnapshot().status, 'signed-out')
  t.strictSame(await store.list('user-1'), [])
})

t.test('subscribers hear of each change, and the snapshot is the same in between', async (t) => {
  const { newTab, login } = await createBrowser(t)
  const { auth } = newTab()
  const seen: string[] = []
  const unsubscribe = auth.subscribe(() => seen.push(auth.getSnapshot().status))
  t.equal(auth.getSnapshot(), auth.getSnapshot())
  auth.setSession(await login({ name: 'Zoë €' }))
  t.match(auth.getSnapshot(), { claims: { sub: 'user-1', name: 'Zoë €' } })
  t.equal(auth.getSnapshot(), await auth.ready())
  await auth.refresh()
  await auth.logout()
  unsubscribe()
  auth.setSession(await login())
  t.strictSame(seen, ['signed-in', 'signed-in', 'signed-out'])
})

t.test('what is no token response is refused', async (t) => {
  const { newTab } = await createBrowser(t)
  const { auth } = newTab()
  for (const result of [undefined, null, {}, { accessToken: 'a.b.c' }, { accessToken: 'a.b.c', expiresIn: 0 }, { expiresIn: 60 }, { accessToken: 'a', expiresIn: 60 }]) {
    t.throws(() => auth.setSession(result as any), { name: /^(Type|Syntax)Error$/ })
  }
  t.throws(() => auth.setSession({ accessToken: 'secret' } as any), {
    message: 'Not a token response: accessToken or expiresIn is missing'
  })
  t.throws(() => auth.setSession({ accessToken: 'e30.bnVsbA.secret', expiresIn: 60 }), { message: 'The access token has no claims' })
  t.equal(auth.getSnapshot().status, 'unknown')
})

t.test('a subscriber that throws stops nobody, and is reported', async (t) => {
  const reported: unknown[] = []
  Object.assign(globalThis, { reportError: (error: unknown) => reported.push(error) })
  t.teardown(() => { delete (globalThis as { reportError?: unknown }).reportError })
  const { newTab, login, store } = await createBrowser(t)
  const { auth } = newTab()
  const error = new Error('of the app')
  let heard = 0
  auth.subscribe(() => { throw error })
  auth.subscribe(() => heard++)
  auth.setSession(await login())
  t.equal((await auth.refresh()).status, 'signed-in')
  t.equal((await auth.fetch('/me')).status, 200)
  await auth.logout()
  t.strictSame(await store.list('user-1'), [])
  t.equal(heard, 3)
  t.strictSame(reported, Array(3).fill(error))
  delete (globalThis as { reportError?: unknown }).reportError
  auth.setSession(await login())
  t.equal(heard, 4, 'nor where nothing can be reported')
})

t.test('subscribers that come and go while they are called', async (t) => {
  const { newTab, login } = await createBrowser(t)
  const { auth } = newTab()
  let calls = 0
  let stop = auth.subscribe(function again () {
    if (++calls > 10) return
    stop()
    stop = auth.subscribe(again)
  })
  auth.setSession(await login())
  t.equal(calls, 1)

  let heard = 0
  const count = (): number => heard++
  const [stopFirst, stopSecond] = [auth.subscribe(count), auth.subscribe(count)]
  auth.setSession(await login())
  t.equal(heard, 2)
  stopFirst()
  stopFirst()
  auth.setSession(await login())
  t.equal(heard, 3)
  stopSecond()
  auth.subscribe(() => stopLast())
  const stopLast = auth.subscribe(count)
  auth.setSession(await login())
  t.equal(heard, 3, 'one that is removed by another one is not called any more')
})
