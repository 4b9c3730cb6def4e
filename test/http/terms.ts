import type { Test } from 'tap'
import { DAY, MINUTE, needCookie, refreshCookie, SECOND, START } from '../fixtures/app.ts'
import { payloadOf } from '../fixtures/jwt.ts'
import type { Create } from './suite.ts'

const HOUR = 60 * MINUTE

/** The options of a login for its own session. */
export function termsTests (t: Test, create: Create): void {
  t.test('persistent: false is a cookie that ends with the browser, through every rotation', async (t) => {
    const { app, clock, client } = await create(t)
    app.post('/remember', async (request, reply) => reply.issueTokens({ sub: 'not remembered' }, request.body as object))
    const response = await app.inject({ method: 'POST', url: '/remember', payload: { persistent: false } })
    t.notHas(needCookie(response), { maxAge: Number })
    const tab = client(needCookie(response).value)
    for (let turn = 0; turn < 3; turn++) {
      clock.now += HOUR
      const refreshed = await tab.refresh()
      const { value, ...attributes } = needCookie(refreshed)
      t.strictSame(attributes, { name: '__Host-refreshToken', path: '/', httpOnly: true, secure: true, sameSite: 'Strict' })
      t.equal(payloadOf(value).persistent, false)
    }

    const remembered = await app.inject({ method: 'POST', url: '/remember', payload: { persistent: true } })
    t.equal(needCookie(remembered).maxAge, 30 * DAY / SECOND)
    t.notHas(payloadOf(needCookie(remembered).value), { persistent: Boolean, idle: Number }, 'the defaults take no room')
  })

  t.test('expiresIn is the idle life of this session, through every rotation, and maxAge the absolute one', async (t) => {
    const { app, clock, client } = await create(t)
    app.post('/kiosk', async (_request, reply) => reply.issueTokens({ sub: 'kiosk' }, { expiresIn: '1h', maxAge: '3h' }))
    const login = async () => client(needCookie(await app.inject({ method: 'POST', url: '/kiosk' })).value)

    const idle = await login()
    clock.now += HOUR - 1
    t.equal((await idle.refresh()).statusCode, 200)
    t.match((await app.sessions.list('kiosk'))[0], { expiresAt: clock.now + HOUR, endsAt: START + 3 * HOUR })
    clock.now += HOUR - 1
    t.equal((await idle.refresh()).statusCode, 200)
    clock.now += HOUR
    t.equal((await idle.refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_EXPIRED')

    const busy = await login()
    const start = clock.now
    for (let turn = 0; turn < 5; turn++) {
      clock.now += HOUR / 2
      t.equal((await busy.refresh()).statusCode, 200)
    }
    t.equal((await app.sessions.list('kiosk'))[0]?.expiresAt, (Math.floor(start / SECOND) + 3 * HOUR / SECOND) * SECOND)
    clock.now += HOUR / 2
    t.equal((await busy.refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_EXPIRED')
  })

  t.test('a longer life than the app\'s is a session\'s own, too, and one of the same length takes no room', async (t) => {
    const { app, clock, client } = await create(t)
    app.post('/long', async (request, reply) => reply.issueTokens({ sub: 'long' }, request.body as object))
    const response = await app.inject({ method: 'POST', url: '/long', payload: { expiresIn: '20d', maxAge: '90d' } })
    const tab = client(needCookie(response).value)
    clock.now += 19 * DAY
    const refreshed = await tab.refresh()
    t.match({ status: refreshed.statusCode, maxAge: refreshCookie(refreshed)?.maxAge }, { status: 200, maxAge: 71 * DAY / SECOND })
    const same = await app.inject({ method: 'POST', url: '/long', payload: { expiresIn: '7d' } })
    t.notHas(payloadOf(needCookie(same).value), { idle: Number })
  })

  t.test('auth_time is the login\'s in every token, or what the host says', async (t) => {
    const { app, clock, client, login } = await create(t)
    app.post('/sso', async (_request, reply) => reply.issueTokens({ sub: 'sso' }, { authTime: START / SECOND - 1800 }))
    const tab = await login({ sub: 'password' })
    const sso = client(needCookie(await app.inject({ method: 'POST', url: '/sso' })).value)
    for (let turn = 0; turn < 3; turn++) {
      clock.now += HOUR
      await tab.refresh()
      await sso.refresh()
      t.equal(payloadOf(tab.accessToken).auth_time, START / SECOND)
      t.equal(payloadOf(sso.accessToken).auth_time, START / SECOND - 1800)
    }
  })

  t.test('a subject has at most maxSessionsPerSubject sessions: those that were not used for longest give way', async (t) => {
    const { login, clock, app, events } = await create(t, { maxSessionsPerSubject: 3 })
    const tabs = []
    for (let i = 0; i < 3; i++) {
      tabs.push(await login({ sub: 'crowded' }))
      clock.now += MINUTE
    }
    const [first, second] = tabs as [typeof tabs[number], typeof tabs[number]]
    await first.refresh()
    await login({ sub: 'crowded' })
    t.equal((await app.sessions.list('crowded')).length, 3)
    t.match(events.at(-1), { type: 'ended', reason: 'limit', subject: 'crowded', sessionId: payloadOf(second.cookie).sid, count: 1 })
    t.equal((await first.refresh()).statusCode, 200)
    t.equal((await second.refresh()).statusCode, 403)

    await app.sessions.create({ sub: 'crowded' })
    t.equal((await app.sessions.list('crowded')).length, 4, 'sessions.create does not count')
  })

  t.test('a limit that cannot be held is no obstacle to a login, and the next one holds it', async (t) => {
    const { login, app, store, clock } = await create(t, { maxSessionsPerSubject: 1 })
    await login({ sub: 'away' })
    const { list } = store
    store.list = async () => { throw new Error('away') }
    clock.now += MINUTE
    t.ok((await login({ sub: 'away' })).cookie)
    store.list = list
    clock.now += MINUTE
    await login({ sub: 'away' })
    t.strictSame((await app.sessions.list('away')).map(({ createdAt }) => createdAt), [clock.now])
  })

  t.test('a burst of logins ends at the limit', async (t) => {
    const { login, app } = await create(t, { maxSessionsPerSubject: 10, storeTimeout: '20s' })
    const tabs = await Promise.all(Array.from({ length: 100 }, async () => await login({ sub: 'a burst' })))
    t.ok(tabs.every(({ cookie }) => cookie), 'each is answered')
    const left = await app.sessions.list('a burst')
    t.equal(left.length, 10)
    const alive = new Set(left.map(({ id }) => id))
    t.equal(tabs.filter(({ cookie }) => alive.has(payloadOf(cookie).sid as string)).length, 10)
  })
}
