import t from 'tap'
import { MINUTE, refreshCookie } from '../fixtures/app.ts'
import { createHostileApp, kindsOf, refreshWith } from '../fixtures/hostile-app.ts'
import type { HostileApp } from '../fixtures/hostile-app.ts'
import { randomFrom } from '../fixtures/hostile-tokens.ts'
import { payloadOf } from '../fixtures/jwt.ts'

const MISSING = { status: 403, code: 'FST_JWT_REFRESH_TOKEN_MISSING' }
const INVALID = { status: 403, code: 'FST_JWT_REFRESH_TOKEN_INVALID' }
const REVOKED = { status: 403, code: 'FST_JWT_REFRESH_TOKEN_REVOKED' }
const FINE = { status: 200, code: undefined }

/** Refreshes with exactly this cookie header. */
async function answer ({ send }: HostileApp, cookie: string): Promise<{ status: number, code: string | undefined, cleared: boolean }> {
  const response = await send({ method: 'POST', url: '/auth/refresh', headers: { cookie } })
  return { status: response.statusCode, code: response.json().code, cleared: refreshCookie(response)?.value === '' }
}

t.test('a cookie header in which there is no refresh token', async (t) => {
  const app = await createHostileApp(t)
  const { cookie } = await app.login()
  const before = app.calls()
  const headers = ['', ' ', ';', ';;;;', '=', '=;=', '__Host-refreshToken', '__Host-refreshToken=', '__Host-refreshToken=;', '__Host-refreshToken= ', ' __Host-refreshToken ; x=1', '__Host-refreshtoken=x', '__HOST-REFRESHTOKEN=x', '__host-refreshToken=x', 'x__Host-refreshToken=x',
    '__Host-refreshTokens=x', '__Host-refreshToken =x', `__Host-refreshToken ${cookie}`, `refreshToken=${cookie}`, `__Secure-refreshToken=${cookie}`, `x="; __Host-refreshToken"=${cookie}`, `__proto__=${cookie}`, `constructor=${cookie}`, `toString=${cookie}`, '__proto__=; constructor=', 'a'.repeat(15_000),
    `${'a=b; '.repeat(3000)}`, '\0', '💥', '%', '%00=%00', `__Host-refreshToken[]=${cookie}`, `__Host-refreshToken%3D${cookie}`, `${cookie}`, `token=${cookie}`, '__Host-refreshToken=; __Host-refreshToken=', '__Host-refreshToken; __Host-refreshToken']
  for (const header of headers) t.match(await answer(app, header), { ...MISSING, cleared: false }, JSON.stringify(header.slice(0, 40)))
  t.equal(app.calls(), before, 'the store was not asked')
})

t.test('a cookie whose value does not begin as a token counts as none', async (t) => {
  const app = await createHostileApp(t)
  const { cookie } = await app.login()
  const before = app.calls()
  const values = ['%', '%E0%A4%A', '%zz', '%00', '%u0041', '%FF%FE', '%2e%2e', '%'.repeat(5000), `%${cookie}`, `"${cookie}`, `'${cookie}'`, `""${cookie}""`, `"${cookie}"`, '""', `\u00a0${cookie}`, `\uFEFF${cookie}`, `\v${cookie}`,
    `s:${cookie}.signature`, 'j:{"a":1}', '[object Object]', 'undefined', 'null', 'true', '0', '{}', '💥', '\0', '=', '==', `=${cookie}`, 'x'.repeat(15_000), `${'%41'.repeat(5000)}`, '"', '\\', '\\"', 'a.b.c', 'eyJ', 'eyJ.', 'eyJ..', 'eyJ.e30', 'eyJ..x', `${cookie?.split('.', 1)[0]}`]
  for (const value of values) t.match(await answer(app, `__Host-refreshToken=${value}`), { ...MISSING, cleared: false }, JSON.stringify(value.slice(0, 40)))
  t.equal(app.calls(), before, 'the store was not asked')
  t.equal((await app.client(cookie).refresh()).statusCode, 200, 'the session goes on')
})

t.test('a cookie whose value begins as a token, and is none of ours', async (t) => {
  const app = await createHostileApp(t)
  const { cookie } = await app.login()
  const before = app.calls()
  const values = [`${cookie}%`, `${cookie}%00`, `${cookie}%0d%0aSet-Cookie:%20a=b`, `${cookie}"`, `${cookie},${cookie}`, `${cookie} ${cookie}`, `${cookie}\u00a0`, 'eyJ.e30.', 'eyJhbGciOiJub25lIn0.e30.x', `eyJ${'x'.repeat(15_000)}.x.x`]
  for (const value of values) t.match(await answer(app, `__Host-refreshToken=${value}`), { ...INVALID, cleared: false }, JSON.stringify(value.slice(0, 40)))
  t.equal(app.calls(), before, 'the store was not asked')
  t.equal((await app.client(cookie).refresh()).statusCode, 200, 'the session goes on')
})

