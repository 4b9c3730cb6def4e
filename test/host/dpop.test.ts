import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { COOKIE_NAME, createApp, MINUTE, needCookie, refreshCookie, SECRET, START } from '../fixtures/app.ts'
import type { TestApp } from '../fixtures/app.ts'
import { athOf, createProofKey, proofFor } from '../fixtures/dpop.ts'
import type { ProofKey } from '../fixtures/dpop.ts'
import { payloadOf } from '../fixtures/jwt.ts'

interface Result {
  statusCode: number
  body: Record<string, any>
  response: LightMyRequestResponse
}

interface Device extends TestApp {
  key: ProofKey
  /** Sends a request with a proof signed by the device's key, or by `by`. */
  send (method: 'GET' | 'POST', path: string, options?: InjectOptions & { by?: ProofKey | null, claims?: object }): Promise<Result>
  /** Sends a request with an access token in the DPoP scheme. */
  get (path: string, accessToken: string, options?: { by?: ProofKey | null, scheme?: string, ath?: string }): Promise<Result>
}

async function createDevice (t: Test, dpop: JwtRefreshOptions['dpop'] = {}, options: Partial<JwtRefreshOptions> = {}, server = {}): Promise<Device> {
  const made = await createApp(t, { dpop, refreshToken: { transport: 'body' }, ...options }, server)
  const key = createProofKey()
  const device: Device = {
    ...made,
    key,
    async send (method, path, { by = key, claims, headers, ...rest } = {}) {
      const response = await made.app.inject({
        method, url: path, ...rest, headers: { ...headers, ...(by && { dpop: proofFor(by, method, path.split('?')[0]!, { iat: made.clock.now / 1000, ...claims }) }) }
      })
      return { statusCode: response.statusCode, body: response.body === '' ? {} : response.json(), response }
    },
    async get (path, accessToken, { by = key, scheme = 'DPoP', ath = athOf(accessToken) } = {}) {
      return await device.send('GET', path, { by, claims: { ath }, headers: { authorization: `${scheme} ${accessToken}` } })
    }
  }
  return device
}

t.test('a login with a proof is bound to its key: a refresh needs a proof of it, and so do the tokens that follow', async (t) => {
  const { send, key, clock, events, store } = await createDevice(t)
  const login = await send('POST', '/login')
  t.match(login, { statusCode: 200, body: { tokenType: 'Bearer' } })
  let { refreshToken } = login.body
  const { cnf } = payloadOf(refreshToken)
  t.strictSame(cnf, { jkt: await calculateJwkThumbprint(key.jwk as never) })
  t.equal(payloadOf(login.body.accessToken).cnf, undefined, 'the access token is a Bearer token, as ever')

  for (let i = 0; i < 3; i++) {
    clock.now += 10 * MINUTE
    for (const [by, why] of [[null, 'without a proof'], [createProofKey(), 'with that of another key'], [createProofKey('EdDSA'), 'with that of another kind']] as const) {
      events.length = 0
      const refused = await send('POST', '/auth/refresh', { by, payload: { refreshToken } })
      t.match(refused, { statusCode: 403, body: { code: 'FST_JWT_PROOF_REQUIRED' } }, why)
      t.equal(refused.response.headers['www-authenticate'], undefined)
      t.match(events, [{ type: 'refused', operation: 'refresh', reason: 'proof', subject: 'user-1', sessionId: String }])
      t.equal(events.length, 1)
    }
    const refreshed = await send('POST', '/auth/refresh', { payload: { refreshToken } })
    t.match(refreshed, { statusCode: 200, body: { tokenType: 'Bearer' } })
    refreshToken = refreshed.body.refreshToken
    t.strictSame(payloadOf(refreshToken).cnf, cnf)
  }
  t.equal((await store.list('user-1')).length, 1)
})

