import t from 'tap'
import { createApp } from '../fixtures/app.ts'
import { loginAs } from '../../lib/testing/index.ts'

t.test('where extract finds nothing it may leave it to the header, which the 401 asks for', async (t) => {
  const { app } = await createApp(t, { accessToken: { extract: ({ headers }) => headers['x-token'] as string | undefined } })
  const { headers, accessToken } = await loginAs(app, { sub: 'user-1' })
  const missing = await app.inject('/me')
  t.equal(missing.headers['www-authenticate'], 'Bearer')
  t.equal(missing.json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
  t.equal((await app.inject({ url: '/me', headers })).statusCode, 200)
  t.equal((await app.inject({ url: '/me', headers: { 'x-token': accessToken } })).statusCode, 200)
})

t.test('what extract finds counts, whatever the header says', async (t) => {
  const { app } = await createApp(t, { accessToken: { extract: ({ headers }) => headers['x-token'] as string | undefined } })
  const { headers, accessToken } = await loginAs(app, { sub: 'user-1' })
  t.equal((await app.inject({ url: '/me', headers: { ...headers, 'x-token': 'bad' } })).json().code, 'FST_JWT_ACCESS_TOKEN_INVALID')
  t.equal((await app.inject({ url: '/me', headers: { ...headers, 'x-token': '' } })).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
  t.equal((await app.inject({ url: '/me', headers: { authorization: 'Bearer bad', 'x-token': accessToken } })).statusCode, 200)
})

t.test('null of extract is the last word', async (t) => {
  const { app } = await createApp(t, { accessToken: { extract: () => null } })
  const { headers } = await loginAs(app, { sub: 'user-1' })
  t.equal((await app.inject({ url: '/me', headers })).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
})
