import axios from 'axios'
import t from 'tap'
import type { Test } from 'tap'
import { withDpop } from '../../lib/client/dpop.ts'
import type { ProofKeyPair } from '../../lib/client/dpop.ts'
import { createIndexedDbStorage } from '../../lib/client/dpop/key-storage.ts'
import { createAuthClient } from '../../lib/client/index.ts'
import type { AuthClientOptions } from '../../lib/client/index.ts'
import { createAuthClient as createNativeClient } from '../../lib/client/native.ts'
import { MINUTE } from '../fixtures/app.ts'
import { createBrowser, ORIGIN } from '../fixtures/client.ts'
import type { Browser } from '../fixtures/client.ts'
import { createIndexedDb } from '../fixtures/indexed-db.ts'
import { headerOf, payloadOf } from '../fixtures/jwt.ts'

const LOGIN = 'POST /login'
const REFRESH = 'POST /auth/refresh'
const ME = 'GET /me'

interface Device {
  browser: Browser
  auth: ReturnType<typeof createAuthClient>
  keys: { load (): Promise<ProofKeyPair | null>, save (key: ProofKeyPair | null): Promise<void> }
  saved: Array<ProofKeyPair | null>
  /** The requests that were sent. */
  sent: Array<{ line: string, scheme: string | undefined, proof: string | null }>
  fetch: typeof fetch
  /** The server's Date header, or null for none. */
  date: () => string | null
}

async function createDevice (t: Test, dpop: object, options: AuthClientOptions = {}, server: object = {}): Promise<Device> {
  const browser = await createBrowser(t, { dpop, ...server })
  const saved: Device['saved'] = []
  const sent: Device['sent'] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(typeof input === 'string' ? new URL(input, ORIGIN) : input, init)
    const { method, url, headers } = request
    sent.push({ line: `${method} ${new URL(url).pathname}`, scheme: headers.get('authorization')?.split(' ')[0], proof: headers.get('dpop') })
    const response = await browser.fetch(request)
    const answered = new Headers(response.headers)
    const date = device.date()
    answered.delete('date')
    if (date !== null) answered.set('date', date)
    return new Response(response.body, { status: response.status, headers: answered })
  }
  const keys = {
    load: async () => saved.at(-1) ?? null,
    save: async (key: ProofKeyPair | null) => { saved.push(key) }
  }
  const device: Device = { browser, saved, sent, fetch, keys, date: () => null, auth: undefined as never }
  device.auth = withDpop(createAuthClient, { baseUrl: ORIGIN, fetch, keys, ...options })
  return device
}

const lines = ({ sent }: Device): string[] => sent.map(({ line }) => line)

t.test('the key is made for the login, proves each refresh and is gone after the logout', async (t) => {
  const device = await createDevice(t, { mode: 'required' })
  const { auth, browser, saved, sent } = device
  t.equal((await auth.ready()).status, 'signed-out')
  t.equal(saved.length, 0, 'no key before it is needed')
  t.equal((await auth.logIn({})).status, 'signed-in')
  t.equal(saved.length, 1)
  t.equal((saved[0]!.privateKey as { extractable: boolean }).extractable, false)
  t.match(headerOf(sent.at(-1)!.proof!), { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty: 'EC', crv: 'P-256', x: String, y: String } })
  t.match(payloadOf(sent.at(-1)!.proof!), { htm: 'POST', htu: `${ORIGIN}/login`, jti: String, iat: Number })
  browser.clock.now += 16 * MINUTE
  t.equal((await auth.fetch(`${ORIGIN}/me`)).status, 200)
  t.match(sent.at(-1), { line: ME, scheme: 'Bearer', proof: null }, 'an access token that is not bound goes as ever')
  await auth.logout({ everywhere: true })
  t.strictSame(lines(device), [REFRESH, LOGIN, REFRESH, ME, 'POST /auth/logout'])
  t.equal(saved.at(-1), null)
  t.equal((await auth.logIn({})).status, 'signed-in')
  t.not(saved.at(-1), saved[0], 'another login has another key')
})