t.test('a thief who shows an old token without a proof ends no session', async (t) => {
  const { send, clock, events } = await createDevice(t)
  const { body: { refreshToken: first } } = await send('POST', '/login')
  let refreshToken = first
  for (let i = 0; i < 3; i++) {
    clock.now += 10 * MINUTE
    refreshToken = (await send('POST', '/auth/refresh', { payload: { refreshToken } })).body.refreshToken
  }
  for (const [url, payload] of [['/auth/refresh', {}], ['/auth/logout', { everywhere: true }]] as const) {
    t.match(await send('POST', url, { by: null, payload: { ...payload, refreshToken: first } }), { statusCode: 403, body: { code: 'FST_JWT_PROOF_REQUIRED' } })
  }
  t.notOk(events.some(({ type }) => type === 'reused' || type === 'ended'))
  t.equal((await send('POST', '/auth/refresh', { payload: { refreshToken } })).statusCode, 200)
  t.match(await send('POST', '/auth/refresh', { payload: { refreshToken: first } }), { body: { code: 'FST_JWT_REFRESH_TOKEN_REVOKED' } }, 'with the proof it is a reuse, as ever')
  t.ok(events.some(({ type }) => type === 'reused'))
})

t.test('the same with the cookie, which a refusal leaves alone', async (t) => {
  const { send } = await createDevice(t, {}, { refreshToken: {} })
  const { value } = needCookie((await send('POST', '/login')).response)
  const cookies = { [COOKIE_NAME]: value }
  for (const refused of [await send('POST', '/auth/refresh', { by: null, cookies }), await send('POST', '/auth/logout', { by: null, cookies, payload: { everywhere: true } })]) {
    t.match(refused, { statusCode: 403, body: { code: 'FST_JWT_PROOF_REQUIRED' } })
    t.equal(refused.response.headers['set-cookie'], undefined)
  }
  t.equal((await send('POST', '/auth/refresh', { cookies })).statusCode, 200)
  const out = await send('POST', '/auth/logout', { by: null, cookies })
  t.equal(out.statusCode, 204, 'who has lost the key can still leave')
  t.equal(refreshCookie(out.response)?.value, '')
})

t.test('a logout everywhere', async (t) => {
  const { send, store } = await createDevice(t)
  const logins = [await send('POST', '/login'), await send('POST', '/login'), await send('POST', '/login', { by: null })]
  const [refreshToken,, unbound] = logins.map(({ body }) => body.refreshToken)
  t.match(await send('POST', '/auth/logout', { by: createProofKey(), payload: { refreshToken, everywhere: true } }), { statusCode: 403, body: { code: 'FST_JWT_PROOF_REQUIRED' } })
  t.equal((await store.list('user-1')).length, 3)
  t.equal((await send('POST', '/auth/logout', { payload: { refreshToken, everywhere: true } })).statusCode, 204)
  t.strictSame(await store.list('user-1'), [])
  t.match(await send('POST', '/auth/logout', { by: null, payload: { refreshToken: unbound, everywhere: true } }), { body: { code: 'FST_JWT_REFRESH_TOKEN_REVOKED' } })

  const { body } = await send('POST', '/login')
  t.equal((await send('POST', '/auth/logout', { by: null, payload: { everywhere: true }, headers: { authorization: `Bearer ${body.accessToken}` } })).statusCode, 204, 'a Bearer access token is not bound')
  const other = await send('POST', '/login', { by: null })
  t.equal((await send('POST', '/auth/logout', { by: null, payload: { refreshToken: other.body.refreshToken, everywhere: true } })).statusCode, 204, 'nor is a session without a key')
})

t.test('optional: a login without a proof is not bound, and no refresh binds it later', async (t) => {
  const { send } = await createDevice(t, { mode: 'optional' })
  const { body: { refreshToken } } = await send('POST', '/login', { by: null })
  const { body } = await send('POST', '/auth/refresh', { payload: { refreshToken } })
  t.equal(payloadOf(body.refreshToken).cnf, undefined)
  t.equal((await send('POST', '/auth/refresh', { by: null, payload: { refreshToken: body.refreshToken } })).statusCode, 200)
})

t.test('required: a login without a proof is refused, and what was there before goes on', async (t) => {
  const { send, app, store, events } = await createDevice(t, { mode: 'required' })
  t.match(await send('POST', '/login', { by: null }), { statusCode: 400, body: { code: 'FST_JWT_PROOF_INVALID' } })
  t.match(events, [{ type: 'refused', operation: 'login', reason: 'proof' }])
  t.strictSame(await store.list('user-1'), [])
  const { refreshToken, tokenType } = await app.sessions.create({ sub: 'user-1' })
  t.equal(tokenType, 'Bearer')
  t.equal((await send('POST', '/auth/refresh', { by: null, payload: { refreshToken } })).statusCode, 200)
})