t.test('a cookie whose name only looks like ours is another one, which a sibling subdomain can set', async (t) => {
  const app = await createHostileApp(t)
  const { cookie } = await app.login({ sub: 'mallory' })
  const victim = await app.login({ sub: 'anna' })
  for (const blank of ['\u00a0', '\u0085', '\v', '\f', '\uFEFF', '\u2003', '\0', '\u00ad']) {
    for (const name of [`${blank}__Host-refreshToken`, `__Host-refreshToken${blank}`, `${blank} __Host-refreshToken`, ` ${blank}__Host-refreshToken`]) {
      t.match(await answer(app, `${name}=${cookie}`), MISSING, JSON.stringify(name))
      const both = await app.send({ method: 'POST', url: '/auth/refresh', headers: { cookie: `${name}=${cookie}; __Host-refreshToken=${victim.cookie}` } })
      t.equal(payloadOf(both.json().accessToken).sub, 'anna')
    }
  }
  for (const blank of [' ', '\t', ' \t ']) t.match(await answer(app, `${blank}__Host-refreshToken=${blank}${cookie}${blank}`), FINE, 'spaces and tabs are no part of a cookie')
})

t.test('a genuine token in other clothes is taken', async (t) => {
  const app = await createHostileApp(t)
  const { cookie } = await app.login()
  const encoded = [...cookie as string].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('')
  const headers = [`__Host-refreshToken=${cookie}`, `__Host-refreshToken=${encoded}`, `__Host-refreshToken= ${cookie} `, `a=b;__Host-refreshToken=${cookie}`, `;;; __Host-refreshToken=${cookie};;`, `a="b; __Host-refreshToken=${cookie}`,
    `__proto__=x; constructor=y; __Host-refreshToken=${cookie}`, `%=%; __Host-refreshToken=${cookie}`, `${'a=b; '.repeat(2500)}__Host-refreshToken=${cookie}`, `__Host-refreshToken; __Host-refreshToken=${cookie}`, `__Host-refreshToken=; __Host-refreshToken=${cookie}`]
  for (const header of headers) t.match(await answer(app, header), FINE, JSON.stringify(header.slice(0, 40)))
})

t.test('several cookies of the name', async (t) => {
  const garbage = '__Host-refreshToken=garbage'
  const setUp = async (): Promise<HostileApp & { anna: string, second: string, mallory: string }> => {
    const app = await createHostileApp(t)
    const login = async (sub: string): Promise<string> => `__Host-refreshToken=${(await app.login({ sub })).cookie}`
    return { ...app, anna: await login('anna'), second: await login('anna'), mallory: await login('mallory') }
  }

  t.test('garbage beside a genuine one does no harm, on either side', async (t) => {
    const app = await setUp()
    for (const header of [`${garbage}; ${app.anna}`, `${app.anna}; ${garbage}`, `${garbage}; ${app.anna}; ${garbage}`, `${garbage}; __Host-refreshToken=%; ${app.anna}`, `${app.anna}; ${app.anna}; ${app.anna}`]) {
      t.match(await answer(app, header), { ...FINE, cleared: false }, header.replaceAll(app.anna, 'genuine'))
    }
  })

  t.test('all are looked at, however many there are', async (t) => {
    const app = await setUp()
    const forged = `${app.anna.slice(0, -5)}aaaaa`
    for (const many of [garbage, forged, '__Host-refreshToken=', '__Host-refreshToken=eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCIs', app.anna]) {
      const others = Array(30).fill(many).join('; ')
      t.match(await answer(app, `${app.anna}; ${others}`), FINE)
      t.match(await answer(app, `${others}; ${app.anna}`), FINE, 'also the last one')
    }
    const before = app.calls()
    t.match(await answer(app, Array(50).fill(garbage).join('; ')), MISSING)
    t.match(await answer(app, Array(30).fill(forged).join('; ')), INVALID)
    t.equal(app.calls(), before)

    const logout = await app.send({ method: 'POST', url: '/auth/logout', headers: { cookie: `${Array(30).fill(garbage).join('; ')}; ${app.anna}` } })
    t.equal(logout.statusCode, 204)
    t.match(await answer(app, app.anna), REVOKED)
  })

  t.test('of two people: a refresh is refused, and so is a logout everywhere; nothing is ended or cleared', async (t) => {
    const app = await setUp()
    for (const header of [`${app.anna}; ${app.mallory}`, `${app.mallory}; ${app.anna}`, `${app.mallory}; ${app.anna}; ${app.second}`, `${garbage}; ${app.mallory}; ${app.anna}`]) {
      t.match(await answer(app, header), { ...INVALID, cleared: false })
      const logout = await app.send({ method: 'POST', url: '/auth/logout', headers: { cookie: header }, payload: { everywhere: true } })
      t.match({ status: logout.statusCode, code: logout.json().code, cookie: logout.headers['set-cookie'] }, { ...INVALID, cookie: undefined })
    }
    const others = app.events.filter(({ type }) => type !== 'issued')
    t.equal(others.length, 8)
    t.ok(others.every((event) => event.type === 'refused' && event.reason === 'several subjects' && event.sessionId === undefined), 'which is told, of nobody in particular')
    t.match(await answer(app, app.anna), FINE)
    t.match(await answer(app, app.mallory), FINE)
  })

  t.test('of two people: a logout ends what it brings, and no more', async (t) => {
    const app = await setUp()
    const logout = await app.send({ method: 'POST', url: '/auth/logout', headers: { cookie: `${app.mallory}; ${app.anna}` } })
    t.match({ status: logout.statusCode, cookie: refreshCookie(logout)?.value }, { status: 204, cookie: '' })
    t.match(await answer(app, app.anna), REVOKED)
    t.match(await answer(app, app.mallory), REVOKED)
    t.match(await answer(app, app.second), FINE)
  })

  t.test('another one\'s dead session is no obstacle, on either side', async (t) => {
    const app = await setUp()
    await app.app.sessions.revokeAll('mallory')
    for (const header of [`${app.anna}; ${app.mallory}`, `${app.mallory}; ${app.anna}`]) t.match(await answer(app, header), FINE)
    const everywhere = await app.send({ method: 'POST', url: '/auth/logout', headers: { cookie: `${app.mallory}; ${app.anna}` }, payload: { everywhere: true } })
    t.equal(everywhere.statusCode, 204)
    t.match(await answer(app, app.second), REVOKED)
    t.match(await answer(app, `${app.mallory}; ${app.anna}`), REVOKED, 'when all are dead')
  })

  t.test('of two sessions of one person, the latest dead: the one that lives is used', async (t) => {
    const app = await setUp()
    app.clock.now += MINUTE
    const latest = await app.login({ sub: 'anna' })
    await app.app.sessions.revoke(payloadOf(latest.accessToken).sid as string)
    t.match(await answer(app, `__Host-refreshToken=${latest.cookie}; ${app.anna}`), FINE)
  })

  t.test('of two sessions of one person: the latest is used, a logout ends both', async (t) => {
    const app = await setUp()
    app.clock.now += MINUTE
    const latest = `__Host-refreshToken=${(await app.login({ sub: 'anna' })).cookie}`
    const response = await app.send(refreshWith(`${app.anna.slice('__Host-refreshToken='.length)}; ${latest}`))
    t.equal(payloadOf(response.json().accessToken).sid, payloadOf(latest.slice('__Host-refreshToken='.length)).sid)
    t.equal((await app.send({ method: 'POST', url: '/auth/logout', headers: { cookie: `${latest}; ${app.anna}` } })).statusCode, 204)
    t.equal((await app.app.sessions.list('anna')).length, 1, 'the third, which was not in it, lives')
    t.match(await answer(app, app.anna), REVOKED)
  })

  t.test('of one session: the highest generation counts, and the older one is no reuse', async (t) => {
    const app = await setUp()
    const old = app.anna
    const tab = app.client(old.slice('__Host-refreshToken='.length))
    for (let turn = 0; turn < 3; turn++) {
      await tab.refresh()
      app.clock.now += MINUTE
    }
    for (const header of [`${old}; __Host-refreshToken=${tab.cookie}`, `__Host-refreshToken=${tab.cookie}; ${old}`]) t.match(await answer(app, header), FINE)
    t.notOk(app.events.some(({ type }) => type === 'reused'))
  })
})