t.test('bind all: each request goes under DPoP, with a proof for its token, method and URL', async (t) => {
  const device = await createDevice(t, { bind: 'all', mode: 'required' }, { origins: ['https://other.example'] })
  const { auth, browser, sent } = device
  browser.app.route({ method: ['POST', 'PATCH'], url: '/echo', onRequest: [browser.app.authenticate], handler: async (request) => request.body })
  await auth.logIn({})
  const json = { 'content-type': 'application/json' }
  t.equal((await auth.fetch(`${ORIGIN}/me?page=1#top`)).status, 200)
  t.equal((await auth.fetch(new URL('/me', ORIGIN), { method: 'get' })).status, 200)
  t.equal((await auth.fetch(new Request(`${ORIGIN}/me`))).status, 200)
  t.strictSame(await (await auth.fetch(`${ORIGIN}/echo`, { method: 'post', body: '{"a":1}', headers: json })).json(), { a: 1 })
  t.strictSame(await (await auth.fetch(new Request(`${ORIGIN}/echo`, { method: 'PATCH', body: '{"a":2}', headers: json }))).json(), { a: 2 })
  t.strictSame(await (await auth.fetch(new Request(`${ORIGIN}/echo`), { method: 'POST', body: '{"a":3}', headers: json })).json(), { a: 3 })
  t.ok(sent.slice(1).every(({ scheme, proof }) => scheme === 'DPoP' && proof !== null))
  browser.clock.now += 16 * MINUTE
  t.equal((await auth.fetch(`${ORIGIN}/me`)).status, 200)
  t.equal((await auth.fetch(new Request(`${ORIGIN}/auth/logout`, { method: 'POST' }))).status, 204, 'a logout that the app sends by itself')
  t.equal(device.saved.at(-1), null)
})

t.test('a request with an Authorization header of its own, or without any, goes as it is', async (t) => {
  const device = await createDevice(t, { bind: 'all' })
  const { auth, sent } = device
  await auth.logIn({})
  for (const authorization of ['Basic eDp5', 'Bearer x', 'Bearer e30.e30.x', 'Bearer', `Bearer e30.${Buffer.from('{"cnf":{}}').toString('base64url')}.x`]) {
    await auth.fetch(`${ORIGIN}/me`, { headers: { authorization } })
    t.match(sent.at(-1), { scheme: authorization.split(' ')[0], proof: null })
  }
  await auth.fetch('https://elsewhere.example/me')
  t.match(sent.at(-1), { scheme: undefined, proof: null })
})

t.test('the nonce dance: one more try, and then the client keeps up', async (t) => {
  const device = await createDevice(t, { bind: 'all', nonce: true, window: '30s' })
  const { auth, browser } = device
  await auth.logIn({})
  t.strictSame(lines(device), [LOGIN, LOGIN])
  for (let i = 0; i < 10; i++) {
    browser.clock.now += 20_000
    t.equal((await auth.fetch(`${ORIGIN}/me`)).status, 200)
  }
  t.strictSame(lines(device).filter((line) => line === ME).length, 10, 'no request was sent twice')
  browser.clock.now += 5 * MINUTE
  t.equal((await auth.fetch(`${ORIGIN}/me`)).status, 200)
  t.strictSame(lines(device).filter((line) => line === ME).length, 12, 'but after a pause')
  browser.clock.now += 11 * MINUTE
  t.equal((await auth.fetch(new Request(`${ORIGIN}/me`))).status, 200)
  t.strictSame(lines(device).slice(-3), [REFRESH, REFRESH, ME])
})

t.test('a body that can be read once only is not sent again', async (t) => {
  const device = await createDevice(t, { bind: 'all' })
  const { auth, browser } = device
  browser.app.post('/echo', { onRequest: [browser.app.authenticate] }, async (request) => request.body)
  await auth.logIn({})
  let asked = 0
  browser.intercept = ({ url }) => {
    if (!url.endsWith('/echo')) return
    asked++
    return new Response('{}', { status: 401, headers: { 'dpop-nonce': `nonce-${asked}` } })
  }
  const body = new Blob(['{}']).stream()
  t.equal((await auth.fetch(`${ORIGIN}/echo`, { method: 'POST', body, duplex: 'half' } as RequestInit)).status, 401)
  t.equal(asked, 1)
})