t.test('all: the access token goes under DPoP with a proof that was made for it', async (t) => {
  const { send, get, app, key } = await createDevice(t, { bind: 'all' })
  const { body } = await send('POST', '/login')
  t.equal(body.tokenType, 'DPoP')
  t.strictSame(payloadOf(body.accessToken).cnf, { jkt: await calculateJwkThumbprint(key.jwk as never) })
  const ok = await get('/me', body.accessToken)
  t.match(ok, { statusCode: 200, body: { sub: 'user-1', cnf: { jkt: String } } })
  t.equal((await get('/me?page=2', body.accessToken)).statusCode, 200, 'the query is no part of the proof')
  t.equal((await get('/sensitive', body.accessToken, { scheme: 'dpop ' })).statusCode, 200)

  const invalid = { statusCode: 401, body: { code: 'FST_JWT_PROOF_INVALID' } }
  const wrong = { statusCode: 401, body: { code: 'FST_JWT_ACCESS_TOKEN_INVALID' } }
  t.match(await get('/me', body.accessToken, { by: null }), invalid, 'without a proof')
  t.match(await get('/me', body.accessToken, { by: createProofKey() }), invalid, 'of another key')
  t.match(await get('/me', body.accessToken, { ath: athOf('another') }), invalid, 'for another token')
  t.match(await send('GET', '/me', { headers: { authorization: `DPoP ${body.accessToken}` } }), invalid, 'for no token')
  const underBearer = await get('/me', body.accessToken, { scheme: 'Bearer' })
  t.match(underBearer, wrong, 'under Bearer')
  t.equal(underBearer.response.headers['www-authenticate'], 'DPoP error="invalid_token", algs="ES256 EdDSA"')
  t.match(await get('/me', body.accessToken, { scheme: 'Bearer', by: null }), wrong)
  t.throws(() => app.verifyAccessToken(body.accessToken), { code: 'FST_JWT_ACCESS_TOKEN_INVALID', statusCode: 401 })

  const refreshed = await send('POST', '/auth/refresh', { payload: { refreshToken: body.refreshToken } })
  t.equal(refreshed.body.tokenType, 'DPoP')
  t.equal((await get('/me', refreshed.body.accessToken)).statusCode, 200)

  const unbound = (await send('POST', '/login', { by: null })).body
  t.match(unbound, { tokenType: 'Bearer' })
  t.equal((await get('/me', unbound.accessToken, { scheme: 'Bearer', by: null })).statusCode, 200)
  t.match(await get('/me', unbound.accessToken), wrong, 'a token that is not bound under DPoP')
  t.match(app.verifyAccessToken(unbound.accessToken), { sub: 'user-1' })
})

