import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import t from 'tap'
import { refreshCookie } from '../fixtures/app.ts'
import { createHostileApp, inTime, kindsOf } from '../fixtures/hostile-app.ts'
import type { HostileApp } from '../fixtures/hostile-app.ts'
import { randomFrom } from '../fixtures/hostile-tokens.ts'
import { payloadOf } from '../fixtures/jwt.ts'

const JSON_TYPE = 'application/json'
const OTHER_TYPES = ['text/plain', 'text/plain; charset=utf-8', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/html', 'text/json', 'application/xml', 'text/xml', 'application/octet-stream',
  'application/vnd.api+json', 'application/jwt', 'application/jsonx', 'xapplication/json', 'text/plain;application/json', '*/*', 'application/*', 'x', 'constructor', '__proto__', 'x'.repeat(5000), '💥', '/', ';', ', application/json']

function post (route: string, contentType: string | undefined, payload: string | Buffer | Readable): InjectOptions {
  return { method: 'POST', url: `/auth/${route}`, headers: contentType === undefined ? {} : { 'content-type': contentType }, payload }
}

function summary (response: LightMyRequestResponse): { status: number, code: string | undefined, cache: unknown } {
  return { status: response.statusCode, code: response.body === '' ? undefined : response.json().code, cache: response.headers['cache-control'] }
}

const MISSING = { status: 403, code: 'FST_JWT_REFRESH_TOKEN_MISSING', cache: 'no-store' }
const NOTHING = { status: 204, code: undefined, cache: 'no-store' }

