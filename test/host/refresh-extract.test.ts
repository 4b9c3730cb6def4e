import t from 'tap'
import type { AnyRequest } from '../../index.ts'
import { createApp, MINUTE } from '../fixtures/app.ts'

const fromHeader = (request: AnyRequest): string | undefined => request.headers['x-refresh-token'] as string | undefined
const options = { refreshToken: { transport: 'body', extract: fromHeader } } as const

t.test('refresh tokens in a header of an API that exists', async (t) => {
  const { app, clock, events } = await createApp(t, options)
  const { refreshToken: first } = (await app.inject({ method: 'POST', url: '/login' })).json()
  const post = async (url: string, token: string, headers = {}) => await app.inject({ method: 'POST', url, headers: { 'x-refresh-token': token, ...headers } })

  const refreshed = await post('/auth/refresh', first)
  t.equal(refreshed.statusCode, 200)
  const { refreshToken: second } = refreshed.json()
  t.equal((await post('/auth/refresh', second)).json().refreshToken, second, 'a young one is sent back')
  clock.now += MINUTE
  const inBody = await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken: second } })
  t.equal(inBody.statusCode, 200, 'the body still counts')

  const again = await post('/login', inBody.json().refreshToken)
  t.match(events.at(-1), { type: 'ended', reason: 'replaced' }, 'a login takes its place')
  t.equal((await post('/auth/logout', again.json().refreshToken)).statusCode, 204)
  t.match(events.at(-1), { type: 'ended', reason: 'logout' })
  t.equal((await post('/auth/refresh', '')).json().code, 'FST_JWT_REFRESH_TOKEN_MISSING')
})

t.test('what a host takes from elsewhere may come along by itself: a request of another site is refused', async (t) => {
  const { app, events } = await createApp(t, options)
  const login = async () => (await app.inject({ method: 'POST', url: '/login' })).json().refreshToken
  const token = await login()
  const crossSite = { 'x-refresh-token': token, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }
  for (const url of ['/auth/refresh', '/auth/logout']) {
    const response = await app.inject({ method: 'POST', url, headers: crossSite })
    t.match({ status: response.statusCode, code: response.json().code }, { status: 403, code: 'FST_JWT_CROSS_SITE_REQUEST' }, url)
  }
  t.equal((await app.inject({ method: 'POST', url: '/login', headers: crossSite })).statusCode, 200)
  t.notOk(events.some(({ type }) => type === 'ended'), 'nor does a login end the session')
})

t.test('an extract without the body transport is an error at boot', async (t) => {
  await t.rejects(createApp(t, { refreshToken: { extract: fromHeader } }), { code: 'FST_JWT_INVALID_OPTION', message: /^refreshToken\.extract is given, but .*: give refreshToken\.transport/ })
  await t.rejects(createApp(t, { refreshToken: { transport: 'both', extract: 'x-refresh-token' as never } }), { code: 'FST_JWT_INVALID_OPTION', message: /give a function/ })
})
