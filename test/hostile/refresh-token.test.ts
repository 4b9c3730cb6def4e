import t from 'tap'
import type { InjectOptions } from 'fastify'
import { MINUTE, refreshCookie, SECOND, START } from '../fixtures/app.ts'
import { createHostileApp, kindsOf, refreshWith } from '../fixtures/hostile-app.ts'
import { brokenTexts, mutations, notAudiences, notDates, respelled, sign, tooDeep, WRONG_IDS, wrongEncodings, wrongHeaders, wrongKeys, wrongPayloads } from '../fixtures/hostile-tokens.ts'
import type { Case } from '../fixtures/hostile-tokens.ts'
import { headerOf, payloadOf } from '../fixtures/jwt.ts'

const NOW = START / SECOND
const notText = [undefined, null, 1, true, {}, [], ['x'], '']
const notWhole = [undefined, null, true, {}, [], '1', '', 1.5, 1e308, 2 ** 53]

/** The places for a refresh token, with the transport that accepts it there. */
const WAYS: Record<string, { transport: 'cookie' | 'body', request: (token: string) => InjectOptions }> = {
  'in the cookie': { transport: 'cookie', request: (token) => refreshWith(encodeURIComponent(Buffer.from(token).toString())) },
  'in the body': { transport: 'body', request: (refreshToken) => ({ method: 'POST', url: '/auth/refresh', payload: { refreshToken } }) }
}

const ATTACKS: Record<string, (kinds: ReturnType<typeof kindsOf>) => Case[]> = {
  'a wrong header': ({ refresh }) => wrongHeaders(refresh),
  'a wrong key': ({ refresh }) => wrongKeys(refresh),
  'a broken encoding': ({ refresh }) => brokenTexts(refresh),
  'random changes': ({ refresh }) => mutations(refresh, 250, 2),
  'claims that we never sign': ({ refresh }) => wrongPayloads(refresh, {
    sub: notText,
    sid: [...notText, ...WRONG_IDS],
    jti: notText,
    par: notText,
    gen: [...notWhole, -1, 0, -1e15],
    iat: notDates,
    exp: notDates,
    nbf: notDates.slice(1),
    aud: notAudiences,
    iss: notText.slice(1),
    idle: [...notWhole.slice(1), 0, -1],
    persistent: [null, true, 0, 'false', {}],
    auth_time: [...notWhole.slice(1), 0, -1],
    adopted: [null, true, 0, '', {}]
  }),
  'an encoding that no encoder writes': ({ refresh }) => wrongEncodings(refresh),
  'more than 100 levels': ({ refresh }) => tooDeep.map((nest, index): Case =>
    [`${index}`, sign(headerOf(refresh.genuine), JSON.stringify(payloadOf(refresh.genuine)).replace('{', `{"deep":${nest('')},`), refresh.key)])
}

for (const [way, { transport, request }] of Object.entries(WAYS)) {
  // A cookie that does not even start like a token is ignored.
  const expectedCode = (token: string): RegExp =>
    way === 'in the cookie' && !/^eyJ[\w-]*\.[\w-]+\./.test(token) ? /^FST_JWT_REFRESH_TOKEN_MISSING$/ : /^FST_JWT_REFRESH_TOKEN_INVALID$/

  for (const [what, makeCases] of Object.entries(ATTACKS)) {
    t.test(`a refresh token with ${what} ${way} is a 403 that asks no store`, async (t) => {
      const cookieApp = await createHostileApp(t)
      const kinds = kindsOf(await cookieApp.login({ sub: 'anna' }))
      const { send, calls, store, events } = await createHostileApp(t, { store: cookieApp.store, refreshToken: { transport } })
      const before = calls()
      const record = await store.list('anna')
      const asked = calls() - before
      for (const [name, token] of makeCases(kinds)) {
        const sent = request(token)
        const response = await send(sent)
        // A body longer than the limit of the route is not read.
        const status = way === 'in the body' && JSON.stringify(sent.payload).length > 16_384 ? 413 : 403
        t.match({ status: response.statusCode, code: response.json().code, cache: response.headers['cache-control'] },
          { status, code: status === 413 ? 'FST_ERR_CTP_BODY_TOO_LARGE' : expectedCode(token), cache: 'no-store' }, name)
      }
      for (const [name, token] of makeCases(kinds)) {
        const sent = request(token)
        const response = await send({ ...sent, url: '/auth/logout' })
        if (![204, 403, 413].includes(response.statusCode)) t.fail(`logout: ${response.statusCode} ${name}`)
      }
      t.equal(calls(), before + asked, 'the store was not asked')
      t.ok(events.every((event) => event.type === 'refused' && event.operation === 'refresh' && event.sessionId === undefined), 'nothing happened but refusals')
      t.strictSame(await store.list('anna'), record, 'the session is as it was')
      t.equal((await send(request(kinds.refresh.genuine))).statusCode, 200, 'and goes on')
    })
  }
}