t.test('all: what else authenticates is judged as ever', async (t) => {
  const { app, get, send } = await createDevice(t, { bind: 'all' }, {
    accessToken: { extract: ({ headers }) => { if (headers['x-throw']) throw headers['x-throw'] === 'error' ? new Error('extract') : null; return headers['x-token'] as string | undefined } }
  })
  app.get('/anyone', { onRequest: [app.authenticate], config: { jwtRefresh: 'optional' } }, async (request) => request.user ?? 'nobody')
  const { body: { accessToken } } = await send('POST', '/login')
  t.equal((await app.inject('/anyone')).body, 'nobody')
  t.match((await app.inject('/me')).json(), { code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
  t.match((await app.inject({ url: '/me', headers: { 'x-token': '' } })).json(), { code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
  t.match((await app.inject({ url: '/me', headers: { authorization: 'DPoP x.y.z' } })).json(), { code: 'FST_JWT_ACCESS_TOKEN_INVALID' })
  t.equal((await app.inject({ url: '/me', headers: { 'x-throw': 'null' } })).statusCode, 401)
  t.equal((await app.inject({ url: '/me', headers: { 'x-throw': 'error' } })).statusCode, 500)
  t.match(await send('GET', '/me', { by: null, headers: { 'x-token': accessToken } }), { statusCode: 401, body: { code: 'FST_JWT_PROOF_INVALID' } }, 'a bound token of the host\'s extract needs a proof')
  t.equal((await send('GET', '/me', { claims: { ath: athOf(accessToken) }, headers: { 'x-token': accessToken } })).statusCode, 200)
  const unbound = (await send('POST', '/login', { by: null })).body.accessToken
  t.equal((await send('GET', '/me', { by: null, headers: { 'x-token': unbound } })).statusCode, 200)
  t.equal((await get('/me', accessToken)).statusCode, 200)
})

t.test('all: one proof serves all that one request does', async (t) => {
  const { app, get, send, store } = await createDevice(t, { bind: 'all' })
  app.get('/leave', { onRequest: [app.authenticate, app.authenticate] }, async (_request, reply) => reply.revokeTokens({ everywhere: true }))
  app.get('/rename', { onRequest: [app.authenticate] }, async (_request, reply) => reply.renewAccessToken({ sub: 'user-1', name: 'new' }))
  const { body: { accessToken } } = await send('POST', '/login')
  const { body } = await get('/rename', accessToken)
  t.equal(body.tokenType, 'DPoP')
  t.strictSame(payloadOf(body.accessToken).cnf, payloadOf(accessToken).cnf)
  t.match(await get('/me', body.accessToken), { body: { name: 'new' } })
  t.equal((await get('/leave', body.accessToken)).statusCode, 204)
  t.strictSame(await store.list('user-1'), [])
})

t.test('all: a logout with the access token alone', async (t) => {
  const { send, store } = await createDevice(t, { bind: 'all' })
  const { body: { accessToken } } = await send('POST', '/login')
  const headers = { authorization: `DPoP ${accessToken}` }
  t.match(await send('POST', '/auth/logout', { by: null, headers }), { statusCode: 401, body: { code: 'FST_JWT_PROOF_INVALID' } })
  t.equal((await send('POST', '/auth/logout', { claims: { ath: athOf(accessToken) }, headers })).statusCode, 204)
  t.strictSame(await store.list('user-1'), [])
})

t.test('Ed25519, under both of its names', async (t) => {
  for (const alg of ['EdDSA', 'Ed25519'] as const) {
    const { send, get } = await createDevice(t, { bind: 'all' })
    const by = createProofKey(alg)
    const { body } = await send('POST', '/login', { by })
    t.equal((await get('/me', body.accessToken, { by })).statusCode, 200)
    t.equal((await send('POST', '/auth/refresh', { by, payload: { refreshToken: body.refreshToken } })).statusCode, 200)
  }
})

t.test('a clock that is wrong: the answer has a nonce, with which the next proof is good', async (t) => {
  const { send } = await createDevice(t)
  const { statusCode, body, response } = await send('POST', '/login', { claims: { iat: 1 } })
  t.match({ statusCode, body }, { statusCode: 400, body: { code: 'FST_JWT_PROOF_NONCE' } })
  const nonce = response.headers['dpop-nonce']
  const login = await send('POST', '/login', { claims: { iat: 1, nonce } })
  t.equal(login.statusCode, 200)
  t.equal(login.response.headers['dpop-nonce'], undefined, 'where none is asked for, none is handed out')
})

t.test('nonces: a client that keeps up with the answers is never refused', async (t) => {
  const { send, get, clock } = await createDevice(t, { nonce: true, bind: 'all', window: '30s' })
  let nonce = (await send('POST', '/login')).response.headers['dpop-nonce']
  const { body, response } = await send('POST', '/login', { claims: { nonce } })
  t.equal(response.headers['dpop-nonce'], undefined, 'it has the present one')
  let changes = 0
  for (let i = 0; i < 20; i++) {
    clock.now += 10_000
    const { statusCode, response } = await send('GET', '/me', { claims: { nonce, ath: athOf(body.accessToken) }, headers: { authorization: `DPoP ${body.accessToken}` } })
    t.equal(statusCode, 200)
    if (response.headers['dpop-nonce'] !== undefined) changes++
    nonce = response.headers['dpop-nonce'] ?? nonce
  }
  t.ok(changes >= 6 && changes <= 7, `${changes} new nonces`)
  t.match(await get('/me', body.accessToken), { statusCode: 401, body: { code: 'FST_JWT_PROOF_NONCE' } })
})

t.test('instances with the same secret know each other\'s nonces, while the secret is being changed too', async (t) => {
  const old = await createDevice(t, { nonce: true })
  const next = await createDevice(t, { nonce: true }, { secret: ['another secret of thirty-two bytes', SECRET] })
  const stranger = await createDevice(t, { nonce: true }, { secret: 'another secret of thirty-two bytes' })
  const nonce = (await old.send('POST', '/login')).response.headers['dpop-nonce']
  t.equal((await next.send('POST', '/login', { claims: { nonce } })).statusCode, 200)
  t.equal((await stranger.send('POST', '/login', { claims: { nonce } })).statusCode, 400)
})

t.test('off: bound sessions go on without a proof, and are bound again once it is on', async (t) => {
  const { send, store } = await createDevice(t, { bind: 'all' })
  const off = await createApp(t, { store, refreshToken: { transport: 'body' } })
  const { body } = await send('POST', '/login')
  const { refreshToken } = (await off.app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken: body.refreshToken } })).json()
  t.match(await send('POST', '/auth/refresh', { by: null, payload: { refreshToken } }), { body: { code: 'FST_JWT_PROOF_REQUIRED' } })
  t.equal((await send('POST', '/auth/refresh', { payload: { refreshToken } })).statusCode, 200)
  t.equal((await off.client().me.call({ accessToken: body.accessToken } as never)).statusCode, 200)
  t.throws(() => off.app.verifyAccessToken(body.accessToken), { code: 'FST_JWT_ACCESS_TOKEN_INVALID' })
})

t.test('the URL of the request, as the client knows it', async (t) => {
  const at = async (device: Device, htu: string, request: InjectOptions = {}): Promise<number> =>
    (await device.send('POST', '/login', { claims: { htu }, ...request })).statusCode

  const plain = await createDevice(t)
  for (const htu of ['http://localhost/login', 'HTTP://LOCALHOST:80/login', 'http://localhost/./login', 'http://localhost/auth/../login', 'http://localhost/log%69n', 'http://localhost/log%69%6E']) {
    t.equal(await at(plain, htu), 200, htu)
  }
  t.equal(await at(plain, 'https://example.com/login', { headers: { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'example.com', forwarded: 'proto=https;host=example.com' } }), 400, 'nobody vouches for these headers')
  t.equal(await at(plain, 'http://api.example.com:8080/login', { headers: { host: 'api.example.com:8080' } }), 200)
  t.equal(await at(plain, 'http://localhost/login', { headers: { host: 'a b' } }), 400, 'a host that is none')

  const behind = await createDevice(t, {}, {}, { trustProxy: true })
  t.equal(await at(behind, 'https://example.com/login', { headers: { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'example.com' } }), 200, 'trustProxy does')

  const configured = await createDevice(t, {}, { publicUrl: 'https://example.com/api/' })
  t.equal(await at(configured, 'https://example.com/api/login', { headers: { host: 'internal:3000' } }), 200)
  t.equal(await at(configured, 'http://localhost/login'), 400)
  t.equal(await at(configured, 'https://example.com/login'), 400)

  const rewriting = await createDevice(t, {}, {}, { rewriteUrl: ({ url = '' }: { url?: string }) => url.replace('/v1/', '/') })
  t.equal((await rewriting.send('POST', '/v1/login')).statusCode, 200, 'an app that rewrites URLs')
})

t.test('publicUrl stands for the scope in which the plugin is registered', async (t) => {
  for (const [prefix, publicUrl, path, htu] of [
    ['/v1', 'https://example.com/api', '/v1/login', 'https://example.com/api/login'],
    ['/v1/', 'https://example.com', '/v1/login', 'https://example.com/login'],
    ['/v1', 'https://example.com/api', '/v1', 'https://example.com/api'],
    ['/v1', 'https://example.com', '/v1', 'https://example.com/']
  ] as const) {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(async (scope) => {
      await scope.register(jwtRefresh, { secret: SECRET, now: () => START, dpop: { mode: 'required' }, publicUrl })
      for (const url of ['/login', '']) scope.post(url, async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
    }, { prefix })
    const response = await app.inject({ method: 'POST', url: path, headers: { dpop: proofFor(createProofKey(), 'POST', '', { htu }) } })
    t.equal(response.statusCode, 200, `${path} ${htu}`)
  }
})

t.test('a route above that scope is taken as if it were in it', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const key = createProofKey()
  await app.register(async (scope) => {
    await scope.register(jwtRefresh, { secret: SECRET, now: () => START, dpop: { bind: 'all' }, publicUrl: 'https://example.com/api' })
    scope.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
    app.get('/me', { onRequest: [scope.authenticate] }, async (request) => request.user)
  }, { prefix: '/v1' })
  const login = await app.inject({ method: 'POST', url: '/v1/login', headers: { dpop: proofFor(key, 'POST', '', { htu: 'https://example.com/api/login' }) } })
  const { accessToken } = login.json()
  const dpop = proofFor(key, 'GET', '', { htu: 'https://example.com/api/me', ath: athOf(accessToken) })
  t.equal((await app.inject({ url: '/me', headers: { dpop, authorization: `DPoP ${accessToken}` } })).statusCode, 200)
})

t.test('an operator is told of the URL that was expected', async (t) => {
  const lines: string[] = []
  const { send } = await createDevice(t, {}, {}, { logger: { level: 'debug', stream: { write: (line: string) => lines.push(line) } } })
  await send('POST', '/login', { claims: { htu: 'https://example.com/login' } })
  const [line] = lines.map((one) => JSON.parse(one)).filter(({ level, reason }) => level === 40 && reason === 'url')
  t.match(line, { msg: /publicUrl/, expected: 'http://localhost/login' })
})

t.test('two DPoP headers on the wire', async (t) => {
  const { app, key } = await createDevice(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const htu = `http://127.0.0.1:${port}/login`
  const [one, two] = [proofFor(key, 'POST', '', { htu }), proofFor(key, 'POST', '', { htu })]
  const ask = async (...headers: string[]): Promise<string> => await new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(['POST /login HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Connection: close', 'Content-Length: 0', ...headers, '', ''].join('\r\n')))
    socket.on('data', (chunk) => { text += String(chunk) }).on('end', () => resolve(text)).on('error', reject)
  })
  t.match(await ask(`DPoP: ${one}`, `dpop: ${two}`), /^HTTP\/1\.1 400 .*FST_JWT_PROOF_INVALID/s)
  t.match(await ask(`DPoP: ${one}`, 'DPoP: '), /^HTTP\/1\.1 400 .*FST_JWT_PROOF_INVALID/s)
  t.match(await ask(`DPoP: ${one}`), /^HTTP\/1\.1 200 /)
})

