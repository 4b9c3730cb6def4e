import { calculateJwkThumbprint } from 'jose'
import type { Test } from 'tap'
import { MINUTE } from '../fixtures/app.ts'
import { DeviceBrowser } from '../fixtures/device.ts'
import { payloadOf } from '../fixtures/jwt.ts'
import type { Create } from './suite.ts'

/** The store's part in device-bound sessions: it sets `boundTo` when the token of the registration is used. */
export function deviceBoundTests (t: Test, create: Create): void {
  t.test('a registration is confirmed by use, and from then on no other token of the session is', async (t) => {
    const { app, clock, events } = await create(t, { deviceBound: true })
    const browser = new DeviceBrowser(app)
    await browser.login({ sub: 'bound' })
    const before = browser.thief()
    await browser.register()
    const { sid } = payloadOf(browser.refreshToken) as { sid: string }
    const boundTo = async (): Promise<string | null | undefined> => (await app.sessions.find(sid))?.boundTo
    t.equal(await boundTo(), null)
    const jkt = await calculateJwkThumbprint(browser.key.jwk as never)
    for (let turn = 0; turn < 3; turn++) {
      clock.now += 10 * MINUTE
      t.equal((await browser.renew()).statusCode, 200)
      t.equal((await browser.refresh()).statusCode, 200)
      t.equal(await boundTo(), jkt)
    }
    t.match(await app.sessions.list('bound'), [{ id: sid, boundTo: jkt }])
    const thief = browser.thief(['__Host-refreshToken'])
    t.equal((await thief.refresh()).json().code, 'FST_JWT_PROOF_REQUIRED')
    t.equal(await boundTo(), jkt)
    t.equal((await before.refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
    t.match(events.at(-1), { type: 'reused', sessionId: sid, generation: 1 })
    t.equal(await app.sessions.find(sid), null)
  })

  t.test('a lost answer to the registration leaves the session unbound and alive', async (t) => {
    const { app, clock } = await create(t, { deviceBound: true })
    const browser = new DeviceBrowser(app)
    await browser.login({ sub: 'lost' })
    t.equal((await browser.send('/auth/dbsc/register', { 'secure-session-response': browser.sign(browser.registration?.challenge, true) })).statusCode, 200)
    for (let turn = 0; turn < 3; turn++) {
      clock.now += 10 * MINUTE
      t.equal((await browser.refresh()).statusCode, 200)
    }
    t.match(await app.sessions.list('lost'), [{ boundTo: null }])
  })

  t.test('a token without the key that is ahead of the record of a bound session heals nothing', async (t) => {
    const { app, clock, store, client } = await create(t, { deviceBound: true })
    const browser = new DeviceBrowser(app)
    await browser.login({ sub: 'ahead' })
    const { sid } = payloadOf(browser.refreshToken) as { sid: string }
    const login = await app.sessions.find(sid)
    const thief = client(browser.refreshToken)
    for (let turn = 0; turn < 4; turn++) {
      clock.now += 10 * MINUTE
      await thief.refresh()
    }
    t.equal(payloadOf(thief.cookie).gen, 5)
    await store.delete(sid)
    await store.create({ ...login!, expiresAt: login!.endsAt })
    const { current, generation, rotatedAt, expiresAt } = (await app.sessions.find(sid))!
    t.equal((await store.rotate(sid, current, { current, generation, rotatedAt, expiresAt, boundTo: 'a key' }, clock.now))?.boundTo, 'a key')
    t.equal((await thief.refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
    t.equal(await app.sessions.find(sid), null)
  })
}
