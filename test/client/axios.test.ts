import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import axios from 'axios'
import type { AxiosError, AxiosInstance, InternalAxiosRequestConfig } from 'axios'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { attachAxios } from '../../lib/client/axios.ts'
import { createBrowser, ORIGIN, settle } from '../fixtures/client.ts'
import type { Browser, Tab } from '../fixtures/client.ts'
import { createGate } from '../fixtures/gate.ts'
import { MINUTE } from '../fixtures/app.ts'

const REFRESH = 'POST /auth/refresh'

interface World {
  browser: Browser
  tab: Tab
  api: AxiosInstance
  detach: () => void
  bodies: unknown[]
}

/** axios on the browser's network, with an access token that the server no longer accepts. */
async function createWorld (t: Test): Promise<World> {
  const browser = await createBrowser(t)
  const bodies: unknown[] = []
  async function adapter (config: InternalAxiosRequestConfig): Promise<any> {
    bodies.push(config.data)
    const response = await browser.fetch(axios.getUri(config), {
      method: config.method!.toUpperCase(),
      headers: config.headers.toJSON() as Record<string, string>,
      ...(config.data !== undefined && { body: config.data, duplex: 'half' }),
      ...(config.signal && { signal: config.signal as AbortSignal })
    })
    const answer = { status: response.status, statusText: '', headers: {}, data: await response.text(), config, request: {} }
    if (config.validateStatus?.(response.status) ?? true) return answer
    throw new axios.AxiosError(`Request failed with status code ${response.status}`, axios.AxiosError.ERR_BAD_REQUEST, config, {}, answer)
  }
  const tab = browser.newTab({ autoRefresh: false })
  const api = axios.create({ baseURL: ORIGIN, adapter })
  const detach = attachAxios(api, tab.auth)
  tab.auth.setSession(await browser.login())
  const now = Date.now()
  browser.clock.now += 16 * MINUTE
  Date.now = () => now
  return { browser, tab, api, detach, bodies }
}

t.test('fifty parallel 401s: one refresh, fifty replays', async (t) => {
  const { browser, api } = await createWorld(t)
  const answers = await Promise.all(Array.from({ length: 50 }, () => api.get('/me')))
  t.strictSame(answers.map(({ status, data }) => [status, data.sub]), Array(50).fill([200, 'user-1']))
  t.equal(browser.count(REFRESH), 1)
  t.equal(browser.count('GET /me'), 100)
  await api.get('/me')
  t.equal(browser.count('GET /me'), 101)
})

t.test('once at most, also where a 401 is no error', async (t) => {
  const { browser, api } = await createWorld(t)
  browser.intercept = ({ url }) => url.endsWith('/never') ? new Response(null, { status: 401 }) : undefined
  await t.rejects(api.get('/never'), { message: 'Request failed with status code 401' })
  t.equal(browser.count('GET /never'), 2)
  t.equal(browser.count(REFRESH), 1)
  t.equal((await api.get('/never', { validateStatus: () => true })).status, 401)
  t.equal(browser.count('GET /never'), 4)
})

t.test('the body is the same, and interceptors and transforms have run once', async (t) => {
  const { browser, api, bodies } = await createWorld(t)
  browser.intercept = async (request) => {
    if (!request.url.includes('/echo')) return
    const isGood = seen.push(request.headers.get('authorization')) > 1
    return isGood ? Response.json(await request.json()) : new Response(null, { status: 401 })
  }
  const seen: unknown[] = []
  const ran: string[] = []
  api.interceptors.request.use((config) => {
    ran.push('request')
    return config
  })
  api.interceptors.response.use((response) => {
    ran.push('response')
    return response.data
  })
  const data = await api.post('/echo?a=1', { text: 'ä' }, { params: { b: 2 }, transformRequest: (body) => `[${JSON.stringify(body)}]`, headers: { 'Content-Type': 'application/json' } })
  t.strictSame(data, [{ text: 'ä' }])
  t.strictSame(bodies, ['[{"text":"ä"}]', '[{"text":"ä"}]'])
  t.strictSame(ran, ['request', 'response'])
  t.equal(browser.log.filter((line) => line === 'POST /echo').length, 2)
  t.not(seen[0], seen[1])
})