t.test('a refusal that asks for no other nonce is final', async (t) => {
  const device = await createDevice(t, { mode: 'required' })
  const { auth, browser } = device
  browser.intercept = () => new Response('{"error":"no"}', { status: 400 })
  await t.rejects(auth.logIn({}), { name: 'LogInRefusedError', status: 400 })
  browser.intercept = () => new Response('{"error":"no"}', { status: 400, headers: { 'dpop-nonce': 'the same' } })
  await t.rejects(auth.logIn({}), { name: 'LogInRefusedError', status: 400 })
  t.equal(lines(device).length, 3, 'once more for the new one')
  await t.rejects(auth.logIn({}), { name: 'LogInRefusedError', status: 400 })
  t.equal(lines(device).length, 4)
  t.equal(device.saved.length, 1, 'one key for all tries')
})

t.test('the clock of the server is learned from its answers', async (t) => {
  const device = await createDevice(t, { mode: 'required' })
  const { auth, browser } = device
  device.date = () => new Date(browser.clock.now).toUTCString()
  Date.now = () => browser.clock.now + 3 * 60 * MINUTE
  await auth.logIn({})
  t.strictSame(lines(device), [LOGIN, LOGIN], 'by the nonce the first time')
  t.equal((await auth.refresh()).status, 'signed-in')
  await auth.logout()
  t.equal((await auth.logIn({})).status, 'signed-in')
  t.strictSame(lines(device).slice(2), [REFRESH, 'POST /auth/logout', LOGIN], 'then by the clock')
  device.date = () => 'no date'
  t.equal((await auth.refresh()).status, 'signed-in')
})

t.test('without its key a session is over, for the user too, and a login begins another', async (t) => {
  const device = await createDevice(t, { mode: 'required' })
  const { auth, keys, browser } = device
  await auth.logIn({})
  const [before] = await browser.store.list('user-1')
  await keys.save(null)
  t.match(await auth.refresh(), { status: 'signed-out', error: null })
  t.equal((await browser.store.list('user-1')).length, 1, 'nothing has ended on the server')
  t.equal((await auth.logIn({})).status, 'signed-in')
  const sessions = await browser.store.list('user-1')
  t.equal(sessions.length, 1)
  t.not(sessions[0]!.id, before!.id, 'the login has replaced it')
})

t.test('a session from before goes on without a key', async (t) => {
  const device = await createDevice(t, {})
  await device.browser.login()
  t.equal((await device.auth.ready()).status, 'signed-in')
  t.equal(device.saved.length, 0)
  await device.auth.logout()
  t.equal((await device.auth.refresh()).status, 'signed-out')
})

t.test('a token of another scheme that is traded in: the key is made for that refresh', async (t) => {
  const adopt = (request: { headers: { [name: string]: unknown } }): object | null =>
    request.headers['x-old'] === 'token' ? { claims: { sub: 'user-1' }, key: 'the old token' } : null
  const device = await createDevice(t, { mode: 'required' }, { headers: { 'x-old': 'token' } }, { adopt })
  t.equal((await device.auth.ready()).status, 'signed-in')
  t.strictSame(lines(device), [REFRESH, REFRESH])
  t.equal(device.saved.length, 1)
  device.browser.clock.now += 20 * MINUTE
  t.equal((await device.auth.refresh()).status, 'signed-in')
  t.equal((await device.browser.client().refresh()).statusCode, 403)
})

t.test('a storage that keeps nothing: the login works, and the session ends with its access token', async (t) => {
  const device = await createDevice(t, { mode: 'required' })
  device.keys.load = async () => null
  t.equal((await device.auth.logIn({})).status, 'signed-in')
  t.equal((await device.auth.refresh()).status, 'signed-out')
})

t.test('a storage that fails signs nobody out', async (t) => {
  const device = await createDevice(t, {})
  const { auth, keys } = device
  await auth.logIn({})
  const { load } = keys
  keys.load = async () => { throw new Error('the disk') }
  await t.rejects(auth.refresh(), { name: 'AuthUnavailableError', cause: { message: 'the disk' } })
  t.equal(auth.getSnapshot().status, 'signed-in')
  keys.load = load
  t.equal((await auth.refresh()).status, 'signed-in')
})

t.test('with a refresh token that the host keeps', async (t) => {
  const device = await createDevice(t, { mode: 'required', bind: 'all' }, {}, { refreshToken: { transport: 'body' } })
  const { fetch, keys, browser } = device
  let token: string | null = null
  const refreshToken = { load: () => token, save: (next: string | null) => { token = next } }
  const start = () => withDpop(createNativeClient, { baseUrl: ORIGIN, fetch, keys, refreshToken })
  const auth = start()
  await auth.logIn({})
  browser.clock.now += 16 * MINUTE
  t.equal((await auth.fetch(`${ORIGIN}/me`)).status, 200)
  t.equal((await start().ready()).status, 'signed-in', 'after a restart')
  await keys.save(null)
  t.equal((await auth.refresh()).status, 'signed-out')
  t.equal(token, null)
})

