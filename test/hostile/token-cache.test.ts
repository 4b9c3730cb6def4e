import { createHash } from 'node:crypto'
import t from 'tap'
import { MINUTE, SECOND, SECRET } from '../fixtures/app.ts'
import { createHostileApp, kindsOf } from '../fixtures/hostile-app.ts'
import { mutations, respelled, sign, wrongKeys } from '../fixtures/hostile-tokens.ts'
import { headerOf, payloadOf } from '../fixtures/jwt.ts'
import { VerifiedTokenCache } from '../../lib/tokens/verified-token-cache.ts'

const NEXT_SECRET = 'the next secret, of more than 32 bytes too'

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

t.test('what one instance knows, another does not: a retired key, another app with the same kind of token', async (t) => {
  const rolling = await createHostileApp(t, { secret: [SECRET, NEXT_SECRET] })
  const { access: { genuine } } = kindsOf(await rolling.login())
  for (let turn = 0; turn < 3; turn++) t.equal((await rolling.send(bearer(genuine))).statusCode, 200)
  const retired = await createHostileApp(t, { secret: [NEXT_SECRET] })
  for (let turn = 0; turn < 3; turn++) t.equal((await retired.send(bearer(genuine))).statusCode, 401)
  t.equal((await rolling.send(bearer(genuine))).statusCode, 200)
})

t.test('the cache never holds more than its size, and keeps what is asked for', async (t) => {
  for (const size of [1, 2, 3, 10, 101]) {
    const cache = new VerifiedTokenCache<number>(size)
    keep(cache, 'a token that is hot', 0)
    let most = 0
    for (let turn = 1; turn <= 1000; turn++) {
      keep(cache, token(turn), turn)
      cache.get('a token that is hot')
      cache.get(token(turn - 3))
      most = Math.max(most, cache.size)
    }
    t.equal(most, size)
    if (size >= 4) t.equal(cache.get('a token that is hot'), 0)
    t.equal(cache.get(token(1)), undefined)
    t.equal(cache.get('__proto__'), undefined)
  }
})

t.test('as many tokens as the cache holds all stay, each with its own value', async (t) => {
  const cache = new VerifiedTokenCache<number>(100)
  for (let turn = 0; turn < 10; turn++) {
    for (let i = 0; i < 100; i++) {
      const value = cache.get(token(i))
      if (value === undefined) cache.set(token(i), i)
      else if (value !== i) t.fail(`token ${i} is ${value}`)
    }
  }
  for (let i = 0; i < 100; i++) t.equal(cache.get(token(i)), i)
})

t.test('tokens that come once push nothing out, though their signatures end as those of others do', async (t) => {
  const cache = new VerifiedTokenCache<number>(100)
  for (let i = 0; i < 100; i++) keep(cache, token(i), i)
  let kept = 0
  for (let i = 1000; i < 11_000; i++) {
    cache.set(token(i), i)
    if (cache.get(token(i)) !== undefined) kept++
  }
  t.ok(kept < 2500, `${kept} of 10000 were kept at once`)
  cache.set('one token, the same end', 1)
  t.equal(cache.get('another one, the same end'), undefined)
  cache.set('another one, the same end', 2)
  t.equal(cache.get('another one, the same end'), 2, 'a guess that was wrong keeps a token too early, never another one\'s value')
  t.not(cache.get('one token, the same end'), 2)
})

t.test('tokens of the same end that are asked for often are not taken for each other', async (t) => {
  const cache = new VerifiedTokenCache<string>(1000)
  const texts = ['one token, the same end', 'another one, the same end', 'a third one, the same end']
  for (const text of texts) keep(cache, text, text)
  for (const order of [[0, 0, 0, 1, 1, 1, 0], [0, 1, 2, 0, 1, 2], [2, 2, 2, 0, 2, 1, 1]]) {
    for (const i of order) t.equal(cache.get(texts[i] as string), texts[i])
    t.equal(cache.get('one that never came, the same end'), undefined)
  }
})

t.test('a token that was pushed out is not known any more, however often it was asked for, and can be kept again', async (t) => {
  const cache = new VerifiedTokenCache<number>(2)
  keep(cache, token(0), 0)
  for (let turn = 0; turn < 5; turn++) t.equal(cache.get(token(0)), 0)
  for (let i = 1; i <= 4; i++) keep(cache, token(i), i)
  t.equal(cache.get(token(0)), undefined)
  t.equal(cache.size, 2)
  keep(cache, token(0), 100)
  for (let turn = 0; turn < 5; turn++) t.equal(cache.get(token(0)), 100)
})

/** Sets the token twice, because it is only cached the second time. */
function keep<Value> (cache: VerifiedTokenCache<Value>, text: string, value: Value): void {
  for (let turn = 0; turn < 2; turn++) {
    if (cache.get(text) === undefined) cache.set(text, value)
  }
}

function token (i: number): string {
  return `header.payload.${createHash('sha256').update(String(i)).digest('base64url')}`
}
