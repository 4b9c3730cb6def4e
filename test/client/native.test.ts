import t from 'tap'
import type { Test } from 'tap'
import { createAuthClient } from '../../lib/client/native.ts'
import type { NativeAuthClientOptions } from '../../lib/client/native.ts'
import { createBrowser, ORIGIN } from '../fixtures/client.ts'
import type { Browser } from '../fixtures/client.ts'
import { MINUTE } from '../fixtures/app.ts'

const REFRESH = 'POST /auth/refresh'

/** A device with a keychain, and a server without cookies. */
async function createDevice (t: Test, options: Partial<NativeAuthClientOptions> = {}) {
  const browser = await createBrowser(t, { refreshToken: { transport: 'body' } })
  const saved: Array<string | null> = []
  const inits: RequestInit[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    inits.push(init!)
    return await browser.fetch(input, init)
  }
  const refreshToken = {
    load: async () => saved.at(-1),
    save: async (token: string | null) => { saved.push(token) }
  }
  const start = () => createAuthClient({ baseUrl: ORIGIN, fetch, refreshToken, ...options })
  return { browser, saved, inits, auth: start(), start }
}

async function last (browser: Browser): Promise<unknown[]> {
  return await browser.store.list('user-1')
}

t.test('the refresh token is kept by the host, from the login to the logout', async (t) => {
  const { browser, saved, inits, auth, start } = await createDevice(t)
  t.equal((await auth.ready()).status, 'signed-out')
  t.equal(browser.count(REFRESH), 0, 'without a token nobody is asked')
  t.equal((await auth.logIn({ sub: 'user-1' })).status, 'signed-in')
  t.equal(saved.length, 1)
  t.match(saved[0], /^eyJ/)
  browser.clock.now += 16 * MINUTE
  t.equal((await auth.fetch(`${ORIGIN}/me`)).status, 200)
  t.equal(saved.length, 2)

  const restarted = start()
  t.match(await restarted.ready(), { status: 'signed-in', claims: { sub: 'user-1' } })
  await restarted.logout()
  t.equal(saved.at(-1), null)
  t.strictSame(await last(browser), [])
  t.equal((await restarted.refresh()).status, 'signed-out')
  t.strictSame(inits.filter((init) => init.method === 'POST').map(({ credentials }) => credentials), Array(4).fill('omit'))
})

t.test('the same token is not saved again', async (t) => {
  const { browser, saved, auth } = await createDevice(t)
  await auth.logIn({})
  browser.intercept = ({ url }) => url.endsWith('/refresh') ? Response.json({ accessToken: 'e30.e30.x', expiresIn: 60, refreshToken: saved[0] }) : undefined
  await auth.refresh()
  browser.intercept = ({ url }) => url.endsWith('/refresh') ? Response.json({ accessToken: 'e30.e30.x', expiresIn: 60 }) : undefined
  await auth.refresh()
  t.equal(saved.length, 1)
})

t.test('everywhere', async (t) => {
  const { browser, auth } = await createDevice(t)
  await browser.app.inject({ method: 'POST', url: '/login', payload: { sub: 'user-1' } })
  await auth.logIn({ sub: 'user-1' })
  t.equal((await last(browser)).length, 2)
  await auth.logout({ everywhere: true })
  t.strictSame(await last(browser), [])
})

t.test('a session that is over is forgotten; a server that is away is not the end', async (t) => {
  const { browser, saved, auth } = await createDevice(t)
  await auth.logIn({ sub: 'user-1' })
  browser.intercept = () => new Response('', { status: 503 })
  await t.rejects(auth.refresh(), { name: 'AuthUnavailableError', status: 503 })
  await t.rejects(auth.logIn({}), { name: 'LogInRefusedError', status: 503 })
  t.equal(saved.length, 1)
  browser.intercept = () => {}
  await browser.app.sessions.revokeAll('user-1')
  t.equal((await auth.refresh()).status, 'signed-out')
  t.equal(saved.at(-1), null)
})

t.test('logins that are sent in another way', async (t) => {
  const { browser, saved, auth } = await createDevice(t)
  const response = await auth.fetch(new Request(`${ORIGIN}/login`, { method: 'POST', body: '{"sub":"user-1"}', headers: { 'content-type': 'application/json' } }))
  await auth.setSession(await response.json() as never)
  t.ok(saved.length >= 1)
  t.equal((await auth.refresh()).status, 'signed-in')

  await auth.setSession(await browser.login({ sub: 'bob' }))
  t.match((await auth.refresh()).claims, { sub: 'bob' })
  await t.rejects(auth.setSession({} as never), { name: 'TypeError' })

  browser.intercept = ({ url }) => url.endsWith('/login') ? new Response('<form>') : undefined
  const before = saved.length
  await t.rejects(auth.logIn({}), { name: 'LogInRefusedError', status: 200, body: '<form>' })
  t.equal(saved.length, before)
})

