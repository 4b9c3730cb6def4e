import t from 'tap'
import { createApp, MINUTE, SECOND, START } from '../fixtures/app.ts'
import { payloadOf } from '../fixtures/jwt.ts'

const bearer = ({ accessToken }: { accessToken: string | undefined }): { authorization: string } => ({ authorization: `Bearer ${accessToken as string}` })

t.test('a route for which a recent login is needed', async (t) => {
  const { app, clock, login } = await createApp(t)
  app.post('/password', { onRequest: [app.authenticate, app.requireRecentLogin('10m')] }, async () => ({ changed: true }))
  const tab = await login()
  const change = async () => await app.inject({ method: 'POST', url: '/password', headers: bearer(tab) })

  clock.now += 10 * MINUTE - 1
  t.equal((await change()).statusCode, 200)
  clock.now += 1
  const response = await change()
  t.equal(response.statusCode, 401)
  t.equal(response.json().code, 'FST_JWT_LOGIN_TOO_OLD')
  t.equal(response.headers['www-authenticate'], 'Bearer error="insufficient_user_authentication", error_description="A more recent login is needed", max_age=600')

  await tab.refresh()
  t.equal((await change()).json().code, 'FST_JWT_LOGIN_TOO_OLD', 'a refresh does not help')
  const again = await app.inject({ method: 'POST', url: '/login', cookies: { '__Host-refreshToken': tab.cookie as string } })
  tab.accessToken = again.json().accessToken
  t.equal((await change()).statusCode, 200, 'a login does, and it ends the session before')
  t.equal((await tab.refresh()).statusCode, 403)
})

t.test('a session that does not know when its user was authenticated is never recent', async (t) => {
  const { app } = await createApp(t)
  app.get('/secret', { onRequest: [app.authenticate, app.requireRecentLogin(3600)] }, async () => ({}))
  const unknown = await app.sessions.create({ sub: 'job' })
  t.equal((await app.inject({ url: '/secret', headers: bearer(unknown) })).json().code, 'FST_JWT_LOGIN_TOO_OLD')
  const known = await app.sessions.create({ sub: 'job' }, { authTime: START / SECOND - 3599 })
  t.equal((await app.inject({ url: '/secret', headers: bearer(known) })).statusCode, 200)
})

t.test('the hook fails closed, and works when it is called by hand', async (t) => {
  const { app, login, clock } = await createApp(t)
  const recent = app.requireRecentLogin('1m')
  app.get('/forgotten', { onRequest: recent }, async () => ({}))
  app.get('/by-hand', { onRequest: app.authenticate }, async (request, reply) => {
    recent(request, reply)
    return { fine: true }
  })
  const tab = await login()
  const forgotten = await app.inject({ url: '/forgotten', headers: bearer(tab) })
  t.match({ status: forgotten.statusCode, code: forgotten.json().code, challenge: forgotten.headers['www-authenticate'] },
    { status: 401, code: 'FST_JWT_ACCESS_TOKEN_MISSING', challenge: 'Bearer' }, 'without authenticate before it')
  t.equal((await app.inject({ url: '/by-hand', headers: bearer(tab) })).statusCode, 200)
  clock.now += MINUTE
  t.equal((await app.inject({ url: '/by-hand', headers: bearer(tab) })).json().code, 'FST_JWT_LOGIN_TOO_OLD')
  for (const wrong of [{}, null]) t.throws(() => app.requireRecentLogin(wrong as never), { name: 'TypeError', message: /call it with a duration/ })
  for (const wrong of [undefined, 0, -1, '600', 'soon', 1.5, Infinity]) {
    t.throws(() => app.requireRecentLogin(wrong as string), { name: /Error/, message: /^requireRecentLogin: maxAge is / }, String(wrong))
  }
})

t.test('the devices page ends a session only after a recent login, where the host wants that', async (t) => {
  const { app, login, clock } = await createApp(t, { routes: { sessions: { requireRecentLogin: '5m' } } })
  const tab = await login()
  const phone = await login()
  const url = `/auth/sessions/${payloadOf(phone.accessToken).sid as string}`
  clock.now += 6 * MINUTE
  const refused = await app.inject({ method: 'DELETE', url, headers: bearer(tab) })
  t.match({ code: refused.json().code, challenge: refused.headers['www-authenticate'] }, { code: 'FST_JWT_LOGIN_TOO_OLD', challenge: /max_age=300$/ })
  t.equal((await app.inject({ url: '/auth/sessions', headers: bearer(tab) })).json().length, 2, 'looking needs none')
  const fresh = await login()
  t.equal((await app.inject({ method: 'DELETE', url, headers: bearer(fresh) })).statusCode, 204)
})
