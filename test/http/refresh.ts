import type { Test } from 'tap'
import { COOKIE_NAME, DAY, MINUTE, needCookie, refreshCookie, SECOND, START } from '../fixtures/app.ts'
import { payloadOf } from '../fixtures/jwt.ts'
import type { Create } from './suite.ts'

export function refreshTests (t: Test, create: Create): void {
  t.test('a refresh answers with a new access token and a rotated cookie', async (t) => {
    const { login, clock, events } = await create(t)
    const tab = await login({ sub: 'anna', role: 'admin' })
    const first = { ...tab }
    clock.now += 20 * MINUTE

    const response = await tab.refresh()
    t.equal(response.statusCode, 200)
    t.equal(response.headers['cache-control'], 'private, no-store')
    const { accessToken, ...rest } = response.json()
    t.strictSame(rest, { tokenType: 'Bearer', expiresIn: 900 }, 'no refresh token in the body')
    const { sub, role, sid, iat, exp } = payloadOf(accessToken)
    const now = clock.now / 1000
    t.strictSame({ sub, role, iat, exp }, { sub: 'anna', role: 'admin', iat: now, exp: now + 900 }, 'the login\'s claims')
    t.equal(sid, payloadOf(first.accessToken).sid, 'of the same session')

    const { value, ...attributes } = needCookie(response)
    t.strictSame(attributes, { name: '__Host-refreshToken', path: '/', maxAge: 30 * 86_400 - 20 * 60, httpOnly: true, secure: true, sameSite: 'Strict' })
    t.match(payloadOf(value), { sub: 'anna', sid, gen: 2, iat: now, exp: (START + 30 * DAY) / 1000 }, 'rotation does not move the absolute end')
    t.not(value, first.cookie)
    t.match(events[1], { type: 'refreshed', sessionId: sid, subject: 'anna', generation: 1, rotated: true })
    t.equal((await tab.me()).statusCode, 200)
  })

  t.test('without a token: 403, because the interceptor that many front ends have would catch a 401 and refresh again', async (t) => {
    const { client } = await create(t)
    const response = await client().refresh()
    t.equal(response.statusCode, 403)
    t.equal(response.json().code, 'FST_JWT_REFRESH_TOKEN_MISSING')
    t.equal(response.headers['set-cookie'], undefined)
    t.equal(response.headers['www-authenticate'], undefined)
  })

  t.test('with a forged token: 403', async (t) => {
    const { client, login } = await create(t)
    const { cookie } = await login()
    const response = await client(`${cookie}x`).refresh()
    t.equal(response.statusCode, 403)
    t.equal(response.json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
    t.equal(response.headers['set-cookie'], undefined)
  })

  t.test('a session that nobody used for its idle life has expired', async (t) => {
    const { login, clock } = await create(t)
    const tab = await login()
    clock.now += 7 * DAY - 1
    t.equal((await tab.refresh()).statusCode, 200, 'a use just before starts it anew')
    clock.now += 7 * DAY - 1
    t.equal((await tab.refresh()).statusCode, 200)
    clock.now += 7 * DAY
    const response = await tab.refresh()
    t.equal(response.statusCode, 403)
    t.equal(response.json().code, 'FST_JWT_REFRESH_TOKEN_EXPIRED')
    t.equal(response.headers['set-cookie'], undefined)
  })

  t.test('no use moves the absolute end', async (t) => {
    const { login, clock } = await create(t)
    const tab = await login()
    for (let day = 5; day < 30; day += 5) {
      clock.now = START + day * DAY
      t.equal((await tab.refresh()).statusCode, 200)
    }
    clock.now = START + 30 * DAY - SECOND
    const last = await tab.refresh()
    t.equal(last.json().expiresIn, 1, 'an access token does not outlive the session')
    clock.now = START + 30 * DAY
    const response = await tab.refresh()
    t.equal(response.statusCode, 403)
    t.equal(response.json().code, 'FST_JWT_REFRESH_TOKEN_EXPIRED')
  })

  t.test('a session that was revoked: 403', async (t) => {
    const { app, login, events } = await create(t)
    const tab = await login()
    const { sid } = payloadOf(tab.accessToken)
    t.equal(await app.sessions.revoke(sid as string), true)
    const response = await tab.refresh()
    t.equal(response.statusCode, 403)
    t.equal(response.json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
    t.equal(response.headers['set-cookie'], undefined)
    t.strictSame(events.map(({ type }) => type), ['issued', 'ended', 'refused'], 'which is no reuse')
    t.match(events.at(-1), { operation: 'refresh', reason: 'revoked', sessionId: sid, subject: 'user-1' })
  })

  t.test('the body transport carries the refresh token both ways, and sets no cookie', async (t) => {
    const { app, clock } = await create(t, { refreshToken: { transport: 'body' } })
    const login = await app.inject({ method: 'POST', url: '/login', payload: { sub: 'phone' } })
    const { refreshToken } = login.json()
    t.equal(login.headers['set-cookie'], undefined)
    t.match(payloadOf(refreshToken), { sub: 'phone', gen: 1 })

    const refreshed = await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken } })
    t.equal(refreshed.statusCode, 200)
    t.match(payloadOf(refreshed.json().refreshToken), { sub: 'phone', gen: 2 })
    t.equal(refreshed.headers['set-cookie'], undefined)

    const again = await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken } })
    t.equal(again.statusCode, 200)
    t.equal(again.json().refreshToken, refreshToken, 'the one that was sent: a client may always keep what it gets')

    clock.now += MINUTE
    const cookie = await app.inject({ method: 'POST', url: '/auth/refresh', cookies: { [COOKIE_NAME]: refreshToken } })
    t.equal(cookie.json().code, 'FST_JWT_REFRESH_TOKEN_MISSING', 'a cookie is not looked at')

    const forged = await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken: 'forged' } })
    t.equal(forged.json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
    t.equal(forged.headers['set-cookie'], undefined)
  })

  t.test('a cookie client never gets a refresh token in a body', async (t) => {
    const { login, app } = await create(t, { refreshToken: { transport: 'both' } })
    const tab = await login()
    const response = await tab.refresh()
    t.notOk('refreshToken' in response.json())
    t.ok(refreshCookie(response))

    const { value } = needCookie(response)
    const inBoth = await app.inject({ method: 'POST', url: '/auth/refresh', cookies: { [COOKIE_NAME]: value }, payload: { refreshToken: value } })
    t.equal(inBoth.statusCode, 400)
    t.equal(inBoth.json().code, 'FST_JWT_REFRESH_TOKEN_AMBIGUOUS')
  })

  t.test('with both transports a login chooses the body for a native client', async (t) => {
    const { app } = await create(t, { refreshToken: { transport: 'both' } })
    app.post('/native-login', async (_request, reply) => reply.issueTokens({ sub: 'native' }, { transport: 'body' }))
    const login = await app.inject({ method: 'POST', url: '/native-login' })
    t.equal(login.headers['set-cookie'], undefined)
    const response = await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken: login.json().refreshToken } })
    t.match(payloadOf(response.json().refreshToken), { sub: 'native', gen: 2 })
  })

  t.test('fresh claims at every accepted refresh', async (t) => {
    let role = 'user'
    const seen: number[] = []
    const { login, clock } = await create(t, {
      claims (session) {
        seen.push(session.generation)
        return { sub: session.subject, role }
      }
    })
    const tab = await login({ sub: 'anna', role: 'guest' })
    t.equal((await tab.me()).json().role, 'guest', 'a login says its own claims')
    role = 'admin'
    await tab.refresh()
    t.equal((await tab.me()).json().role, 'admin')
    await tab.refresh()
    clock.now += MINUTE
    await tab.refresh()
    t.strictSame(seen, [1, 1, 2], 'asked also where the refresh token is not rotated, with the record as it now is')
  })

  t.test('claims that are null end the session', async (t) => {
    const { login, app, events } = await create(t, { claims: async () => null })
    const tab = await login({ sub: 'null claims' })
    const response = await tab.refresh()
    t.equal(response.statusCode, 403)
    t.equal(response.json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
    t.equal(response.headers['set-cookie'], undefined)
    t.strictSame(await app.sessions.list('null claims'), [])
    t.match(events[1], { type: 'ended', reason: 'claims', subject: 'null claims', count: 1 })
  })

  t.test('a refresh that the host\'s claims fail is healed by the next one', async (t) => {
    let isAway = true
    const { login, clock } = await create(t, {
      claims ({ claims }) {
        if (isAway) throw new Error('the database is away')
        return claims
      }
    })
    const tab = await login()
    const cookie = tab.cookie
    const response = await tab.refresh()
    t.equal(response.statusCode, 503)
    t.equal(response.headers['retry-after'], '1')
    t.equal(response.headers['set-cookie'], undefined)
    t.equal(tab.cookie, cookie)

    isAway = false
    clock.now += MINUTE
    t.equal((await tab.refresh()).statusCode, 200)
    t.not(tab.cookie, cookie)
  })

  t.test('app.refresh on a host\'s own route', async (t) => {
    const { app, login, clock } = await create(t)
    app.get('/auth/page', { preHandler: [app.refresh] }, async (request, reply) => ({ user: request.user.sub, expiresIn: reply.tokens?.expiresIn }))
    const tab = await login({ sub: 'anna' })
    clock.now += MINUTE
    const response = await app.inject({ url: '/auth/page', cookies: { [COOKIE_NAME]: tab.cookie as string } })
    t.strictSame(response.json(), { user: 'anna', expiresIn: 900 })
    t.equal(response.headers['cache-control'], 'private, no-store')
    t.ok(refreshCookie(response))
  })
}
