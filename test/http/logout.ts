import type { Test } from 'tap'
import { DAY, MINUTE, refreshCookie } from '../fixtures/app.ts'
import type { Create } from './suite.ts'

export function logoutTests (t: Test, create: Create): void {
  t.test('a logout revokes on the server and clears the cookie', async (t) => {
    const { login, client, app, events } = await create(t)
    const tab = await login({ sub: 'logs out' })
    const { cookie } = tab
    const response = await tab.logout()
    t.equal(response.statusCode, 204)
    t.equal(response.body, '')
    t.equal(response.headers['cache-control'], 'private, no-store')
    t.equal(refreshCookie(response)?.value, '')
    t.strictSame(await app.sessions.list('logs out'), [])
    t.match(events[1], { type: 'ended', reason: 'logout', subject: 'logs out', count: 1 })
    t.equal((await client(cookie).refresh()).statusCode, 403)
  })

  t.test('a logout is idempotent', async (t) => {
    const { login, client, events } = await create(t)
    const tab = await login()
    const { cookie } = tab
    await tab.logout()
    const without = await client().logout()
    t.equal(without.statusCode, 204, 'without a token')
    t.equal(refreshCookie(without)?.value, '', 'and the cookie is cleared')
    t.equal((await client(cookie).logout()).statusCode, 204, 'with a dead one')
    t.equal((await client('forged').logout()).statusCode, 204, 'with a forged one')
    t.equal(events.length, 2, 'one login, one logout')
  })

  t.test('any genuine token of the session ends it, an old generation too, and that is no reuse', async (t) => {
    const { login, client, clock, events } = await create(t)
    const tab = await login()
    const { cookie } = tab
    for (let turn = 0; turn < 3; turn++) {
      clock.now += MINUTE
      await tab.refresh()
    }
    t.equal((await client(cookie).logout()).statusCode, 204)
    t.equal((await tab.refresh()).statusCode, 403)
    t.notOk(events.some(({ type }) => type === 'reused'))
  })

  t.test('everywhere ends all sessions of the subject, and no one else\'s', async (t) => {
    const { login, events } = await create(t)
    const tabs = [await login({ sub: 'everywhere' }), await login({ sub: 'everywhere' }), await login({ sub: 'everywhere' })]
    const other = await login({ sub: 'everywhere else' })
    t.equal((await tabs[0]?.logout({ everywhere: true }))?.statusCode, 204)
    for (const tab of tabs.slice(1)) t.equal((await tab.refresh()).statusCode, 403)
    t.equal((await other.refresh()).statusCode, 200)
    t.match(events.find(({ type }) => type === 'ended'), { reason: 'logout', subject: 'everywhere', count: 3 })
  })

  t.test('everywhere needs a live session: never a false success', async (t) => {
    const { login, client, clock } = await create(t)
    const other = await login({ sub: 'two devices' })
    const tab = await login({ sub: 'two devices' })
    const { cookie } = tab
    await tab.logout()

    const missing = await client().logout({ everywhere: true })
    t.equal(missing.statusCode, 401)
    t.equal(missing.json().code, 'FST_JWT_REFRESH_TOKEN_MISSING')

    const dead = await client(cookie).logout({ everywhere: true })
    t.equal(dead.statusCode, 403)
    t.equal(dead.json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
    t.equal(refreshCookie(dead)?.value, '', 'the cookie is cleared')

    const forged = await client('forged').logout({ everywhere: true })
    t.equal(forged.json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
    t.equal((await other.refresh()).statusCode, 200, 'nothing was ended')

    clock.now += 7 * DAY
    t.equal((await client(cookie).logout({ everywhere: true })).json().code, 'FST_JWT_REFRESH_TOKEN_EXPIRED')
  })

  t.test('a logout with the token in the body', async (t) => {
    const { app } = await create(t, { refreshToken: { transport: 'body' } })
    const { refreshToken } = (await app.inject({ method: 'POST', url: '/login' })).json()
    const response = await app.inject({ method: 'POST', url: '/auth/logout', payload: { refreshToken } })
    t.equal(response.statusCode, 204)
    t.equal(response.headers['set-cookie'], undefined)
    t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken } })).statusCode, 403)
    t.equal((await app.inject({ method: 'POST', url: '/auth/logout', payload: { refreshToken, everywhere: true } })).statusCode, 403)
  })

  t.test('reply.revokeTokens on a host\'s own route ends the session of the access token', async (t) => {
    const { app, login } = await create(t)
    app.post('/bye', { onRequest: [app.authenticate] }, async (_request, reply) => { await reply.revokeTokens() })
    app.post('/bye-all', { onRequest: [app.authenticate] }, async (_request, reply) => { await reply.revokeTokens({ everywhere: true }) })
    const post = async (url: string, { accessToken }: { accessToken: string | undefined }) =>
      app.inject({ method: 'POST', url, headers: { authorization: `Bearer ${accessToken}` } })

    const tab = await login({ sub: 'bye' })
    const other = await login({ sub: 'bye' })
    const response = await post('/bye', tab)
    t.equal(response.statusCode, 204)
    t.equal(refreshCookie(response)?.value, '')
    t.equal((await tab.refresh()).statusCode, 403)

    const dead = await post('/bye-all', tab)
    t.equal(dead.statusCode, 401, 'an access token outlives its session, but no longer ends others')
    t.equal(dead.json().code, 'FST_JWT_SESSION_ENDED')
    t.equal(dead.headers['www-authenticate'], 'Bearer error="invalid_token", error_description="The session has ended"')
    t.equal((await other.refresh()).statusCode, 200)
    t.equal((await post('/bye-all', other)).statusCode, 204)
    t.equal((await other.refresh()).statusCode, 403)
  })
}
