import type { Test } from 'tap'
import { MINUTE, refreshCookie, START } from '../fixtures/app.ts'
import { WRONG_IDS } from '../fixtures/hostile-tokens.ts'
import { payloadOf } from '../fixtures/jwt.ts'
import type { Create } from './suite.ts'

export function sessionsTests (t: Test, create: Create): void {
  t.test('GET /sessions shows a user\'s own devices', async (t) => {
    const { app, login, clock } = await create(t, { routes: { sessions: true } })
    await login({ sub: 'another' })
    const tab = await login({ sub: 'devices' })
    clock.now += MINUTE
    const second = await login({ sub: 'devices' })
    await tab.refresh()

    const response = await app.inject({ url: '/auth/sessions', headers: bearer(tab) })
    t.equal(response.statusCode, 200)
    t.equal(response.headers['cache-control'], 'no-store')
    const metadata = { userAgent: 'lightMyRequest', ip: '127.0.0.1' }
    t.strictSame(response.json(), [
      { id: sid(second), createdAt: clock.now, lastUsedAt: clock.now, expiresAt: clock.now + WEEK, metadata, current: false },
      { id: sid(tab), createdAt: START, lastUsedAt: clock.now, expiresAt: clock.now + WEEK, metadata, current: true }
    ])
  })

  t.test('DELETE /sessions/:id ends a device of one\'s own, and no other', async (t) => {
    const { app, login, events } = await create(t, { routes: { sessions: true } })
    const tab = await login({ sub: 'ends a device' })
    const phone = await login({ sub: 'ends a device' })
    const foreign = await login({ sub: 'foreign' })
    const end = async (id: string) => app.inject({ method: 'DELETE', url: `/auth/sessions/${id}`, headers: bearer(tab) })

    const response = await end(sid(phone))
    t.equal(response.statusCode, 204)
    t.equal(response.headers['set-cookie'], undefined)
    t.match(events.at(-1), { type: 'ended', reason: 'revoked', sessionId: sid(phone) })
    t.equal((await phone.refresh()).statusCode, 403)

    for (const id of [sid(phone), sid(foreign), 'unknown']) {
      const response = await end(id)
      t.equal(response.statusCode, 404)
      t.equal(response.json().code, 'FST_JWT_SESSION_NOT_FOUND')
    }
    t.equal((await foreign.refresh()).statusCode, 200)

    const own = await end(sid(tab))
    t.equal(own.statusCode, 204)
    t.equal(refreshCookie(own)?.value, '', 'one\'s own goes with its cookie')
    t.equal((await end(sid(tab))).json().code, 'FST_JWT_SESSION_ENDED')
    t.strictSame(events.at(-1), { type: 'refused', operation: 'session', reason: 'revoked', sessionId: sid(tab), subject: 'ends a device' })
  })

  t.test('requireSession notices at once what an access token does not', async (t) => {
    const { app, login } = await create(t)
    const tab = await login({ sub: 'sensitive' })
    const get = async (url: string) => app.inject({ url, headers: bearer(tab) })
    t.equal((await get('/sensitive')).statusCode, 200)
    await app.sessions.revokeAll('sensitive')
    t.equal((await get('/me')).statusCode, 200)
    const response = await get('/sensitive')
    t.equal(response.statusCode, 401)
    t.equal(response.json().code, 'FST_JWT_SESSION_ENDED')
  })

  t.test('app.sessions', async (t) => {
    const { app, login, events, clock } = await create(t)
    const first = await login({ sub: 'outside' })
    clock.now += MINUTE
    const second = await login({ sub: 'outside' })
    clock.now += MINUTE
    await login({ sub: 'outside' })

    t.strictSame((await app.sessions.list('outside')).map(({ createdAt }) => createdAt), [START + 2 * MINUTE, START + MINUTE, START], 'the latest first')
    t.match(await app.sessions.find(sid(first)), { id: sid(first), subject: 'outside' })
    t.equal(await app.sessions.find('unknown'), null)
    t.equal(await app.sessions.revoke(sid(first)), true)
    t.equal(await app.sessions.revoke(sid(first)), false)
    t.equal(await app.sessions.revokeAll('outside', { except: sid(second) }), 1)
    t.equal((await second.refresh()).statusCode, 200)
    t.equal(await app.sessions.revokeAll('outside'), 1)
    t.equal(await app.sessions.revokeAll('outside'), 0)
    t.strictSame(events.filter(({ type }) => type === 'ended'), [
      { type: 'ended', reason: 'revoked', sessionId: sid(first), count: 1 },
      { type: 'ended', reason: 'revoked', subject: 'outside', count: 1 },
      { type: 'ended', reason: 'revoked', subject: 'outside', count: 1 }
    ])
  })

  t.test('an id that cannot be one of ours is just unknown', async (t) => {
    const { app, login, events } = await create(t, { routes: { sessions: true } })
    const tab = await login({ sub: 'asks for odd ids' })
    for (const id of WRONG_IDS) {
      t.equal(await app.sessions.find(id), null)
      t.equal(await app.sessions.revoke(id), false)
    }
    const response = await app.inject({ method: 'DELETE', url: '/auth/sessions/%00', headers: bearer(tab) })
    t.equal(response.statusCode, 404)
    t.equal(response.json().code, 'FST_JWT_SESSION_NOT_FOUND')
    t.equal(events.length, 1, 'nothing was ended')
    t.equal(await app.sessions.revokeAll('asks for odd ids', { except: '\0' }), 1, 'nobody is spared')
  })

  t.test('app.sessions shows no session that has ended by the app\'s clock', async (t) => {
    const { app, login, clock } = await create(t)
    const tab = await login({ sub: 'ended by the clock' })
    clock.now += WEEK
    t.strictSame(await app.sessions.list('ended by the clock'), [])
    t.equal(await app.sessions.find(sid(tab)), null)
  })
}

const WEEK = 7 * 24 * 60 * MINUTE

function bearer ({ accessToken }: { accessToken: string | undefined }): { authorization: string } {
  return { authorization: `Bearer ${accessToken}` }
}

function sid ({ accessToken }: { accessToken: string | undefined }): string {
  return payloadOf(accessToken).sid as string
}