t.test('an empty body is no body, whatever it calls itself', async (t) => {
  const { send } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  for (const type of [undefined, JSON_TYPE, 'application/json; charset=utf-8', 'APPLICATION/JSON', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml', 'application/octet-stream']) {
    for (const payload of ['', ' ', '\r\n']) {
      t.match(summary(await send(post('refresh', type, payload))), MISSING, `refresh ${type} ${JSON.stringify(payload)}`)
      t.match(summary(await send(post('logout', type, payload))), NOTHING, `logout ${type} ${JSON.stringify(payload)}`)
    }
  }
})

t.test('a body that is not JSON by its type is a 415, also where it is JSON by its text, as a form of another site sends it', async (t) => {
  const { send, login, calls, app } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  const { cookie } = await login({ sub: 'anna' })
  const before = calls()
  for (const type of [...OTHER_TYPES, undefined]) {
    for (const route of ['refresh', 'logout']) {
      for (const payload of ['{"everywhere":true}', `{"refreshToken":"${cookie}"}`, `refreshToken=${cookie}`, '<a/>', '{}', 'x']) {
        const request = post(route, type, Buffer.from(payload))
        const response = await send({ ...request, headers: { ...request.headers, ...(!payload.includes(cookie as string) && { cookie: `__Host-refreshToken=${cookie}` }) } })
        t.match(summary(response), { status: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', cache: 'no-store' }, `${route} ${type?.slice(0, 40)} ${payload.slice(0, 16)}`)
        t.equal(response.headers['set-cookie'], undefined)
      }
    }
  }
  t.equal(calls(), before, 'the store was not asked')
  t.equal((await app.sessions.list('anna')).length, 1)
})

const BAD_JSON = ['{', '}', '[', '{"a":}', "{'a':1}", 'x', 'undefined', 'NaN', '{"refreshToken":"x"', '{"refreshToken":x}', '{"a":1}{"a":1}', '\u0000', '{"a":"\u0000"}', '"', '\\', '💥', '{"a":1,}', '// c', '0x1', '01', '+1', '.5', 'Infinity', '['.repeat(10_000), '{"a":'.repeat(3000), '{"a":"\\x"}', '{"a":"\\ud800}']
const POISON = ['{"__proto__":{"everywhere":true}}', '{"__proto__":null}', '{"a":{"__proto__":{}}}', '{"constructor":{"prototype":{"everywhere":true}}}', '{"a":[{"__proto__":1}]}', '{"\\u005f_proto__":{"everywhere":true}}', '{"__proto__":1,"refreshToken":"x"}']
const NO_OBJECT = ['[]', '[{}]', '[{"everywhere":true}]', '"x"', '1', '0', '-1', '1e308', 'true', 'false', '[null]', '["refreshToken"]', '""']
const WRONG_FIELDS = [1, 0, -1, 1e308, {}, [], ['x'], true, false, null, { length: 1 }, { toString: 1 }].map((value) => `{"refreshToken":${JSON.stringify(value)}}`)
const WRONG_EVERYWHERE = ['"true"', '"false"', '""', '1', '0', '{}', '[]', 'null', '[true]'].map((value) => `{"everywhere":${value}}`)

for (const transport of ['cookie', 'body', 'both'] as const) {
  t.test(`a body of a wrong shape is a 400 and changes nothing (transport ${transport})`, async (t) => {
    const { send, login, calls, events, app } = await createHostileApp(t, { refreshToken: { transport } })
    const { cookie } = await login({ sub: 'anna' })
    const before = calls()
    for (const [code, bodies] of [['FST_ERR_CTP_INVALID_JSON_BODY', [...BAD_JSON, ...POISON]], ['FST_ERR_VALIDATION', [...NO_OBJECT, ...WRONG_FIELDS, ...WRONG_EVERYWHERE]]] as const) {
      // A refresh with a cookie reads no field of the body.
      for (const route of transport === 'cookie' && code === 'FST_ERR_VALIDATION' ? ['logout'] : ['refresh', 'logout']) {
        for (const body of bodies) {
          const request = post(route, JSON_TYPE, body)
          const response = await send({ ...request, headers: { ...request.headers, cookie: `__Host-refreshToken=${cookie ?? 'x'}` } })
          t.match({ ...summary(response), cookie: response.headers['set-cookie'] }, { status: 400, code, cache: 'no-store', cookie: undefined }, `${route} ${JSON.stringify(body.slice(0, 60))}`)
        }
      }
    }
    t.equal(calls(), before, 'the store was not asked')
    t.equal((await app.sessions.list('anna')).length, 1)
    t.equal(events.length, 1)
  })
}

t.test('null, an empty object and fields that mean nothing here are no token', async (t) => {
  const { send } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  const bodies = ['null', '{}', '{"refreshToken":""}', '{"refresh_token":"x"}', '{"constructor":1}', '{"toString":1}', '{"everywhere":false}', '{"a":{"b":[1,{"c":null}]}}', '{"refreshToken":"","everywhere":false}', '{"":1}', '{"refreshToken":"x","refreshToken":""}', `{"a":${'['.repeat(4000)}${']'.repeat(4000)}}`]
  for (const body of bodies) {
    t.match(summary(await send(post('refresh', JSON_TYPE, body))), MISSING, body.slice(0, 40))
    t.match(summary(await send(post('logout', JSON_TYPE, body))), NOTHING, body.slice(0, 40))
  }
})

t.test('a body that is too large is a 413, by its length and by what comes', async (t) => {
  const { send, calls } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  const bodies = [`{"refreshToken":"${'x'.repeat(16_384)}"}`, `${' '.repeat(20_000)}{}`, `{"a":[${'1,'.repeat(10_000)}1]}`, 'x'.repeat(1_000_000)]
  for (const type of [JSON_TYPE, 'text/plain', undefined]) {
    for (const route of ['refresh', 'logout']) {
      for (const body of bodies) {
        t.match(summary(await send(post(route, type, body))), { status: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE', cache: 'no-store' }, `${route} ${type} ${body.length}`)
        const chunked = post(route, type, Readable.from([body.slice(0, 9000), body.slice(9000)]))
        t.equal((await send({ ...chunked, headers: { ...chunked.headers, 'transfer-encoding': 'chunked' } })).statusCode, 413, 'without a length')
      }
    }
  }
  t.equal(calls(), 0)
})

t.test('a token in both places is a 400 that changes nothing', async (t) => {
  const { send, login, calls, app } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  const { cookie } = await login({ sub: 'anna' })
  const { refresh } = kindsOf({ ...await login({ sub: 'mallory' }) })
  const before = calls()
  for (const route of ['refresh', 'logout']) {
    for (const [inCookie, refreshToken] of [[cookie, cookie], [cookie, refresh.genuine], [cookie, 'x'], [`${cookie}x`, cookie], [`${cookie}x`, 'x']]) {
      const response = await send({ method: 'POST', url: `/auth/${route}`, headers: { cookie: `__Host-refreshToken=${inCookie}` }, payload: { refreshToken, everywhere: true } })
      t.match({ ...summary(response), cookie: response.headers['set-cookie'] }, { status: 400, code: 'FST_JWT_REFRESH_TOKEN_AMBIGUOUS', cache: 'no-store', cookie: undefined })
    }
  }
  t.equal(calls(), before)
  t.equal((await app.sessions.list('anna')).length, 1)
})

t.test('a cookie client never finds a refresh token in a body, whatever it sends along', async (t) => {
  for (const transport of ['cookie', 'both'] as const) {
    const { send, login } = await createHostileApp(t, { refreshToken: { transport } })
    const { cookie } = await login()
    for (const payload of [{}, { transport: 'body' }, { refreshToken: '' }, { refreshToken: transport === 'cookie' ? cookie as string : '' }, { grant_type: 'refresh_token' }]) {
      const response = await send({ method: 'POST', url: '/auth/refresh?transport=body&refreshToken=x', headers: { cookie: `__Host-refreshToken=${cookie}` }, payload })
      t.equal(response.statusCode, 200)
      t.strictSame(Object.keys(response.json()), ['accessToken', 'tokenType', 'expiresIn'])
    }
  }
  const { send, login } = await createHostileApp(t)
  const { cookie } = await login()
  const response = await send({ method: 'POST', url: '/auth/refresh', payload: { refreshToken: cookie } })
  t.match(summary(response), MISSING, 'transport cookie: a body is not looked at')
  t.equal(refreshCookie(response), undefined)
})

t.test('every other method on our routes is a 404', async (t) => {
  const { send, login, calls, app } = await createHostileApp(t, { routes: { sessions: true } })
  const tab = await login({ sub: 'anna' })
  const before = calls()
  const headers = { cookie: `__Host-refreshToken=${tab.cookie}`, authorization: `Bearer ${tab.accessToken}` }
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const) {
    for (const url of ['/auth/refresh', '/auth/logout', '/auth/refresh/', '/auth/refresh/x', '/auth//refresh', '/AUTH/REFRESH', '/auth/refresh%00', '/auth', '/auth/']) {
      t.equal((await send({ method, url, headers })).statusCode, 404, `${method} ${url}`)
    }
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'] as const) t.equal((await send({ method, url: '/auth/sessions', headers })).statusCode, 404, `${method} /auth/sessions`)
  for (const method of ['GET', 'POST', 'PUT', 'HEAD'] as const) t.equal((await send({ method, url: '/auth/sessions/x', headers })).statusCode, 404, `${method} /auth/sessions/x`)
  t.equal(calls(), before)
  t.equal((await app.sessions.list('anna')).length, 1)
})

t.test('no id of a session ends in a 500, nor in another one\'s session', async (t) => {
  const { send, login, app, calls } = await createHostileApp(t, { routes: { sessions: true } })
  const tab = await login({ sub: 'anna' })
  const id = payloadOf((await login({ sub: 'bert' })).accessToken).sid as string
  const before = calls()
  const ids = [id, `${id}%00`, `%20${id}`, 'x', '%00', '__proto__', 'constructor', '..%2f..', '*', '%25', '%F0%9F%92%A5', 'null', "'%20OR%201=1", 'x'.repeat(90), '']
  for (const sid of ids) {
    const response = await send({ method: 'DELETE', url: `/auth/sessions/${sid}`, headers: { authorization: `Bearer ${tab.accessToken}` } })
    t.equal(response.statusCode, 404, `the id ${JSON.stringify(sid)}`)
    if (sid !== '') t.match(summary(response), { code: 'FST_JWT_SESSION_NOT_FOUND', cache: 'no-store' })
  }
  // requireSession reads the own session each time.
  t.equal(calls() - before, ids.length + 1, 'only an id that can be one of ours reaches the store')
  for (const sid of ['%', '%E0%A4%A', '%zz']) {
    t.equal((await send({ method: 'DELETE', url: `/auth/sessions/${sid}`, headers: { authorization: `Bearer ${tab.accessToken}` } })).statusCode, 400, `the id ${sid}`)
  }
  t.equal((await app.sessions.list('bert')).length, 1)
})

t.test('random bodies never end in a 500', async (t) => {
  const { send, login, app } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  await login({ sub: 'anna' })
  const pieces = ['{', '}', '[', ']', '"', ':', ',', '"refreshToken"', '"everywhere"', 'true', 'false', 'null', '1', '"x"', '"__proto__"', '"constructor"', '\\', ' ', '\0', '💥', '{}', '[]']
  const types = [JSON_TYPE, JSON_TYPE, JSON_TYPE, undefined, 'text/plain', 'application/json; charset=utf-16']
  const random = randomFrom(4)
  const pick = <One>(list: One[]): One => list[Math.floor(random() * list.length)] as One
  const seen = new Set<number>()
  for (let turn = 0; turn < 300; turn++) {
    const body = turn % 3 === 0
      ? JSON.stringify({ [pick(['refreshToken', 'everywhere', 'a', '__proto__', 'constructor'])]: pick<unknown>([1, 'x', null, [], {}, true, 'a.b.c', '.'.repeat(500)]), [pick(['everywhere', 'b'])]: pick<unknown>([false, 0, '1', null]) })
      : Array.from({ length: 1 + Math.floor(random() * 10) }, () => pick(pieces)).join('')
    const { statusCode } = await send(post(pick(['refresh', 'logout']), pick(types), body))
    seen.add(statusCode)
    if (![204, 400, 403, 415].includes(statusCode)) t.fail(`${statusCode}: ${JSON.stringify(body)}`)
  }
  t.ok(seen.size > 2, [...seen].join())
  t.equal((await app.sessions.list('anna')).length, 1)
})

t.test('over a socket: chunks, wrong lengths, halves', async (t) => {
  const app = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  await app.app.listen({ host: '127.0.0.1', port: 0 })
  const line = 'POST /auth/refresh HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
  const cases: Array<[name: string, text: string, status: number]> = [
    ['an empty chunked body', `${line}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 403],
    ['an empty chunked JSON body', `${line}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 403],
    ['a chunked token', `${line}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"refresh\r\na\r\nToken":"x"\r\n1\r\n}\r\n0\r\n\r\n`, 403],
    ['a chunked body without a type', `${line}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 415],
    ['a bad chunk size', `${line}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`, 400],
    ['both a length and chunks', `${line}Content-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 400],
    ['two lengths', `${line}Content-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
    ['a negative length', `${line}Content-Type: application/json\r\nContent-Length: -1\r\n\r\n{}`, 400],
    ['a length of a million', `${line}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{}`, 413],
    ['a length that is too short', `${line}Content-Type: application/json\r\nContent-Length: 1\r\n\r\n{}`, 400],
    ['a NUL in the cookie', `${line}Cookie: __Host-refreshToken=\0\r\n\r\n`, 400],
    ['a cookie of 15 kB', `${line}Cookie: __Host-refreshToken=${'x'.repeat(15_000)}\r\n\r\n`, 403],
    ['a cookie of 20 kB', `${line}Cookie: __Host-refreshToken=${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['two cookie headers', `${line}Cookie: __Host-refreshToken=x\r\nCookie: __Host-refreshToken=y\r\n\r\n`, 403],
    ['bytes that are no UTF-8', `${line}Content-Type: application/json\r\nContent-Length: 22\r\n\r\n{"refreshToken":"\xff\xfe\xfd"}`, 403],
    ['bytes beyond ASCII in headers', `${line}Cookie: __Host-refreshToken=\xff\xfe\r\nAuthorization: Bearer \xff\r\n\r\n`, 403],
    ['no host', 'POST /auth/refresh HTTP/1.0\r\nCookie: __Host-refreshToken=x\r\nOrigin: https://x\r\n\r\n', 403],
    ['two origins', `${line}Cookie: __Host-refreshToken=x\r\nOrigin: http://x\r\nOrigin: http://x\r\n\r\n`, 403]
  ]
  for (const [name, text, status] of cases) {
    const answer = await inTime(overSocket(app, text), name)
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), `${name}: ${answer.slice(0, 12)}`)
  }
  t.equal(app.calls(), 0)
})

/** Sends raw text, and returns what the server sends until it closes the connection. */
async function overSocket ({ app }: HostileApp, text: string): Promise<string> {
  const { port } = app.server.address() as AddressInfo
  return await new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'))
    socket.setEncoding('latin1').on('data', (data) => { answer += String(data) }).on('close', () => resolve(answer)).on('error', reject)
  })
}