t.test('axios, by its adapter for fetch', async (t) => {
  const { auth } = await createDevice(t, { bind: 'all' })
  await auth.logIn({})
  const api = axios.create({ baseURL: ORIGIN, adapter: 'fetch', env: { fetch: auth.fetch as never } })
  t.match((await api.get('/me')).data, { sub: 'user-1', cnf: { jkt: String } })
})

t.test('IndexedDB', async (t) => {
  const indexedDB = createIndexedDb()
  Object.assign(globalThis, { indexedDB })
  t.teardown(() => { delete (globalThis as { indexedDB?: unknown }).indexedDB })
  const [one, other] = [{ privateKey: {}, publicKey: {} }, { privateKey: {}, publicKey: {} }]

  await t.test('of two tabs that make a key, the first one has made it', async (t) => {
    const [tab, second] = [createIndexedDbStorage(() => 'x'), createIndexedDbStorage(() => 'x')]
    t.equal(await tab.load(), undefined)
    await Promise.all([tab.save(one), second.save(other)])
    t.equal(await tab.load(), one)
    t.equal(await second.load(), one)
    t.equal(await createIndexedDbStorage(() => 'y').load(), undefined, 'a client of another server has its own')
    await second.save(null)
    t.equal(await tab.load(), undefined)
    await t.rejects(async () => await tab.save('broken' as never), { name: 'QuotaExceededError' })
  })

  await t.test('it is opened once, and again after the data was cleared', async (t) => {
    const tab = createIndexedDbStorage(() => 'x')
    indexedDB.opens = 0
    await tab.save(one)
    await tab.load()
    t.equal(indexedDB.opens, 1)
    indexedDB.clear()
    t.equal(await tab.load(), undefined)
    t.equal(indexedDB.opens, 2)
    const refused = createIndexedDbStorage(() => 'x')
    indexedDB.refuse = true
    await t.rejects(async () => await refused.load(), { message: 'denied' })
    indexedDB.refuse = false
    t.equal(await refused.load(), undefined)
  })

  await t.test('is where the key is by default, under the name of the client', async (t) => {
    const { fetch } = await createDevice(t, { mode: 'required' })
    for (const [options, name] of [[{}, `${ORIGIN}/auth/refresh`], [{ key: 'mine' }, 'mine']] as const) {
      await withDpop(createAuthClient, { baseUrl: ORIGIN, fetch, ...options }).logIn({})
      t.ok(indexedDB.entries.has(name), name)
    }
    const page = { document: { baseURI: `${ORIGIN}/app/` }, ...(!('navigator' in globalThis) && { navigator: {} }) }
    Object.assign(globalThis, page)
    t.teardown(() => { for (const name of Object.keys(page)) delete (globalThis as { [name: string]: unknown })[name] })
    const auth = withDpop(createAuthClient, { refreshPath: '/other', logoutPath: '/out', fetch, crossTab: false, autoRefresh: false })
    t.equal((await auth.logIn({})).status, 'signed-in')
    t.equal((await auth.fetch('/me')).status, 200)
    t.ok(indexedDB.entries.has(`${ORIGIN}/other`))
  })
})

t.test('options', async (t) => {
  for (const keys of [null, {}, { load: () => null }, 'x']) {
    t.throws(() => withDpop(createAuthClient, { keys: keys as never }), { name: 'TypeError', message: 'withDpop: the option keys must be of the form { load, save }' })
  }
  t.throws(() => withDpop(createAuthClient, { refreshUrl: 'x' } as never), { name: 'TypeError', message: /createAuthClient: the option "refreshUrl" is unknown/ })
  const { fetch } = globalThis
  t.teardown(() => { globalThis.fetch = fetch })
  globalThis.fetch = async () => Response.json('the global one')
  const auth = withDpop(createAuthClient, { baseUrl: ORIGIN })
  t.equal(await (await auth.fetch('https://elsewhere.example/')).json(), 'the global one')
  await t.rejects(auth.refresh(), { name: 'AuthUnavailableError', cause: { message: 'withDpop: there is no IndexedDB: give the option keys: { load, save }' } })
})