t.test('a value that is no token is no obstacle to a token in the body', async (t) => {
  const app = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  const { cookie: refreshToken } = await app.login()
  const response = await app.send({ method: 'POST', url: '/auth/refresh', headers: { cookie: '__Host-refreshToken=left by another app' }, payload: { refreshToken } })
  t.equal(response.statusCode, 200)
  t.type(response.json().refreshToken, 'string')
})

t.test('random cookie headers never end in a 500, nor ask the store', async (t) => {
  const app = await createHostileApp(t)
  const { refresh } = kindsOf(await app.login())
  const pieces = ['__Host-refreshToken', '__Host-refreshToken', '=', '=', ';', '; ', ' ', '"', '%', '%41', '%E0%A4', ',', '\\', '__proto__', 'a', '💥', '\0', '\t', refresh.genuine.slice(0, 30), refresh.other, '.', '__Host-refreshToken=']
  const random = randomFrom(3)
  const before = app.calls()
  for (let turn = 0; turn < 300; turn++) {
    const header = Array.from({ length: 1 + Math.floor(random() * 12) }, () => pieces[Math.floor(random() * pieces.length)]).join('')
    const { status } = await answer(app, header)
    if (status !== 403) t.fail(`${status}: ${JSON.stringify(header)}`)
  }
  t.equal(app.calls(), before)
})

for (const name of ['__proto__', 'constructor', 'toString', '__Host-session', "!#$%&'*+-.^_`|~"]) {
  t.test(`a cookie named ${name}`, async (t) => {
    const { app, send } = await createHostileApp(t, { cookie: { name } })
    const login = await app.inject({ method: 'POST', url: '/login' })
    const [, value] = /=([\w.-]+);/.exec(login.headers['set-cookie'] as string) as unknown as [string, string]
    const statuses = []
    for (const cookie of [`${name}=${value}`, `${name}=x`, `${name}=`, name, `x=${value}`]) {
      statuses.push((await send({ method: 'POST', url: '/auth/refresh', headers: { cookie } })).statusCode)
    }
    t.strictSame(statuses, [200, 403, 403, 403, 403])
  })
}
