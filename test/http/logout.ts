import type { Test } from 'tap'
import { DAY, MINUTE, refreshCookie } from '../fixtures/app.ts'
import { payloadOf } from '../fixtures/jwt.ts'
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
    t.equal((await client(`${cookie}x`).logout()).statusCode, 204, 'with a forged one')
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

  t.test('everywhere takes a token that its session has not gone on without: an older one ends its own session, and counts as reused', async (t) => {
    const { login, client, clock, events } = await create(t)
    const other = await login({ sub: 'old token' })
    const tab = await login({ sub: 'old token' })
    const stolen = client(tab.cookie)
    for (let turn = 0; turn < 2; turn++) {
      clock.now += MINUTE
      await tab.refresh()
    }
    const { sid } = payloadOf(tab.accessToken)
    const refused = await stolen.logout({ everywhere: true })
    t.equal(refused.statusCode, 403)
    t.equal(refused.json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
    t.strictSame(events.at(-1), { type: 'reused', sessionId: sid, subject: 'old token', generation: 1, expected: 2 })
    t.equal((await tab.refresh()).statusCode, 403)
    t.equal((await other.refresh()).statusCode, 200)

    clock.now += MINUTE
    const used = client(other.cookie)
    await other.refresh()
    t.equal((await used.logout({ everywhere: true })).statusCode, 204, 'the token that was used last is good, its answer may have been lost')
    t.equal((await other.refresh()).statusCode, 403)
  })

  t.test('everywhere by a sibling of the token that was used last', async (t) => {
    const { login, client, clock, events } = await create(t)
    const tab = await login({ sub: 'sibling' })
    const twin = client(tab.cookie)
    await tab.refresh()
    clock.now += MINUTE
    await twin.refresh()
    await tab.refresh()
    t.equal((await twin.logout({ everywhere: true })).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
    t.match(events.at(-1), { type: 'reused', generation: 2, expected: 2 })
  })

  t.test('everywhere needs a live session: never a false success', async (t) => {
    const { login, client, clock } = await create(t)
    const other = await login({ sub: 'two devices' })
    const tab = await login({ sub: 'two devices' })
    const { cookie } = tab
    await tab.logout()

    const missing = await client().logout({ everywhere: true })
    t.equal(missing.statusCode, 403)
    t.equal(missing.json().code, 'FST_JWT_REFRESH_TOKEN_MISSING')

    const dead = await client(cookie).logout({ everywhere: true })
    t.equal(dead.statusCode, 403)
    t.equal(dead.json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
    t.equal(refreshCookie(dead)?.value, '', 'the cookie is cleared')

    const forged = await client(`${cookie}x`).logout({ everywhere: true })
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

  t.test('a logout with an access token alone', async (t) => {
    const { app, clock, events } = await create(t, { refreshToken: { transport: 'body' } })
    const login = async () => (await app.inject({ method: 'POST', url: '/login', payload: { sub: 'access token alone' } })).json()
    const logout = async ({ accessToken }: { accessToken: string }, payload = {}) =>
      app.inject({ method: 'POST', url: '/auth/logout', headers: { authorization: `Bearer ${accessToken}` }, payload })
    const refresh = async ({ refreshToken }: { refreshToken: string }) => app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken } })

    const [first, second, third] = [await login(), await login(), await login()]
    t.equal((await logout(first)).statusCode, 204)
    t.match(events.at(-1), { type: 'ended', reason: 'logout', sessionId: payloadOf(first.accessToken).sid })
    t.equal((await refresh(first)).statusCode, 403)

    const dead = await logout(first, { everywhere: true })
    t.equal(dead.statusCode, 401)
    t.equal(dead.json().code, 'FST_JWT_SESSION_ENDED')
    t.equal((await refresh(second)).statusCode, 200)
    t.equal((await logout(second, { everywhere: true })).statusCode, 204)
    t.equal((await refresh(third)).statusCode, 403)

    const fourth = await login()
    clock.now += 15 * MINUTE
    for (const [accessToken, code] of [[fourth.accessToken, 'EXPIRED'], ['garbage', 'INVALID']]) {
      for (const payload of [{}, { everywhere: true }]) {
        const refused = await logout({ accessToken }, payload)
        t.equal(refused.statusCode, 401)
        t.equal(refused.json().code, `FST_JWT_ACCESS_TOKEN_${code}`)
        t.match(refused.headers['www-authenticate'], 'error="invalid_token"')
      }
    }
    t.equal((await refresh(fourth)).statusCode, 200)
  })

  t.test('a logout ends whatever the request shows to be the caller\'s: cookie, body and access token, and a bad access token is no obstacle', async (t) => {
    const { app, login, client } = await create(t, { refreshToken: { transport: 'both' } })
    const [inCookie, inBody, inHeader, left] = [await login(), await login(), await login(), await login()]
    const response = await app.inject({
      method: 'POST',
      url: '/auth/logout',
      headers: { authorization: `Bearer ${inHeader.accessToken}`, cookie: `__Host-refreshToken=garbage; __Host-refreshToken=${inCookie.cookie}` },
      payload: { refreshToken: inBody.cookie }
    })
    t.equal(response.statusCode, 204)
    t.equal(refreshCookie(response)?.value, '')
    for (const { cookie } of [inCookie, inBody, inHeader]) t.equal((await client(cookie).refresh()).statusCode, 403)

    const bad = await app.inject({ method: 'POST', url: '/auth/logout', headers: { authorization: 'Bearer garbage', cookie: `__Host-refreshToken=${left.cookie}` } })
    t.equal(bad.statusCode, 204)
    t.equal((await client(left.cookie).refresh()).statusCode, 403)
    const unreadable = await app.inject({ method: 'POST', url: '/auth/logout', headers: { authorization: 'Bearer garbage', cookie: `__Host-refreshToken=${left.cookie}x` } })
    t.equal(unreadable.statusCode, 204)
    t.equal(refreshCookie(unreadable)?.value, '')
  })

  t.test('a logout ends the session that was verified, whatever the host has made of request.user', async (t) => {
    const { app, login } = await create(t)
    let user: unknown
    const replace = async (request: object): Promise<void> => { Object.assign(request, { user }) }
    app.post('/bye', { onRequest: [app.authenticate], preHandler: [replace] }, async (request, reply) => {
      delete request.headers.authorization // so that only the claims verified earlier identify the session
      await reply.revokeTokens(request.body as object)
    })
    for (user of [undefined, null, { id: 7 }, { sub: 'someone else', sid: 'x' }]) {
      for (const payload of [{}, { everywhere: true }]) {
        const tab = await login({ sub: 'replaced user' })
        const response = await app.inject({ method: 'POST', url: '/bye', headers: { authorization: `Bearer ${tab.accessToken}` }, payload })
        t.equal(response.statusCode, 204)
        t.equal((await tab.refresh()).statusCode, 403, JSON.stringify([user, payload]))
      }
    }
  })

  t.test('everywhere ends the caller\'s own session also where the store has lost its index', async (t) => {
    const { app, login, store } = await create(t)
    const deleteAll = store.deleteAll.bind(store)
    t.teardown(() => { store.deleteAll = deleteAll })
    store.deleteAll = async () => 0
    app.post('/bye-all', { onRequest: [app.authenticate] }, async (_request, reply) => { await reply.revokeTokens({ everywhere: true }) })

    const tab = await login({ sub: 'lost index' })
    t.equal((await tab.logout({ everywhere: true })).statusCode, 204)
    t.equal(await app.sessions.find(payloadOf(tab.accessToken).sid as string), null)
    const other = await login({ sub: 'lost index' })
    await app.inject({ method: 'POST', url: '/bye-all', headers: { authorization: `Bearer ${other.accessToken}` } })
    t.equal(await app.sessions.find(payloadOf(other.accessToken).sid as string), null)
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
