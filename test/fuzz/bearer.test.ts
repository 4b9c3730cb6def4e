import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createApp, DAY } from '../fixtures/app.ts'
import { parameters } from '../fixtures/property.ts'
import { tokens } from './tokens.ts'

t.test('whatever stands in the Authorization header, the answer is 401, or it is a genuine access token', async (t) => {
  const { app, login, clock } = await createApp(t)
  clock.now -= DAY
  const old = await login()
  clock.now += DAY
  const { accessToken, cookie } = await login({ role: 'admin' })
  const genuine = accessToken as string

  const scheme = fc.oneof(fc.constantFrom('Bearer ', 'Bearer ', 'bearer ', 'BEARER  ', 'Bearer', 'Bearer\t', 'Basic ', 'Token ', ' Bearer ', 'Bearer Bearer ', ''), fc.string({ maxLength: 10 }))
  const header = fc.tuple(scheme, tokens([genuine, old.accessToken as string, cookie as string])).map((parts) => parts.join(''))
  let accepted = 0

  await fc.assert(fc.asyncProperty(header, async (authorization) => {
    const response = await app.inject({ url: '/me', headers: { authorization } })
    if (response.statusCode === 200) {
      accepted++
      const [, token] = /^bearer +(.*)$/i.exec(authorization) as unknown as [string, string]
      assert.equal(token, genuine)
      assert.equal(response.json().role, 'admin')
      return
    }
    assert.equal(response.statusCode, 401)
    assert.match(response.json().code, /^FST_JWT_ACCESS_TOKEN_(MISSING|INVALID|EXPIRED)$/)
    assert.match(response.headers['www-authenticate'] as string, /^Bearer/)
  }), parameters(2000))
  t.ok(accepted > 0, `${accepted} were genuine`)
})