t.test('a stream is not sent again', async (t) => {
  const { browser, api } = await createWorld(t)
  browser.intercept = ({ url }) => url.endsWith('/echo') ? new Response(null, { status: 401 }) : undefined
  const body = new ReadableStream({ start: (controller) => controller.close() })
  await t.rejects(api.post('/echo', body, { transformRequest: [] }), { response: { status: 401 } } as any)
  t.equal(browser.count('POST /echo'), 1)
})

t.test('opting out, and headers of one\'s own', async (t) => {
  const { browser, api } = await createWorld(t)
  for (const Authorization of [false, 'Bearer of-my-own']) {
    await t.rejects(api.get('/me', { headers: { Authorization } }), { response: { status: 401 } } as any)
  }
  t.equal(browser.count('GET /me'), 2)
  t.equal(browser.count(REFRESH), 0)
})

t.test('no token for another origin, nor for the login', async (t) => {
  const { browser, api } = await createWorld(t)
  const seen: unknown[] = []
  browser.intercept = ({ headers }) => {
    seen.push(headers.get('authorization'))
    return new Response(null, { status: 401 })
  }
  await t.rejects(api.get('https://evil.example/me'))
  await t.rejects(api.post('/login', {}))
  t.strictSame(seen, [null, null])
})

t.test('the login goes with credentials, so that its cookie is kept across origins', async (t) => {
  const { browser, api } = await createWorld(t)
  browser.intercept = ({ url }) => url.includes('/login') ? new Response() : undefined
  const sent = async (url: string, config = {}): Promise<unknown> => (await api.post(url, {}, config)).config.withCredentials
  t.equal(await sent('/login'), true)
  t.equal(await sent('login/', { params: { next: '/' }, headers: { authorization: 'Basic x' } }), true)
  t.equal(await sent('/login', { withCredentials: false }), false)
  t.equal(await sent('https://other.example.com/login'), undefined)
})

t.test('a login that is too old is not answered by a refresh, whatever the data is made of', async (t) => {
  const { browser, api, tab } = await createWorld(t)
  const code = 'FST_JWT_LOGIN_TOO_OLD'
  const json = JSON.stringify({ code })
  const stream = Readable.from([json])
  for (const data of [json, { error: { code } }, new Blob([json]), Buffer.from(json), Uint8Array.from(Buffer.from(json)).buffer, stream]) {
    const adapter = async (config: InternalAxiosRequestConfig): Promise<never> => {
      const headers = { 'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age=300' }
      throw new axios.AxiosError('refused', undefined, config, {}, { status: 401, statusText: '', headers: data === stream ? headers : {}, data, config })
    }
    await t.rejects(api.get('/pay', { adapter }), { response: { status: 401 } } as any)
  }
  t.equal(browser.count(REFRESH), 0)
  t.notOk(stream.destroyed)

  const circular: { self?: unknown } = {}
  circular.self = circular
  for (const data of [circular, undefined]) {
    tab.auth.setSession(await browser.login())
    const adapter = async (config: InternalAxiosRequestConfig): Promise<never> => {
      throw new axios.AxiosError('refused', undefined, config, {}, { status: 401, statusText: '', headers: {}, data, config })
    }
    await t.rejects(api.get('/me', { adapter }), { response: { status: 401 } } as any)
  }
  t.equal(browser.count(REFRESH), 2, 'any other 401 is')
})

t.test('a request that is sent again with its config gets a token of its own', async (t) => {
  const { browser, api, tab } = await createWorld(t)
  const fail = async (): Promise<InternalAxiosRequestConfig> => {
    browser.intercept = ({ url }) => url.endsWith('/me') ? new Response(null, { status: 503 }) : undefined
    const { config } = await api.get('/me').catch((error: unknown) => error) as AxiosError
    browser.intercept = () => {}
    t.match(config!.headers.get('authorization'), 'Bearer ')
    t.notMatch(JSON.stringify({ ...config, headers: null }), 'eyJ', 'a log of the config has a token in the header alone')
    return config!
  }
  const first = await fail()
  Date.now = () => browser.clock.now
  t.equal((await api(first)).status, 200, 'the old token has ended meanwhile')
  t.equal(browser.count('GET /me'), 2)
  t.equal(browser.count(REFRESH), 1)

  const second = await fail()
  browser.clock.now += 16 * MINUTE
  const now = Date.now()
  Date.now = () => now - 16 * MINUTE
  t.equal((await api(second)).status, 200, 'the server alone knows that it has ended')
  t.equal(browser.count(REFRESH), 2)

  const third = await fail()
  third.headers.set('authorization', 'Bearer of-my-own')
  await t.rejects(api(third), { response: { status: 401 } } as any, 'a header of one\'s own by now')
  t.equal(browser.count(REFRESH), 2)

  const fourth = await fail()
  await tab.auth.logout()
  await t.rejects(api(fourth), { response: { data: { code: 'FST_JWT_ACCESS_TOKEN_MISSING' } } } as any, 'signed out by now')
})

