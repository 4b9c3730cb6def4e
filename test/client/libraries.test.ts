import ky from 'ky'
import { ofetch, createFetch } from 'ofetch'
import createOpenApiClient from 'openapi-fetch'
import t from 'tap'
import type { Test } from 'tap'
import { createBrowser, ORIGIN } from '../fixtures/client.ts'
import type { Browser } from '../fixtures/client.ts'
import { MINUTE } from '../fixtures/app.ts'

/* Libraries that accept a `fetch` function. Each call gets a 401, which the client handles. */

async function createWorld (t: Test): Promise<{ browser: Browser, fetch: typeof fetch }> {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab({ autoRefresh: false })
  auth.setSession(await browser.login())
  const now = Date.now()
  browser.clock.now += 16 * MINUTE
  Date.now = () => now
  browser.intercept = async (request) => {
    if (!request.url.endsWith('/echo')) return
    return request.headers.get('authorization') === `Bearer ${await auth.getToken()}` && browser.count('POST /auth/refresh') > 0
      ? Response.json(await request.json())
      : new Response(null, { status: 401 })
  }
  return { browser, fetch: auth.fetch }
}

t.test('ky', async (t) => {
  const { browser, fetch } = await createWorld(t)
  const api = ky.create({ prefixUrl: ORIGIN, fetch, retry: 0 })
  t.strictSame(await api.post('echo', { json: { a: 'ä' } }).json(), { a: 'ä' })
  t.match(await api.get('me').json(), { sub: 'user-1' })
  t.equal(browser.count('POST /echo'), 2)
  t.equal(browser.count('POST /auth/refresh'), 1)
})

t.test('ofetch', async (t) => {
  const { browser, fetch } = await createWorld(t)
  t.type(ofetch, 'function')
  const api = createFetch({ fetch, defaults: { baseURL: ORIGIN } })
  t.strictSame(await api('/echo', { method: 'POST', body: { a: 'ä' } }), { a: 'ä' })
  t.match(await api('/me'), { sub: 'user-1' })
  t.equal(browser.count('POST /echo'), 2)
  t.equal(browser.count('POST /auth/refresh'), 1)
})

t.test('openapi-fetch', async (t) => {
  const { browser, fetch } = await createWorld(t)
  const api = createOpenApiClient<any>({ baseUrl: ORIGIN, fetch: async (request) => await fetch(request) })
  const { data } = await (api as any).POST('/echo', { body: { a: 'ä' } })
  t.strictSame(data, { a: 'ä' })
  t.equal(browser.count('POST /echo'), 2)
  t.equal(browser.count('POST /auth/refresh'), 1)
})

t.test('what calls fetch with an address and an init, as tRPC and Apollo do', async (t) => {
  const { browser, fetch } = await createWorld(t)
  const response = await fetch(`${ORIGIN}/echo`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ me }"}', signal: new AbortController().signal })
  t.strictSame(await response.json(), { query: '{ me }' })
  t.equal(browser.count('POST /echo'), 2)
})
