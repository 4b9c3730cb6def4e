import { setImmediate as turn } from 'node:timers/promises'
import type { AxiosInstance, AxiosResponse } from 'axios'
import { isAxiosError } from 'axios'
import t from 'tap'
import type { Test } from 'tap'
import { CookieJar } from 'tough-cookie'
import { MemoryStore } from '../../index.ts'
import type { Rotation, Session } from '../../index.ts'
import { createApp, MINUTE, SECOND } from '../fixtures/app.ts'
import type { TestApp } from '../fixtures/app.ts'
import { createBrowserAxios } from '../fixtures/axios-jar.ts'

/*
 * Tests the plugin with the widespread axios interceptor, which refreshes for every call that gets a 401: in every tab and all at
 * once. It must not log anybody out.
 */

interface Tab {
  api: AxiosInstance
  login (): Promise<void>
  logout (payload?: object): Promise<AxiosResponse>
  /** How many times the interceptor redirected to the login. */
  loginsShown: number
}

function openTab (axios: AxiosInstance, api: AxiosInstance): Tab {
  const tab: Tab = {
    api,
    loginsShown: 0,
    async login () {
      const response = await axios.post('/login', { sub: 'user-1' }, { withCredentials: true })
      api.defaults.headers.common.Authorization = `Bearer ${response.data.accessToken}`
    },
    logout: (payload = {}) => axios.post('/auth/logout', payload, { withCredentials: true })
  }

  // The widespread recipe.
  api.interceptors.response.use((response) => response, async (error) => {
    const originalRequest = error.config
    if (error.response?.status === 401 && !originalRequest._retry) {
      originalRequest._retry = true
      try {
        const refreshRes = await axios.post('/auth/refresh', {}, { withCredentials: true })
        const { accessToken } = refreshRes.data
        api.defaults.headers.common.Authorization = `Bearer ${accessToken}`
        originalRequest.headers.Authorization = `Bearer ${accessToken}`
        return api(originalRequest)
      } catch (refreshError) {
        tab.loginsShown++ // window.location.href = '/login'
        return Promise.reject(refreshError)
      }
    }
    return Promise.reject(error)
  })

  return tab
}

/** Responds out of order: the number of event loop turns differs from call to call. */
class UnevenStore extends MemoryStore {
  #calls = 0

  override async rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null> {
    await this.#dawdle()
    const session = await super.rotate(id, expected, next, now)
    await this.#dawdle()
    return session
  }

  override async find (id: string): Promise<Session | null> {
    await this.#dawdle()
    return super.find(id)
  }

  async #dawdle (): Promise<void> {
    const turns = this.#calls++ * 7 % 11
    for (let i = 0; i < turns; i++) await turn()
  }
}

interface World extends TestApp {
  /** Opens a tab of the browser. */
  newTab (): Tab
  /** Opens a tab whose page refreshes with the same axios instance that it intercepts, such as the global one. */
  newTabOfOneAxios (): Tab
  /** The status of every refresh. */
  refreshes: number[]
}

async function createWorld (t: Test): Promise<World> {
  const world = await createApp(t, { store: new UnevenStore() })
  const { app } = world
  const refreshes: number[] = []
  app.addHook('onResponse', async (request, reply) => {
    if (request.url === '/auth/refresh') refreshes.push(reply.statusCode)
  })
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const origin = `http://localhost:${port}`
  const jar = new CookieJar()
  return {
    ...world,
    refreshes,
    newTab: () => openTab(createBrowserAxios(origin, jar), createBrowserAxios(origin, jar)),
    newTabOfOneAxios () {
      const axios = createBrowserAxios(origin, jar)
      return openTab(axios, axios)
    }
  }
}

async function burst (tabs: Tab[], calls = 10): Promise<number[]> {
  const requests = tabs.flatMap(({ api }) => Array.from({ length: calls }, () => api.get('/me')))
  return (await Promise.all(requests)).map(({ status }) => status)
}

t.test('one call after the access token has expired', async (t) => {
  const { newTab, clock, refreshes, events } = await createWorld(t)
  const tab = newTab()
  await tab.login()
  t.equal((await tab.api.get('/me')).data.sub, 'user-1')
  t.strictSame(refreshes, [])
  clock.now += 15 * MINUTE
  t.equal((await tab.api.get('/me')).data.sub, 'user-1')
  t.strictSame(refreshes, [200])
  t.equal((await tab.api.get('/me')).status, 200)
  t.strictSame(refreshes, [200], 'the new token serves')
  t.match(events.at(-1), { type: 'refreshed', rotated: true })
})

