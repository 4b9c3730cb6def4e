import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { MINUTE } from '../fixtures/app.ts'
import { createHostileApp } from '../fixtures/hostile-app.ts'
import type { HostileApp } from '../fixtures/hostile-app.ts'
import { parameters } from '../fixtures/property.ts'
import { tokens } from './tokens.ts'

const OUR_ERROR = /^FST_JWT_REFRESH_TOKEN_(MISSING|INVALID|AMBIGUOUS)$/

interface Live {
  app: HostileApp
  /** A refresh token that has been used once. Using it again is a retry, which changes nothing. */
  genuine: string
  /** Other tokens of the session. */
  others: string[]
}

async function start (t: Test): Promise<Live> {
  const app = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  const { cookie, accessToken } = await app.login({ sub: 'anna' })
  await app.client(cookie).refresh()
  return { app, genuine: cookie as string, others: [accessToken as string] }
}

/** Checks that the requests had no effect: no session was started or ended, and no token was issued. */
async function isUntouched (t: Test, { app, genuine }: Live): Promise<void> {
  t.notOk(app.events.some(({ type }) => type === 'reused' || type === 'ended' || type === 'recovered'), 'nothing was ended')
  t.equal((await app.app.sessions.list('anna')).length, 1)
  app.clock.now += MINUTE
  t.equal((await app.client(genuine).refresh()).statusCode, 200, 'the session goes on')
}

/** @param sent the request as text */
function judge (response: LightMyRequestResponse, sent: string, { genuine }: Live, errors: Record<number, RegExp>): void {
  assert.equal(response.headers['cache-control'], 'no-store')
  if (response.statusCode === 200) {
    assert.ok(sent.includes(genuine), 'only the genuine token is taken')
    assert.equal(response.headers['set-cookie'], undefined)
    return
  }
  const code = errors[response.statusCode]
  assert.ok(code !== undefined, `status ${response.statusCode}`)
  assert.match(response.json().code, code)
  assert.equal(response.headers['set-cookie'], undefined, 'a refused refresh clears no cookie')
}

t.test('whatever stands in the Cookie header', async (t) => {
  const live = await start(t)
  const value = tokens([live.genuine, ...live.others])
  const name = fc.oneof(fc.constantFrom('__Host-refreshToken=', '__Host-refreshToken=', '__Host-refreshToken =', ' __Host-refreshToken=', '__Host-refreshToken==', '__Host-refreshToken="', '__Host-refreshtoken=', '__Host-refreshToken', 'refreshToken=', 'a=b; __Host-refreshToken=', '__proto__='), fc.string({ maxLength: 10 }))
  const cookie = fc.array(fc.tuple(name, value).map((parts) => parts.join('')), { minLength: 1, maxLength: 5 }).map((pairs) => pairs.join('; '))
  let accepted = 0

  await fc.assert(fc.asyncProperty(cookie, async (header) => {
    const response = await live.app.send({ method: 'POST', url: '/auth/refresh', headers: { cookie: header } })
    if (response.statusCode === 200) accepted++
    judge(response, decoded(header), live, { 403: OUR_ERROR })
  }), parameters(800))
  t.ok(accepted > 0, `${accepted} were genuine`)
  await isUntouched(t, live)
})

t.test('whatever stands in the body', async (t) => {
  const live = await start(t)
  const value = tokens([live.genuine, ...live.others])
  const object = fc.oneof(
    fc.record({ refreshToken: fc.oneof(value, value, fc.jsonValue()), everywhere: fc.jsonValue() }, { requiredKeys: ['refreshToken'] }),
    fc.dictionary(fc.constantFrom('refreshToken', 'RefreshToken', '__proto__', 'constructor', 'everywhere', ''), fc.oneof(value, fc.jsonValue())),
    fc.jsonValue()
  )
  const text = fc.oneof(
    { arbitrary: object.map((one) => JSON.stringify(one)), weight: 4 },
    { arbitrary: fc.tuple(object, fc.nat({ max: 200 })).map(([one, length]) => JSON.stringify(one).slice(0, length)), weight: 1 },
    { arbitrary: value.map((token) => `{"refreshToken":"${token}"}`), weight: 1 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 200 }), weight: 1 }
  )
  const type = fc.constantFrom('application/json', 'application/json', 'application/json; charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '')
  let accepted = 0

  await fc.assert(fc.asyncProperty(text, type, async (payload, contentType) => {
    const response = await live.app.send({ method: 'POST', url: '/auth/refresh', headers: { 'content-type': contentType }, payload })
    if (response.statusCode === 200) {
      accepted++
      assert.equal(response.json().refreshToken, live.genuine, 'the one that was sent')
    }
    judge(response, payload, live, { 400: /^FST_ERR_|^FST_JWT_REFRESH_TOKEN_AMBIGUOUS$/, 403: OUR_ERROR, 413: /^FST_ERR_CTP_BODY_TOO_LARGE$/, 415: /^FST_ERR_CTP_INVALID_MEDIA_TYPE$/ })
    assert.equal(response.headers['set-cookie'], undefined, 'what came in a body has no cookie')
  }), parameters(1000))
  t.ok(accepted > 0, `${accepted} were genuine`)
  await isUntouched(t, live)
})

function decoded (cookie: string): string {
  return cookie.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(parseInt(code.slice(1), 16)))
}
