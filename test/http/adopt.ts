import type { FastifyRequest, LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import type { AdoptedToken, JwtRefreshOptions } from '../../index.ts'
import { COOKIE_NAME, DAY, MINUTE, needCookie, refreshCookie, SECOND, START } from '../fixtures/app.ts'
import type { Client, TestApp } from '../fixtures/app.ts'
import { payloadOf } from '../fixtures/jwt.ts'
import type { Create } from './suite.ts'

/** An app that migrates to the plugin. Its old tokens are rows of a table, and clients send them in a header. */
export interface MovingApp extends TestApp {
  rows: Map<string, { userId: string, tradedIn: boolean }>
  /** Trades in the old token, like a browser that keeps it until it has the new one. */
  trade (old: string, request?: object): Promise<LightMyRequestResponse>
  /** Trades in the old token, and returns a client with the new tokens. */
  move (old: string): Promise<Client>
}

export async function createMovingApp (t: Test, create: Create, options: Partial<JwtRefreshOptions> = {}, more: Partial<AdoptedToken> = {}): Promise<MovingApp> {
  const rows: MovingApp['rows'] = new Map()
  const made = await create(t, {
    adopt (request) {
      const old = (request as FastifyRequest).headers['x-old-token'] as string
      const row = rows.get(old)
      if (row === undefined) return null
      return { key: `${t.fullname} ${old}`, claims: { sub: row.userId }, tradedIn: row.tradedIn, markTradedIn: async () => { row.tradedIn = true }, ...more }
    },
    ...options
  })
  const { app, client } = made
  const trade = async (old: string, request: object = {}): Promise<LightMyRequestResponse> =>
    await app.inject({ method: 'POST', url: '/auth/refresh', headers: { 'x-old-token': old }, ...request })
  return { ...made, rows, trade, move: async (old) => client(needCookie(await trade(old)).value) }
}

/** Clients with a valid token of an older scheme continue without a login. */
export function adoptTests (t: Test, create: Create): void {
  t.test('an old token is traded in for a session, which then goes on like any other', async (t) => {
    const { app, rows, trade, client, clock, events } = await createMovingApp(t, create, { routes: { sessions: true } })
    rows.set('old', { userId: 'moving', tradedIn: false })
    const response = await trade('old')
    t.equal(response.statusCode, 200)
    t.strictSame(Object.keys(response.json()), ['accessToken', 'tokenType', 'expiresIn'])
    const { sid, auth_time: authTime } = payloadOf(response.json().accessToken)
    t.match(sid, /^[\w-]{22}$/)
    t.equal(authTime, undefined, 'nobody has logged in')
    t.equal(rows.get('old')?.tradedIn, true)
    t.match(events, [
      { type: 'issued', sessionId: sid, subject: 'moving', key: /old$/ },
      { type: 'refreshed', sessionId: sid, subject: 'moving', generation: 1, case: 'confirm', rotated: true }
    ])
    t.match(await app.sessions.list('moving'), [{ id: sid, createdAt: START, generation: 1, claims: { sub: 'moving' }, metadata: { userAgent: 'lightMyRequest' } }])

    const tab = client(needCookie(response).value)
    for (let turn = 0; turn < 3; turn++) {
      clock.now += MINUTE
      t.equal((await tab.refresh()).statusCode, 200)
    }
    t.match(events.at(-1), { type: 'refreshed', generation: 4, case: 'confirm' })
  })

  t.test('the answer of the very first refresh is lost: the old token comes again', async (t) => {
    const { rows, trade, move, clock, app } = await createMovingApp(t, create)
    rows.set('old', { userId: 'lost', tradedIn: false })
    await trade('old')
    const again = await trade('old')
    t.match({ status: again.statusCode, cookie: refreshCookie(again) }, { status: 200, cookie: undefined }, 'at once: an access token')
    clock.now += 2 * DAY
    const tab = await move('old')
    clock.now += MINUTE
    t.equal((await tab.refresh()).statusCode, 200, 'later: a refresh token of ours')
    t.equal((await app.sessions.list('lost')).length, 1)
  })

  t.test('50 refreshes at once with one old token: one session, one cookie, 50 access tokens', async (t) => {
    const { rows, trade, client, clock, app } = await createMovingApp(t, create)
    rows.set('old', { userId: 'tabs', tradedIn: false })
    const responses = await Promise.all(Array.from({ length: 50 }, async () => await trade('old')))
    t.ok(responses.every(({ statusCode }) => statusCode === 200))
    const cookies = responses.flatMap((response) => refreshCookie(response)?.value ?? [])
    t.equal(cookies.length, 1)
    t.equal((await app.sessions.list('tabs')).length, 1)

    const tab = client(cookies[0])
    t.equal((await tab.refresh()).statusCode, 200)
    t.equal((await trade('old')).statusCode, 200, 'a tab that is late')
    clock.now += MINUTE
    t.equal((await tab.refresh()).statusCode, 200)
    t.equal((await tab.refresh()).statusCode, 200)
  })

  t.test('a replay of the old token after its child was used ends the session', async (t) => {
    const { rows, trade, move, clock, events } = await createMovingApp(t, create)
    rows.set('old', { userId: 'replayed', tradedIn: false })
    const tab = await move('old')
    clock.now += MINUTE
    await tab.refresh()
    const replay = await trade('old')
    t.match([replay.statusCode, replay.json().code], [403, 'FST_JWT_REFRESH_TOKEN_REVOKED'])
    t.match(events.at(-1), { type: 'reused', subject: 'replayed', generation: 1, expected: 2, key: /old$/ })
    t.equal((await tab.refresh()).statusCode, 403)
    t.equal((await trade('old')).statusCode, 403, 'and starts no other')
  })

  t.test('however a session ends, its old token starts no other', async (t) => {
    const endings: Record<string, (app: MovingApp, tab: Client, id: string) => Promise<unknown>> = {
      'a logout': async (_app, tab) => await tab.logout(),
      'a logout everywhere': async (_app, tab) => await tab.logout({ everywhere: true }),
      'revoke, which knows the id alone': async ({ app }, _tab, id) => await app.sessions.revoke(id),
      revokeAll: async ({ app }) => await app.sessions.revokeAll('ended'),
      'its idle end': async ({ clock }) => { clock.now += 8 * DAY }
    }
    for (const [name, end] of Object.entries(endings)) {
      const moving = await createMovingApp(t, create)
      const { rows, trade, move, app, events } = moving
      rows.set(name, { userId: 'ended', tradedIn: false })
      const tab = await move(name)
      const sessionId = payloadOf(tab.cookie).sid as string
      await end(moving, tab, sessionId)
      const replay = await trade(name)
      t.match([replay.statusCode, replay.json().code, refreshCookie(replay)], [403, 'FST_JWT_REFRESH_TOKEN_REVOKED', undefined], name)
      t.match(events.at(-1), { type: 'refused', operation: 'refresh', reason: 'revoked', subject: 'ended', sessionId })
      t.strictSame(await app.sessions.list('ended'), [])
    }
  })

  t.test('without a mark, the events of the end name the old token, so that the app can revoke it', async (t) => {
    const revoked = new Set<string>()
    const { app, trade, client, clock } = await createMovingApp(t, create, {
      adopt: ({ headers }) => revoked.has(headers['x-old-token'] as string) ? null : { claims: { sub: 'unmarked' }, key: headers['x-old-token'] as string },
      onEvent (event) {
        if ((event.type === 'ended' || event.type === 'reused') && event.key !== undefined) revoked.add(event.key)
      }
    })
    const endings: Record<string, (tab: Client, key: string) => Promise<unknown>> = {
      'a logout': async (tab) => await tab.logout(),
      'a logout with the access token, too': async ({ cookie, accessToken }) => await app.inject({
        method: 'POST', url: '/auth/logout', cookies: { [COOKIE_NAME]: cookie as string }, headers: { authorization: `Bearer ${accessToken}` }
      }),
      'another login': async ({ cookie }) => await app.inject({ method: 'POST', url: '/login', cookies: { [COOKIE_NAME]: cookie as string } }),
      reuse: async (tab, key) => {
        clock.now += MINUTE
        await tab.refresh()
        await trade(key)
      }
    }
    for (const [key, end] of Object.entries(endings)) {
      t.equal((await trade(key)).statusCode, 200)
      const tab = client(needCookie(await trade(`${key} again`)).value)
      await tab.refresh()
      await end(tab, `${key} again`)
      t.ok(revoked.has(`${key} again`), key)
      t.equal((await trade(`${key} again`)).json().code, 'FST_JWT_REFRESH_TOKEN_MISSING', key)
    }
  })

  t.test('without rotation the old token is traded in for the token that serves for the session\'s life', async (t) => {
    const { rows, trade, client, clock } = await createMovingApp(t, create, { refreshToken: { rotation: false } })
    rows.set('old', { userId: 'static', tradedIn: false })
    for (const response of [await trade('old'), await trade('old')]) {
      const tab = client(needCookie(response).value)
      clock.now += MINUTE
      t.equal((await tab.refresh()).statusCode, 200)
      t.equal((await tab.refresh()).headers['set-cookie'], undefined)
    }
    await client(needCookie(await trade('old')).value).logout()
    t.equal((await trade('old')).statusCode, 403)
  })

  t.test('with strict rotation it serves once', async (t) => {
    const { rows, trade, move } = await createMovingApp(t, create, { refreshToken: { rotation: 'strict' } })
    rows.set('old', { userId: 'strict', tradedIn: false })
    const tab = await move('old')
    t.equal((await tab.refresh()).statusCode, 200)
    t.equal((await trade('old')).statusCode, 403)
    t.equal((await tab.refresh()).statusCode, 403)
  })

  t.test('authTime is kept in every token', async (t) => {
    const { rows, move, clock } = await createMovingApp(t, create, {}, { authTime: START / SECOND - 3600 })
    rows.set('old', { userId: 'known', tradedIn: false })
    const tab = await move('old')
    clock.now += MINUTE
    await tab.refresh()
    t.equal(payloadOf(tab.accessToken).auth_time, START / SECOND - 3600)
  })

  t.test('the session has its own ends', async (t) => {
    const { rows, move, clock, app } = await createMovingApp(t, create)
    rows.set('old', { userId: 'ends', tradedIn: false })
    const tab = await move('old')
    t.match(await app.sessions.list('ends'), [{ expiresAt: START + 7 * DAY, endsAt: START + 30 * DAY }])
    for (let week = 0; week < 4; week++) {
      clock.now += 7 * DAY - 1
      t.equal((await tab.refresh()).statusCode, 200)
    }
    clock.now = START + 30 * DAY
    t.equal((await tab.refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_EXPIRED')
  })
}