t.test('a request that is cancelled before it begins asks for no token', async (t) => {
  const { browser, api } = await createWorld(t)
  browser.clock.now += 16 * MINUTE
  await t.rejects(api.get('/me', { signal: AbortSignal.abort() }), { code: 'ERR_CANCELED' } as any)
  t.equal(browser.count('GET /me'), 0)
})

t.test('where no token can be had, the error is the one that says why', async (t) => {
  const { browser, api } = await createWorld(t)
  browser.clock.now += 16 * MINUTE
  Date.now = () => browser.clock.now
  browser.intercept = ({ url }) => url.endsWith('/auth/refresh') ? new Response(null, { status: 503 }) : undefined
  await t.rejects(api.get('/me'), { name: 'AuthUnavailableError', status: 503 } as any)
  t.equal(browser.count('GET /me'), 0)
})

t.test('an API that takes none of the tokens is no reason to refresh all the time', async (t) => {
  const { browser, api } = await createWorld(t)
  browser.intercept = ({ url }) => url.endsWith('/never') ? new Response(null, { status: 401 }) : undefined
  for (let i = 0; i < 5; i++) await t.rejects(api.get('/never'), { response: { status: 401 } } as any)
  t.equal(browser.count(REFRESH), 3)
  t.equal(browser.count('GET /never'), 8)
})

t.test('what an interceptor has removed does not come back', async (t) => {
  const { browser, api } = await createWorld(t)
  const seen: Array<[string | null, string]> = []
  browser.intercept = ({ headers, url }) => {
    if (url.includes('/me')) seen.push([headers.get('x-trace'), url])
  }
  api.defaults.headers.common['x-trace'] = '1'
  api.defaults.params = { trace: 1 }
  api.interceptors.request.use((config) => {
    config.headers.delete('x-trace')
    delete config.params
    return config
  })
  t.equal((await api.get('/me')).status, 200)
  t.strictSame(seen, Array(2).fill([null, `${ORIGIN}/me`]))
  t.equal(api.defaults.headers.common['x-trace'], '1')
})

t.test('a 401 that is a stream frees its connection', async (t) => {
  const app = Fastify()
  app.get('/file', async (request, reply) => {
    if (request.headers.authorization === 'Bearer good') return reply.send(Readable.from(['content']))
    return reply.code(401).send(Readable.from([Buffer.alloc(1_000_000)]))
  })
  t.teardown(() => app.close())
  const baseURL = await app.listen({ host: '127.0.0.1', port: 0 })
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => httpAgent.destroy())
  const api = axios.create({ baseURL, httpAgent, responseType: 'stream' })
  attachAxios(api, { getToken: async ({ rejected } = {}) => rejected ? 'good' : 'stale' })
  const { data } = await api.get('/file')
  t.equal(await text(data), 'content')
})

t.test('a 401 that is a stream of the browser is cancelled, and one that will not be is no obstacle', async (t) => {
  for (const cancel of [() => {}, () => { throw new Error('no') }]) {
    let cancelled = 0
    const adapter = async (config: InternalAxiosRequestConfig): Promise<any> => {
      if (config.headers.get('authorization') === 'Bearer good') return { status: 200, statusText: '', headers: {}, data: '', config }
      const data = new ReadableStream({
        cancel () {
          cancelled++
          cancel()
        }
      })
      throw new axios.AxiosError('refused', undefined, config, {}, { status: 401, statusText: '', headers: {}, data, config })
    }
    const api = axios.create({ adapter })
    attachAxios(api, { getToken: async ({ rejected } = {}) => rejected ? 'good' : 'stale' })
    t.equal((await api.get('https://api.example.com/file')).status, 200)
    t.equal(cancelled, 1)
  }
})