t.test('a token that no key of ours opens: a refresh leaves the cookie alone, a logout clears it and says so in the log, without the token', async (t) => {
  const { send, login, calls, logged, forget } = await createHostileApp(t)
  const { refresh } = kindsOf(await login())
  const before = calls()
  const tokens = {
    forged: `${refresh.genuine.slice(0, -5)}aaaaa`,
    'of a key that is gone': sign({ ...headerOf(refresh.genuine), kid: 'unknown' }, payloadOf(refresh.genuine), refresh.key)
  }
  for (const [name, token] of Object.entries(tokens)) {
    const refreshed = await send(refreshWith(token))
    t.equal(refreshed.json().code, 'FST_JWT_REFRESH_TOKEN_INVALID', name)
    t.equal(refreshed.headers['set-cookie'], undefined)

    forget()
    const logout = await send({ ...refreshWith(token), url: '/auth/logout' })
    t.equal(logout.statusCode, 204)
    t.equal(refreshCookie(logout)?.value, '')
    t.match(logged(), 'that this instance cannot verify')
    t.notMatch(logged(), token)
  }
  t.equal(calls(), before, 'the store was not asked')
})

t.test('a token that has run out by its own word asks no store', async (t) => {
  const { send, login, calls, events } = await createHostileApp(t)
  const { refresh } = kindsOf(await login())
  const before = calls()
  for (const exp of [NOW, NOW - 1, 0, -1, -NOW]) {
    const response = await send(refreshWith(sign(headerOf(refresh.genuine), { ...payloadOf(refresh.genuine), exp }, refresh.key)))
    t.match({ status: response.statusCode, code: response.json().code }, { status: 403, code: 'FST_JWT_REFRESH_TOKEN_EXPIRED' }, `exp ${exp}`)
  }
  t.equal(calls(), before)
  const { sid: sessionId, sub: subject } = payloadOf(refresh.genuine)
  t.strictSame(events.slice(1), Array(5).fill({ type: 'refused', operation: 'refresh', reason: 'expired', sessionId, subject }))
})

t.test('a token of a session that there never was', async (t) => {
  const { send, login, events } = await createHostileApp(t)
  const { refresh } = kindsOf(await login())
  for (const sid of ['x'.repeat(22), '_'.repeat(22), '-'.repeat(22), '0'.repeat(22)]) {
    const token = sign(headerOf(refresh.genuine), { ...payloadOf(refresh.genuine), sid }, refresh.key)
    const response = await send(refreshWith(token))
    t.match({ status: response.statusCode, code: response.json().code }, { status: 403, code: 'FST_JWT_REFRESH_TOKEN_REVOKED' }, sid)
    t.equal((await send({ ...refreshWith(token), url: '/auth/logout' })).statusCode, 204)
  }
  t.ok(events.slice(1).every((event) => event.type === 'refused' && event.reason === 'revoked'), 'no reuse: nothing happened but the login')
})

t.test('a generation that no session reaches ends in a 403, not in a 500', async (t) => {
  for (const gen of [3, 2 ** 31, 2 ** 53 - 1]) {
    const { send, login, clock } = await createHostileApp(t)
    const { refresh } = kindsOf(await login())
    clock.now += 3 * 86_400_000
    const token = sign(headerOf(refresh.genuine), { ...payloadOf(refresh.genuine), gen, par: 'of another family' }, refresh.key)
    t.equal((await send(refreshWith(token))).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED', `gen ${gen}`)
  }
})

t.test('another spelling of a token that was used is a forgery, and no reuse that would end the session', async (t) => {
  const { send, login, clock, events } = await createHostileApp(t)
  const tab = await login()
  const { refresh } = kindsOf(tab)
  await tab.refresh()
  clock.now += MINUTE
  await tab.refresh()
  for (const token of respelled(refresh.genuine)) t.equal((await send(refreshWith(token))).json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
  t.not(events.at(-1)?.type, 'reused')
  t.equal((await tab.refresh()).statusCode, 200)
})
