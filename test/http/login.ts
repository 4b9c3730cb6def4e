import type { Test } from 'tap'
import { DAY, MINUTE, needCookie, refreshCookie, SECOND, START } from '../fixtures/app.ts'
import { payloadOf } from '../fixtures/jwt.ts'
import type { Create } from './suite.ts'

export function loginTests (t: Test, create: Create): void {
  t.test('a login answers with an access token in the body and a refresh token in the cookie', async (t) => {
    const { app, events } = await create(t)
    const response = await app.inject({ method: 'POST', url: '/login', payload: { sub: 'anna', role: 'admin' } })
    t.equal(response.statusCode, 200)
    t.equal(response.headers['cache-control'], 'private, no-store')

    const { accessToken, ...rest } = response.json()
    t.strictSame(rest, { tokenType: 'Bearer', expiresIn: 900 }, 'and no refresh token in the body')
    const { sid, jti, ...claims } = payloadOf(accessToken)
    t.strictSame(claims, { sub: 'anna', role: 'admin', iat: START / 1000, exp: START / 1000 + 900, auth_time: START / 1000 })
    t.match(jti, /^[\da-f-]{36}$/)

    const { value, ...attributes } = needCookie(response)
    t.strictSame(attributes, { name: '__Host-refreshToken', path: '/', maxAge: 30 * 86_400, httpOnly: true, secure: true, sameSite: 'Strict' })
    t.match(payloadOf(value), { sub: 'anna', sid, gen: 1, iat: START / 1000, exp: (START + 30 * DAY) / 1000 })
    t.strictSame(events, [{ type: 'issued', sessionId: sid, subject: 'anna' }])
  })

  t.test('what the store keeps of a login', async (t) => {
    const { app } = await create(t)
    const response = await app.inject({
      method: 'POST', url: '/login', payload: { sub: 'what the store keeps', role: 'admin', team: { id: 7 } }, headers: { 'user-agent': 'x'.repeat(1000) }
    })
    const [session] = await app.sessions.list('what the store keeps')
    t.match(session, {
      subject: 'what the store keeps',
      generation: 0,
      createdAt: START,
      rotatedAt: START,
      expiresAt: START + 7 * DAY,
      endsAt: START + 30 * DAY,
      claims: { sub: 'what the store keeps', role: 'admin', team: { id: 7 } },
      metadata: { userAgent: 'x'.repeat(256), ip: '127.0.0.1' }
    })
    const { jti, par } = payloadOf(refreshCookie(response)?.value)
    t.equal(session?.current, par, 'the root is the parent of the first token')
    t.notMatch(JSON.stringify(session), jti as string, 'nothing in the store can be made into a token')
  })

  t.test('a cookie that browsers would drop for its size is a TypeError that names the claim, and nothing is stored', async (t) => {
    const { app, events } = await create(t, { refreshToken: { transport: 'both' } })
    const errors: Error[] = []
    app.post('/long', async (request, reply) => await reply.issueTokens(...request.body as [{ sub: string }]).catch((error: Error) => { errors.push(error) }))
    const logIn = async (sub: string, options = {}) => await app.inject({ method: 'POST', url: '/long', payload: [{ sub, role: 'r'.repeat(3000) }, options] })
    const short = needCookie(await logIn('a'.repeat(2500)))
    t.ok(short.value.length > 3000, 'what fits is set')

    for (const [sub, bytes] of [['a'.repeat(3000), 3000], ['ä'.repeat(1500), 3000], ['\0'.repeat(600), 600]] as const) {
      const before = events.length
      const response = await logIn(sub)
      t.match(errors.pop(), { name: 'TypeError', message: new RegExp(`^issueTokens: claims\\.sub has ${bytes} bytes, .* the cookie __Host-refreshToken \\d{4} bytes long, .* 4096 bytes: give a shorter sub$`) })
      t.equal(response.headers['set-cookie'], undefined)
      t.equal(events.length, before)
    }
    t.equal((await app.sessions.list('a'.repeat(3000))).length, 0)

    const inBody = await logIn('a'.repeat(1000), { transport: 'body' })
    t.type(inBody.json().refreshToken, 'string', 'a body has no such limit')
    t.equal(errors.length, 0)
  })

  t.test('the access token opens a protected route', async (t) => {
    const { login } = await create(t)
    const tab = await login({ sub: 'anna', role: 'admin' })
    const response = await tab.me()
    t.equal(response.statusCode, 200)
    t.match(response.json(), { sub: 'anna', role: 'admin' })
  })

  t.test('an access token is good until its last second has passed', async (t) => {
    const { login, clock } = await create(t)
    const tab = await login()
    clock.now += 900 * SECOND - 1
    t.equal((await tab.me()).statusCode, 200)
    clock.now += 1
    const response = await tab.me()
    t.equal(response.statusCode, 401)
    t.equal(response.json().code, 'FST_JWT_ACCESS_TOKEN_EXPIRED')
    t.equal(response.headers['www-authenticate'], 'Bearer error="invalid_token", error_description="The access token expired"')
  })

  t.test('an access token that would outlive its session ends with it', async (t) => {
    const { app } = await create(t, { refreshToken: { maxAge: 60, expiresIn: 60 } })
    const response = await app.inject({ method: 'POST', url: '/login', payload: { sub: 'short session' } })
    t.equal(response.json().expiresIn, 60)
    t.equal(payloadOf(response.json().accessToken).exp, START / 1000 + 60)
    t.equal(refreshCookie(response)?.maxAge, 60)
  })

  t.test('a host adds metadata, and may say less of the device', async (t) => {
    const { app } = await create(t)
    app.post('/login-with-metadata', async (request, reply) =>
      reply.issueTokens({ sub: 'with metadata' }, { metadata: { device: 'kiosk', ip: null } }))
    await app.inject({ method: 'POST', url: '/login-with-metadata', headers: { 'user-agent': 'test' } })
    const [session] = await app.sessions.list('with metadata')
    t.strictSame(session?.metadata, { userAgent: 'test', ip: null, device: 'kiosk' })
  })

  t.test('a host ends the old session and starts a new one in one answer', async (t) => {
    const { app, login } = await create(t)
    app.post('/step-up', { onRequest: [app.authenticate] }, async (request, reply) => {
      await reply.revokeTokens()
      return reply.issueTokens({ sub: request.user.sub, level: 2 })
    })
    const tab = await login({ sub: 'steps up' })
    const response = await app.inject({ method: 'POST', url: '/step-up', headers: { authorization: `Bearer ${tab.accessToken}` } })
    t.equal(response.statusCode, 200)
    t.match(payloadOf(response.json().accessToken), { sub: 'steps up', level: 2 })
    t.equal(response.cookies.length, 1)
    t.equal((await tab.refresh()).statusCode, 403)
  })

  t.test('a login ends the session whose refresh token comes with it, and no other', async (t) => {
    const { app, login, client, clock, events } = await create(t)
    const phone = await login({ sub: 'logs in again' })
    const tab = await login({ sub: 'logs in again' })
    const thief = client(tab.cookie)
    clock.now += MINUTE
    await tab.refresh()
    const { sid } = payloadOf(tab.accessToken)

    const response = await app.inject({ method: 'POST', url: '/login', payload: { sub: 'logs in again' }, cookies: { '__Host-refreshToken': tab.cookie as string } })
    t.equal(response.statusCode, 200)
    t.strictSame(events.slice(-2), [
      { type: 'issued', sessionId: payloadOf(response.json().accessToken).sid, subject: 'logs in again' },
      { type: 'ended', reason: 'replaced', subject: 'logs in again', sessionId: sid, count: 1 }
    ])
    t.equal((await thief.refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED', 'a stolen copy dies with it')
    t.equal((await phone.refresh()).statusCode, 200)
    t.equal((await client(needCookie(response).value).refresh()).statusCode, 200)
  })

  t.test('a login ends another user\'s session in the same browser, and nothing that came stands in its way', async (t) => {
    const { app, login, client, events } = await create(t)
    const other = await login({ sub: 'sat here before' })
    const dead = await login({ sub: 'sat here before' })
    await client(dead.cookie).logout()
    const before = events.length
    const cookie = [other.cookie, dead.cookie, 'garbage', '%', `${dead.cookie?.slice(0, -5)}aaaaa`].map((value) => `__Host-refreshToken=${value}`).join('; ')
    const response = await app.inject({ method: 'POST', url: '/login', payload: { sub: 'sits here now' }, headers: { cookie } })
    t.equal(response.statusCode, 200)
    t.match(events.slice(before), [{ type: 'issued', subject: 'sits here now' }, { type: 'ended', reason: 'replaced', subject: 'sat here before' }])
    t.equal((await client(other.cookie).refresh()).statusCode, 403)
    t.equal((await client(needCookie(response).value).refresh()).statusCode, 200)
  })

  t.test('endPrevious: false leaves the old session alone', async (t) => {
    const { app, login, events } = await create(t)
    app.post('/second', async (_request, reply) => reply.issueTokens({ sub: 'has two' }, { endPrevious: false }))
    const tab = await login({ sub: 'has two' })
    await app.inject({ method: 'POST', url: '/second', cookies: { '__Host-refreshToken': tab.cookie as string } })
    t.equal((await app.sessions.list('has two')).length, 2)
    t.notOk(events.some(({ type }) => type === 'ended'))
  })

  t.test('a login in the body transport ends the session whose refresh token is in the body', async (t) => {
    const { app, login, client } = await create(t, { refreshToken: { transport: 'both' } })
    app.post('/native', async (_request, reply) => reply.issueTokens({ sub: 'native login' }, { transport: 'body' }))
    const native = async (payload: object) => app.inject({ method: 'POST', url: '/native', payload })
    const first = (await native({})).json().refreshToken
    const tab = await login({ sub: 'native login' })
    await native({ refreshToken: first })
    t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken: first } })).statusCode, 403)
    t.equal((await client(tab.cookie).refresh()).statusCode, 200)
  })
}
