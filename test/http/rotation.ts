import type { Test } from 'tap'
import type { Session } from '../../index.ts'
import { MINUTE, refreshCookie, SECOND } from '../fixtures/app.ts'
import type { Client } from '../fixtures/app.ts'
import type { Create } from './suite.ts'

export function rotationTests (t: Test, create: Create): void {
  t.test('50 parallel refreshes with one cookie: one new cookie, 49 access tokens', async (t) => {
    const { login, client, events } = await create(t)
    const { cookie } = await login()
    const responses = await Promise.all(Array.from({ length: 50 }, () => client(cookie).refresh()))
    t.ok(responses.every(({ statusCode }) => statusCode === 200))
    t.equal(responses.filter((response) => refreshCookie(response)).length, 1)
    t.equal(events.filter((event) => event.type === 'refreshed' && !event.rotated).length, 49)

    const [cookieOfTheWinner] = responses.flatMap((response) => refreshCookie(response)?.value ?? [])
    t.equal((await client(cookieOfTheWinner).refresh()).statusCode, 200, 'and all go on with the new cookie')
  })

  t.test('50 parallel refreshes, round after round', async (t) => {
    const { login, client, clock } = await create(t)
    let { cookie } = await login()
    for (let round = 0; round < 5; round++) {
      clock.now += MINUTE
      const responses = await Promise.all(Array.from({ length: 50 }, () => client(cookie).refresh()))
      t.ok(responses.every(({ statusCode }) => statusCode === 200))
      const cookies = responses.flatMap((response) => refreshCookie(response)?.value ?? [])
      t.equal(cookies.length, 1)
      cookie = cookies[0]
    }
  })

  t.test('a second tab or a quick reload gets an access token and leaves the cookie alone', async (t) => {
    const { login, clock } = await create(t)
    const tab = await login()
    await tab.refresh()
    const { cookie } = tab
    clock.now += 45 * SECOND - 1
    t.equal((await tab.refresh()).statusCode, 200)
    t.equal(tab.cookie, cookie)
    clock.now += 1
    t.equal((await tab.refresh()).statusCode, 200)
    t.not(tab.cookie, cookie)
  })

  t.test('a lost answer: the client tries again with the token it has', async (t) => {
    const { login, client, clock } = await create(t)
    const { cookie } = await login()
    await client(cookie).refresh() // the response is lost
    clock.now += 2 * 24 * 60 * MINUTE // a long tunnel

    const phone = client(cookie)
    t.equal((await phone.refresh()).statusCode, 200)
    t.not(phone.cookie, cookie, 'and gets another child')
    clock.now += MINUTE
    t.equal((await phone.refresh()).statusCode, 200)
  })

  t.test('a retry window that ends', async (t) => {
    const { login, client, clock } = await create(t, { refreshToken: { retryWindow: '1m' } })
    const { cookie } = await login()
    await client(cookie).refresh()
    clock.now += MINUTE - 1
    t.equal((await client(cookie).refresh()).statusCode, 200)
    clock.now += 1
    t.equal((await client(cookie).refresh()).statusCode, 403)
  })

  t.test('each older token that is replayed ends the session', async (t) => {
    for (const replayed of [0, 1, 2]) {
      const { login, client, clock, events } = await create(t)
      const tab = await login()
      const cookies: string[] = []
      for (let turn = 0; turn < 4; turn++) {
        cookies.push(tab.cookie as string)
        clock.now += MINUTE
        t.equal((await tab.refresh()).statusCode, 200)
      }
      const response = await client(cookies[replayed]).refresh()
      t.equal(response.statusCode, 403)
      t.equal(response.json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
      t.equal(response.headers['set-cookie'], undefined)
      t.match(events.at(-1), { type: 'reused', generation: replayed + 1, expected: 4 })
      t.equal((await tab.refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED', 'for everyone')
    }
  })

  t.test('two children of one token: the second one that is used ends the session', async (t) => {
    const { login, client, clock } = await create(t)
    const { cookie } = await login()
    const one = client(cookie)
    const other = client(cookie)
    await one.refresh()
    clock.now += MINUTE
    await other.refresh()
    clock.now += MINUTE
    t.equal((await one.refresh()).statusCode, 200)
    t.equal((await other.refresh()).statusCode, 403)
  })

  t.test('a thief beside an active victim is found out', async (t) => {
    const turns = async (stolen: 'live' | 'just used' | 'older'): Promise<number> => {
      const { login, client, clock } = await create(t)
      const victim = await login()
      const history = [victim.cookie]
      const turn = async (who: Client): Promise<boolean> => {
        clock.now += MINUTE
        return (await who.refresh()).statusCode === 200
      }
      for (let i = 0; i < 3; i++) {
        await turn(victim)
        history.push(victim.cookie)
      }
      const thief = client(history.at({ live: -1, 'just used': -2, older: -3 }[stolen]))
      for (let refreshes = 0; ; refreshes++) {
        if (!await turn(thief)) return refreshes
        if (!await turn(victim)) return refreshes + 1
      }
    }
    t.ok(await turns('live') <= 3)
    t.ok(await turns('just used') <= 1)
    t.equal(await turns('older'), 0)
  })

  t.test('the store loses its last writes, and nobody is logged out', async (t) => {
    const { login, clock, store, app, events } = await create(t)
    const tab = await login({ sub: 'failover' })
    await tab.refresh()
    clock.now += MINUTE
    const [backup] = await app.sessions.list('failover') as [Session]
    for (let turn = 0; turn < 3; turn++) {
      await tab.refresh()
      clock.now += MINUTE
    }
    await store.delete(backup.id)
    await store.create(backup)

    t.equal((await tab.refresh()).statusCode, 200)
    t.match(events.at(-1), { type: 'recovered', subject: 'failover', generation: 5, expected: 1 })
    clock.now += MINUTE
    t.equal((await tab.refresh()).statusCode, 200)
    t.match(events.at(-1), { type: 'refreshed', generation: 6 })
  })

  t.test('strict rotation: a second use ends the session at once', async (t) => {
    const { login, client } = await create(t, { refreshToken: { rotation: 'strict' } })
    const tab = await login()
    const { cookie } = tab
    t.equal((await tab.refresh()).statusCode, 200)
    t.equal((await tab.refresh()).statusCode, 200, 'no token is too young to be rotated')
    t.equal((await client(cookie).refresh()).statusCode, 403)
    t.equal((await tab.refresh()).statusCode, 403)
  })

  t.test('no rotation: the login\'s token serves on, and each use starts the idle life anew', async (t) => {
    const { login, clock, app } = await create(t, { refreshToken: { rotation: false } })
    const tab = await login({ sub: 'unrotated' })
    const { cookie } = tab
    for (let day = 0; day < 4; day++) {
      clock.now += 6 * 24 * 60 * MINUTE
      const response = await tab.refresh()
      t.equal(response.statusCode, 200)
      t.equal(response.headers['set-cookie'], undefined)
    }
    t.equal(tab.cookie, cookie)
    const [session] = await app.sessions.list('unrotated')
    t.match(session, { generation: 0, rotatedAt: clock.now })
  })
}
