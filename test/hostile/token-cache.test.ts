import t from 'tap'
import { MINUTE, SECOND, SECRET } from '../fixtures/app.ts'
import { createHostileApp, kindsOf } from '../fixtures/hostile-app.ts'
import { mutations, respelled, sign, wrongKeys } from '../fixtures/hostile-tokens.ts'
import { headerOf, payloadOf } from '../fixtures/jwt.ts'
import { VerifiedTokenCache } from '../../lib/verified-token-cache.ts'

const bearer = (token: string) => ({ url: '/me', headers: { authorization: `Bearer ${token}` } })

t.test('a token that is known ends when it says so', async (t) => {
  for (const cache of [true, false, 0, 1, 2]) {
    const { login, send, clock } = await createHostileApp(t, { accessToken: { cache, expiresIn: '15m' } })
    const { access: { genuine } } = kindsOf(await login())
    for (let turn = 0; turn < 3; turn++) t.equal((await send(bearer(genuine))).statusCode, 200)
    clock.now += 15 * MINUTE - 1
    t.equal((await send(bearer(genuine))).statusCode, 200, 'a millisecond before')
    clock.now += 1
    const { statusCode, headers, ...response } = await send(bearer(genuine))
    t.match({ statusCode, code: response.json().code, challenge: headers['www-authenticate'] }, { statusCode: 401, code: 'FST_JWT_ACCESS_TOKEN_EXPIRED', challenge: /expired/ }, `cache ${cache}`)
    clock.now -= 1
    t.equal((await send(bearer(genuine))).statusCode, 200, 'the clock went back')
  }
})

t.test('the tolerance counts for a known token too', async (t) => {
  const { login, send, clock } = await createHostileApp(t, { accessToken: { expiresIn: 60, clockTolerance: 5 } })
  const { access: { genuine } } = kindsOf(await login())
  await send(bearer(genuine))
  clock.now += 65 * SECOND - 1
  t.equal((await send(bearer(genuine))).statusCode, 200)
  clock.now += 1
  t.equal((await send(bearer(genuine))).statusCode, 401)
})

t.test('nothing that is near a known token passes for it', async (t) => {
  const { login, send } = await createHostileApp(t)
  const { access } = kindsOf(await login())
  for (const [name, token] of [...mutations(access, 200, 5), ...wrongKeys(access)]) {
    await send(bearer(access.genuine))
    const { statusCode } = await send(bearer(token))
    if (statusCode !== 401) t.fail(`${statusCode}: ${name}`)
  }
  t.ok(respelled(access.genuine).length > 0)
  t.equal((await send(bearer(access.genuine))).statusCode, 200)
})

t.test('a refused token is not remembered as good, nor a good one as refused', async (t) => {
  const { login, send, clock } = await createHostileApp(t)
  const { access } = kindsOf(await login())
  const early = sign(headerOf(access.genuine), { ...payloadOf(access.genuine), nbf: clock.now / SECOND + 60 }, SECRET)
  for (let turn = 0; turn < 3; turn++) t.equal((await send(bearer(early))).statusCode, 401)
  clock.now += MINUTE
  t.equal((await send(bearer(early))).statusCode, 200)
})

t.test('request.user is frozen all the way down: what a handler tries to change, the next request does not see', async (t) => {
  const { app, login, send } = await createHostileApp(t)
  app.post('/spoil', { onRequest: [app.authenticate] }, async ({ user }) => {
    const claims = user as unknown as { role: string, groups: Array<{ name: string }>, added?: boolean }
    const attempts = [
      () => { claims.role = 'admin' },
      () => { claims.added = true },
      () => { delete (claims as { role?: string }).role },
      () => { claims.groups.push({ name: 'admins' }) },
      () => { (claims.groups[0] as { name: string }).name = 'admins' },
      () => { Object.setPrototypeOf(claims, { isAdmin: true }) }
    ]
    return attempts.map((attempt) => {
      try {
        attempt()
        return 'changed'
      } catch (error) {
        return (error as Error).name
      }
    })
  })
  const tab = await login({ sub: 'anna', role: 'user', groups: [{ name: 'users' }] })
  const before = (await send(bearer(tab.accessToken as string))).json()
  const spoiled = await send({ ...bearer(tab.accessToken as string), method: 'POST', url: '/spoil' })
  t.strictSame(spoiled.json(), Array(6).fill('TypeError'))
  t.strictSame((await send(bearer(tab.accessToken as string))).json(), before)

  app.log.debug('after a refresh, too')
  t.equal((await tab.refresh()).statusCode, 200)
})

t.test('the cache never holds more than its size, and keeps what is asked for', async (t) => {
  for (const size of [0, 1, 2, 3, 10, 101]) {
    const cache = new VerifiedTokenCache<number>(size)
    cache.set('hot', 0)
    let most = 0
    for (let turn = 1; turn <= 1000; turn++) {
      cache.set(`token ${turn}`, turn)
      cache.get('hot')
      cache.get(`token ${turn - 3}`)
      most = Math.max(most, cache.size)
    }
    t.ok(most <= size, `${most} of ${size}`)
    t.equal(cache.get('hot'), size >= 4 ? 0 : cache.get('hot'))
    t.equal(cache.get('token 1'), undefined)
    t.equal(cache.get('__proto__'), undefined)
  }
})