t.test('an instance that only verifies has nonces of its own', async (t) => {
  const { p256 } = await import('../fixtures/hostile-options.ts')
  const issuer = await createDevice(t, { bind: 'all' }, { secret: p256, refreshToken: { transport: 'body', secret: 'the secret of the refresh tokens, 32 bytes' } })
  const resource = await createDevice(t, { bind: 'all', nonce: true }, { secret: { public: p256.public }, refreshToken: {} })
  const { body: { accessToken } } = await issuer.send('POST', '/login')
  const claims = { ath: athOf(accessToken) }
  const headers = { authorization: `DPoP ${accessToken}` }
  const { response } = await resource.send('GET', '/me', { by: issuer.key, claims, headers })
  t.equal(response.headers['www-authenticate'], 'DPoP error="use_dpop_nonce", algs="ES256 EdDSA"')
  t.equal((await resource.send('GET', '/me', { by: issuer.key, claims: { ...claims, nonce: response.headers['dpop-nonce'] }, headers })).statusCode, 200)
})

t.test('cnf is not for the host to set', async (t) => {
  const { app } = await createApp(t)
  await t.rejects(app.sessions.create({ sub: 'user-1', cnf: { jkt: 'x' } }), { name: 'TypeError', message: /"cnf" is reserved/ })
})
