import { generateKeyPairSync } from 'node:crypto'
import Fastify from 'fastify'
import t from 'tap'
import jwtRefresh from '../../index.ts'
import { loginAs } from '../../lib/testing/index.ts'
import { createApp, SECRET } from '../fixtures/app.ts'

t.test('a login without a route for it', async (t) => {
  const { app, store, events } = await createApp(t)
  const login = await loginAs(app, { sub: 'user-1', role: 'admin' })
  t.match((await app.inject({ url: '/me', headers: login.headers })).json(), { sub: 'user-1', role: 'admin', sid: login.sessionId })
  t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies: login.cookies })).statusCode, 200)
  t.strictSame([login.headers.authorization, login.cookies], [`Bearer ${login.accessToken}`, { '__Host-refreshToken': login.refreshToken }])
  t.match(await store.find(login.sessionId), { subject: 'user-1', metadata: {} })
  t.match(events, [{ type: 'issued' }, { type: 'refreshed' }])
})

t.test('one registration of several is chosen by the name of its issueTokens', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const decorators = {
    authenticate: 'verifyStaff',
    refresh: 'refreshStaff',
    requireSession: 'requireStaffSession',
    authenticateOrRefresh: 'authenticateOrRefreshStaff',
    requireRecentLogin: 'requireRecentStaffLogin',
    verifyAccessToken: 'verifyStaffAccessToken',
    renewAccessToken: 'renewStaffAccessToken',
    sessions: 'staffSessions',
    issueTokens: 'issueStaffTokens',
    revokeTokens: 'revokeStaffTokens',
    tokens: 'staffTokens'
  }
  await app.register(jwtRefresh, { secret: SECRET })
  await app.register(jwtRefresh, { secret: `${SECRET}, of the staff`, prefix: '/staff', cookie: { name: 'staff' }, decorators } as any)
  const staff = await loginAs(app, { sub: 'user-2' }, { issueTokens: 'issueStaffTokens' })
  t.equal((await app.inject({ method: 'POST', url: '/staff/refresh', cookies: staff.cookies })).statusCode, 200)
  t.strictSame(Object.keys((await loginAs(app, { sub: 'user-1' })).cookies), ['__Host-refreshToken'])
})

t.test('where it cannot log in', async (t) => {
  const { app } = await createApp(t)
  await t.rejects(loginAs(app, { sub: '' }), { name: 'TypeError', message: /^loginAs: / })
  await t.rejects(loginAs(app, { sub: 'user-1' }, { issueTokens: 'other' }), /^loginAs: .*not registered in this scope with reply.other/)
  await t.rejects(loginAs(app, { sub: 'user-1' }, { issueToken: 'other' } as object), { name: 'TypeError', message: /did you mean issueTokens\?$/ })
  await t.rejects(loginAs(Fastify() as any, { sub: 'user-1' }), /not registered/)

  const verifier = Fastify()
  t.teardown(() => verifier.close())
  const { publicKey } = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } })
  await verifier.register(jwtRefresh, { secret: { public: publicKey } })
  await t.rejects(loginAs(verifier, { sub: 'user-1' }), { name: 'TypeError', message: /public key, which signs nothing/ })
})