t.test('two tabs with ten calls each, again and again', async (t) => {
  const { newTab, clock, refreshes, events } = await createWorld(t)
  const tabs = [newTab(), newTab()]
  await tabs[0]!.login()
  let rounds = 0
  for (const pause of [0, 15 * MINUTE, 16 * MINUTE, 15 * MINUTE, 60 * MINUTE, 24 * 60 * MINUTE, 15 * MINUTE + 5 * SECOND, 15 * MINUTE]) {
    clock.now += pause
    t.strictSame(await burst(tabs), Array(20).fill(200), `round ${++rounds}`)
  }
  t.same(new Set(refreshes), new Set([200]), 'no refresh was refused')
  t.equal(refreshes.length, 10 + 7 * 20, 'and there was one for every call: the first time, only the tab without a token needs them')
  t.equal(events.filter((event) => event.type === 'refreshed' && event.rotated).length, 8, 'of which one a round gave a new refresh token')
  t.notOk(events.some(({ type }) => type === 'reused' || type === 'ended'))
  t.strictSame(tabs.map(({ loginsShown }) => loginsShown), [0, 0])
})

t.test('tabs that refresh as they please, seconds apart', async (t) => {
  const { newTab, clock, refreshes } = await createWorld(t)
  const tabs = [newTab(), newTab(), newTab()]
  await tabs[0]!.login()
  for (let round = 0; round < 12; round++) {
    // After a page load there is no token, so each tab refreshes.
    clock.now += [0, 1, 4, 9, 11, 30][round % 6]! * SECOND
    tabs[round % 3]!.api.defaults.headers.common.Authorization = ''
    t.strictSame(await burst(tabs, 3), Array(9).fill(200), `round ${round + 1}`)
  }
  t.same(new Set(refreshes), new Set([200]))
})

t.test('with nobody signed in, an interceptor that also hears its own refresh asks once, not for ever', async (t) => {
  const { newTabOfOneAxios, refreshes } = await createWorld(t)
  const tab = newTabOfOneAxios()
  const refused = await tab.api.get('/me').catch((error: unknown) => error)
  t.match(refused, { response: { status: 403, data: { code: 'FST_JWT_REFRESH_TOKEN_MISSING' } } })
  t.strictSame(refreshes, [403])
  t.equal(tab.loginsShown, 1)
})

t.test('after a logout in one tab, the other ends at the login', async (t) => {
  const { newTab, clock, refreshes } = await createWorld(t)
  const [first, second] = [newTab(), newTab()]
  await first.login()
  await burst([first, second], 2)
  t.equal((await first.logout()).status, 204)

  clock.now += 15 * MINUTE
  const refused = await second.api.get('/me').catch((error: unknown) => error)
  t.ok(isAxiosError(refused))
  t.match(refused, { response: { status: 403, data: { code: 'FST_JWT_REFRESH_TOKEN_MISSING' } } }, 'the cookie is gone')
  t.equal(second.loginsShown, 1)
  t.equal(refreshes.at(-1), 403)

  await second.login()
  t.strictSame(await burst([first, second], 3), Array(6).fill(200), 'and a login there serves both')
})

t.test('a session that was ended elsewhere ends at the login', async (t) => {
  const { newTab, clock, app } = await createWorld(t)
  const tab = newTab()
  await tab.login()
  await app.sessions.revokeAll('user-1')
  clock.now += 15 * MINUTE
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => tab.api.get('/me')))
  for (const answer of answers) {
    t.match(answer, { status: 'rejected', reason: { response: { status: /^40[13]$/ } } })
  }
  t.ok(answers.some((answer) => answer.status === 'rejected' && answer.reason.response.data.code === 'FST_JWT_REFRESH_TOKEN_REVOKED'))
  t.equal(tab.loginsShown, 5)
})

t.test('a logout while calls are under way', async (t) => {
  const { newTab, clock, events } = await createWorld(t)
  const tab = newTab()
  await tab.login()
  for (let round = 0; round < 5; round++) {
    clock.now += 15 * MINUTE
    const calls = Promise.allSettled(Array.from({ length: 6 }, () => tab.api.get('/me')))
    t.equal((await tab.logout()).status, 204)
    for (const answer of await calls) {
      const status = answer.status === 'fulfilled' ? answer.value.status : answer.reason.response.status
      t.ok([200, 401, 403].includes(status), `a call ends with ${status}`)
    }
    await tab.login()
    t.equal((await tab.api.get('/me')).status, 200)
  }
  t.notOk(events.some(({ type }) => type === 'reused'), 'nobody is taken for a thief')
})
