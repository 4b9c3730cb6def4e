import t from 'tap'
import { createAuthClient } from '../../lib/client/index.ts'
import { createBrowser, ORIGIN } from '../fixtures/client.ts'
import { MINUTE } from '../fixtures/app.ts'

t.test('outside of a page: no timer, no channel, nothing global', async (t) => {
  const before = { globals: Object.getOwnPropertyNames(globalThis), resources: process.getActiveResourcesInfo().sort() }
  const clients = [createAuthClient(), createAuthClient({ baseUrl: ORIGIN, autoRefresh: 'always', crossTab: 'strict' })]
  t.strictSame(clients.map(({ getSnapshot }) => getSnapshot().status), ['unknown', 'unknown'])
  t.strictSame(Object.getOwnPropertyNames(globalThis), before.globals)
  t.strictSame(process.getActiveResourcesInfo().sort(), before.resources)
  for (const { dispose } of clients) dispose()
})

t.test('two clients have nothing in common', async (t) => {
  const { newClient, login } = await createBrowser(t)
  const [one, two] = [newClient(), newClient()]
  one.setSession(await login())
  t.equal(two.getSnapshot().status, 'unknown')
})

t.test('it refreshes on 401 and when asked', async (t) => {
  const { newClient, login, clock, count } = await createBrowser(t)
  const auth = newClient()
  auth.setSession(await login())
  clock.now += 16 * MINUTE
  t.equal((await auth.fetch(`${ORIGIN}/me`)).status, 200)
  t.equal(count('POST /auth/refresh'), 1)
  t.equal((await auth.refresh()).status, 'signed-in')
  await auth.logout()
  t.equal((await auth.ready()).status, 'signed-out')
})

t.test('without a baseUrl there is no address to ask', async (t) => {
  const missing = { name: 'TypeError', message: 'createAuthClient: the option baseUrl is needed, because there is no page with an address' }
  await t.rejects(createAuthClient().ready(), missing)
  await t.rejects(createAuthClient().logout(), missing)
  await t.rejects(createAuthClient().fetch('/me'), missing)
  await t.rejects(createAuthClient().getToken({ url: 'https://api.example.com/me' }), missing)
})

t.test('the global fetch is the default, as it is when it is called', async (t) => {
  const { fetch } = globalThis
  t.teardown(() => { globalThis.fetch = fetch })
  const auth = createAuthClient({ baseUrl: 'https://api.example.com' })
  const urls: unknown[] = []
  globalThis.fetch = async (input) => {
    urls.push(input)
    return Response.json({ code: 'FST_JWT_REFRESH_TOKEN_MISSING' }, { status: 403 })
  }
  t.equal((await auth.ready()).status, 'signed-out')
  t.strictSame(urls, ['https://api.example.com/auth/refresh'])
})

t.test('without a fetch, global or given, there is no client', async (t) => {
  const { fetch } = globalThis
  t.teardown(() => { globalThis.fetch = fetch })
  delete (globalThis as { fetch?: unknown }).fetch
  t.throws(() => createAuthClient({ baseUrl: ORIGIN }), { name: 'TypeError', message: 'createAuthClient: there is no global fetch: give one as the option fetch' })
  t.ok(createAuthClient({ baseUrl: ORIGIN, fetch }))
})

t.test('in a page, what the page has is used', async (t) => {
  const names = new Set<string>()
  const page = {
    document: { baseURI: 'https://app.example.com/', visibilityState: 'visible' },
    addEventListener: (name: string) => names.add(name),
    removeEventListener: (name: string) => names.delete(name),
    ...(!('navigator' in globalThis) && { navigator: {} })
  }
  Object.assign(globalThis, page)
  t.teardown(() => { for (const name of Object.keys(page)) delete (globalThis as any)[name] })
  const auth = createAuthClient({ crossTab: false })
  t.strictSame([...names], ['visibilitychange', 'pageshow', 'online'])
  t.equal(await auth.getToken({ url: 'https://example.com/' }), null)
  auth.dispose()
  t.strictSame([...names], [])
})