t.test('a server that sends the refresh token in a cookie', async (t) => {
  const { browser, saved, auth } = await createDevice(t)
  browser.intercept = ({ url }) => url.endsWith('/login') ? Response.json({ accessToken: 'e30.e30.x', expiresIn: 60 }) : undefined
  const error = { name: 'TypeError', message: /^The login was answered without a refreshToken: .* refreshToken\.transport/ }
  await t.rejects(auth.logIn({}), error)
  await t.rejects(auth.fetch(`${ORIGIN}/login`, { method: 'POST' }), error)
  t.equal(auth.getSnapshot().status, 'unknown')
  t.strictSame(saved, [])
  browser.intercept = ({ url }) => url.endsWith('/login') ? Response.json({ secondFactor: 'totp' }) : undefined
  await t.rejects(auth.logIn({}), { name: 'LogInRefusedError', body: { secondFactor: 'totp' } })
  browser.intercept = ({ url }) => url.endsWith('/login') ? Response.json(null) : undefined
  await t.rejects(auth.logIn({}), { name: 'LogInRefusedError', body: null })
  browser.intercept = () => { throw new TypeError('fetch failed') }
  await t.rejects(auth.logIn({}), { name: 'AuthUnavailableError' })
})

t.test('a storage that fails', async (t) => {
  let isLocked = false
  const saved: Array<string | null> = []
  const refreshToken = {
    load: () => saved.at(-1),
    save: (token: string | null) => {
      if (isLocked) throw new Error('the keychain is locked')
      saved.push(token)
    }
  }
  const { browser, auth } = await createDevice(t, { refreshToken })
  await auth.logIn({})
  browser.clock.now += 16 * MINUTE
  isLocked = true
  await t.rejects(auth.refresh(), { name: 'AuthUnavailableError', cause: { message: 'the keychain is locked' } } as never)
  isLocked = false
  t.equal((await auth.refresh()).status, 'signed-in', 'the next one tries again')
})

t.test('paths of one\'s own, and the global fetch', async (t) => {
  const { fetch } = globalThis
  t.teardown(() => { globalThis.fetch = fetch })
  const bodies: unknown[] = []
  globalThis.fetch = async (input, init) => {
    bodies.push([input, init?.body])
    return Response.json({ accessToken: 'e30.e30.x', expiresIn: 60 })
  }
  const auth = createAuthClient({
    baseUrl: new URL('https://api.example.com/v1/'),
    refreshPath: 'renew',
    logoutPath: 'leave',
    refreshToken: { load: () => 'of-the-device', save: () => {} }
  })
  await auth.ready()
  await auth.logout()
  t.strictSame(bodies, [
    ['https://api.example.com/v1/renew', '{"refreshToken":"of-the-device"}'],
    ['https://api.example.com/v1/leave', '{"refreshToken":"of-the-device"}']
  ])
})

t.test('what is missing is found when the client is made', async (t) => {
  const refreshToken = { load: () => null, save: () => {} }
  for (const storage of [undefined, null, {}, { load: () => null }, { save: () => {} }]) {
    t.throws(() => createAuthClient({ baseUrl: ORIGIN, refreshToken: storage as never }), {
      name: 'TypeError',
      message: 'createAuthClient: the option refreshToken must be of the form { load, save }'
    })
  }
  t.throws(() => createAuthClient({ refreshToken } as never), { message: 'createAuthClient: the option baseUrl must be an absolute URL' })
  t.throws(() => createAuthClient({ baseUrl: ORIGIN, refreshToken, timeOut: 1 } as never), { message: /the option "timeOut" is unknown/ })

  const { URL, atob } = globalThis
  t.teardown(() => Object.assign(globalThis, { URL, atob }))
  delete (globalThis as { atob?: unknown }).atob
  t.throws(() => createAuthClient({ baseUrl: ORIGIN, refreshToken }), { name: 'TypeError', message: /the platform has no atob/ })
  Object.assign(globalThis, { atob })
  for (const incomplete of [class { get pathname (): string { throw new Error('not implemented') } }, class { pathname = '' }]) {
    globalThis.URL = incomplete as never
    t.throws(() => createAuthClient({ baseUrl: 'https://api.example.com', refreshToken }), {
      name: 'TypeError',
      message: 'createAuthClient: the platform\'s URL is incomplete: import "react-native-url-polyfill/auto" first'
    })
  }
})