t.test('the wait for a token is part of the request', async (t) => {
  const { browser, api } = await createWorld(t)
  const { opened, open } = createGate()
  browser.intercept = async ({ url }) => {
    if (url.endsWith('/refresh')) await opened
  }
  const afterThe401 = await api.get('/me', { timeout: 20 }).catch((error: unknown) => error)
  t.match(afterThe401, { message: 'timeout of 20ms exceeded', code: 'ECONNABORTED', config: { url: '/me' } })
  t.ok(axios.isAxiosError(afterThe401))
  Date.now = () => browser.clock.now
  await t.rejects(api.get('/me', { timeout: 20 }), { name: 'AxiosError', code: 'ECONNABORTED' })

  const source = axios.CancelToken.source()
  const waiting = api.get('/me', { cancelToken: source.token })
  await settle()
  source.cancel('enough')
  t.ok(axios.isCancel(await waiting.catch((error: unknown) => error)))
  t.ok(axios.isCancel(await api.get('/me', { cancelToken: source.token }).catch((error: unknown) => error)), 'cancelled before')
  t.equal(browser.count('GET /me'), 1)
  open()
  t.equal((await api.get('/me', { timeout: 60_000 })).status, 200)
})

t.test('a stand-in of the client that knows no routes', async (t) => {
  const api = axios.create({ adapter: async (config) => ({ status: 200, statusText: '', headers: {}, data: config.headers.get('authorization'), config }) })
  attachAxios(api, { getToken: async () => 'of-a-stand-in' })
  t.equal((await api.post('https://api.example.com/login')).data, 'Bearer of-a-stand-in')
})

t.test('an abort ends that caller at once, with the error of axios, and nobody else', async (t) => {
  const { browser, api, tab } = await createWorld(t)
  const { opened, open } = createGate()
  browser.intercept = async ({ url }) => {
    if (url.endsWith('/refresh')) await opened
  }
  const controller = new AbortController()
  const afterThe401 = api.get('/me', { signal: controller.signal })
  const other = api.get('/me')
  await settle()
  Date.now = () => browser.clock.now
  const before = api.get('/me', { signal: controller.signal })
  await settle()
  controller.abort()
  for (const aborted of [afterThe401, before]) t.ok(axios.isCancel(await aborted.catch((error: unknown) => error)))
  open()
  t.equal((await other).status, 200)
  t.equal(tab.auth.getSnapshot().status, 'signed-in')
})

t.test('errors: the session is over, the server is away, and those without an answer', async (t) => {
  const { browser, api } = await createWorld(t)
  browser.intercept = ({ url }) => url.endsWith('/refresh') ? new Response('', { status: 503 }) : undefined
  await t.rejects(api.get('/me'), { name: 'AuthUnavailableError', status: 503 })
  browser.intercept = () => { throw new TypeError('fetch failed') }
  await t.rejects(api.get('/x'), { message: 'fetch failed' })
  browser.intercept = () => {}
  browser.clock.now += MINUTE
  Date.now = () => browser.clock.now
  await browser.app.sessions.revokeAll('user-1')
  await t.rejects(api.get('/me'), { response: { status: 401, data: { code: 'FST_JWT_ACCESS_TOKEN_MISSING' } } } as any, 'sent without a token')
})

t.test('when the session is over meanwhile, the 401 is the answer', async (t) => {
  const { browser, api } = await createWorld(t)
  await browser.app.sessions.revokeAll('user-1')
  await t.rejects(api.get('/me'), { response: { status: 401, data: { code: 'FST_JWT_ACCESS_TOKEN_EXPIRED' } } } as any)
})

t.test('detached, it does nothing', async (t) => {
  const { browser, api, detach } = await createWorld(t)
  detach()
  await t.rejects(api.get('/me'), { response: { status: 401, data: { code: 'FST_JWT_ACCESS_TOKEN_MISSING' } } } as any)
  t.equal(browser.count(REFRESH), 0)
})

t.test('the axios object itself fits, too', async (t) => {
  const { tab } = await createWorld(t)
  t.type(attachAxios(axios, tab.auth), 'function')
})
