import { generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import t from 'tap'
import { calculateJwkThumbprint, createRemoteJWKSet, jwtVerify } from 'jose'
import type { JwtRefreshOptions, KeyPair } from '../../index.ts'
import { MemoryStore } from '../../index.ts'
import { createApp, DAY, MINUTE, refreshCookie, SECRET } from '../fixtures/app.ts'
import { headerOf } from '../fixtures/jwt.ts'

const REFRESH_SECRET = 'the refresh tokens have a secret of their own'
const NEW_SECRET = 'a newer secret of more than thirty-two bytes'

const rsa = pair(generateKeyPairSync('rsa', { modulusLength: 2048 }))
const p256 = pair(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const ed25519 = pair(generateKeyPairSync('ed25519'))
const asymmetric = { RS256: rsa, PS256: rsa, ES256: p256, EdDSA: ed25519 }

t.test('one HMAC secret signs access tokens, and refresh tokens under a key of their own', async (t) => {
  const { login } = await createApp(t)
  const tab = await login()
  const access = headerOf(tab.accessToken)
  const refresh = headerOf(tab.cookie)
  t.match(access, { alg: 'HS256', typ: 'at+jwt', kid: String })
  t.match(refresh, { alg: 'HS256', typ: 'rt+jwt', kid: String })
  t.not(access.kid, refresh.kid)
  t.notMatch(JSON.stringify([access, refresh]), SECRET)
  await jwtVerify(tab.accessToken as string, Buffer.from(SECRET), { currentDate: new Date(1_800_000_000_000) })
  await t.rejects(jwtVerify(tab.cookie as string, Buffer.from(SECRET)), 'the secret itself does not verify a refresh token')
})

for (const [algorithm, secret] of Object.entries(asymmetric) as Array<['RS256' | 'PS256' | 'ES256' | 'EdDSA', KeyPair]>) {
  t.test(`${algorithm}: the whole flow, and another service verifies with jose's createRemoteJWKSet`, async (t) => {
    const { app, login, clock } = await createApp(t, {
      secret, accessToken: { algorithm, issuer: 'https://issuer.example', audience: 'api' }, refreshToken: { secret: REFRESH_SECRET }, routes: { jwks: true }
    })
    const tab = await login({ sub: 'anna' })
    t.equal((await tab.me()).statusCode, 200)
    clock.now += MINUTE
    t.equal((await tab.refresh()).statusCode, 200)

    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', url))
    const { payload, protectedHeader } = await jwtVerify(tab.accessToken as string, keys,
      { issuer: 'https://issuer.example', audience: 'api', typ: 'at+jwt', algorithms: [algorithm], currentDate: new Date(clock.now) })
    t.equal(payload.sub, 'anna')

    const response = await app.inject('/.well-known/jwks.json')
    t.equal(response.headers['cache-control'], 'public, max-age=300')
    const [jwk, ...others] = response.json().keys
    t.strictSame(others, [])
    t.equal(jwk.kid, await calculateJwkThumbprint(jwk), 'the kid is the RFC 7638 thumbprint')
    t.equal(jwk.kid, protectedHeader.kid)
    t.match(jwk, { alg: algorithm, use: 'sig' })
    t.notOk('d' in jwk, 'the private key stays')
  })
}

t.test('a new secret is put first: sessions and access tokens of the old one go on', async (t) => {
  const store = new MemoryStore()
  const before = await createApp(t, { store })
  const tab = await before.login()

  const after = await createApp(t, { store, secret: [NEW_SECRET, SECRET] })
  const same = Object.assign(after.client(tab.cookie), { accessToken: tab.accessToken })
  t.equal((await same.me()).statusCode, 200)
  t.equal((await same.refresh()).statusCode, 200)
  t.not(headerOf(same.cookie).kid, headerOf(tab.cookie).kid, 'signed by the new one')

  const done = await createApp(t, { store, secret: NEW_SECRET })
  after.clock.now = done.clock.now += MINUTE
  t.equal((await done.client(same.cookie).refresh()).statusCode, 200)
})

t.test('an instance that does not know the key refuses to refresh and clears nothing; a logout there clears the cookie', async (t) => {
  const store = new MemoryStore()
  const ahead = await createApp(t, { store, secret: NEW_SECRET })
  const tab = await ahead.login()
  const behind = await createApp(t, { store })
  const same = Object.assign(behind.client(tab.cookie), { accessToken: tab.accessToken })

  t.equal((await same.me()).json().code, 'FST_JWT_ACCESS_TOKEN_INVALID')
  const refresh = await same.refresh()
  t.equal(refresh.statusCode, 403)
  t.equal(refresh.json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
  t.equal(refreshCookie(refresh), undefined)
  const logout = await same.logout()
  t.equal(logout.statusCode, 204, 'nobody stays signed in because a key is gone')
  t.equal(refreshCookie(logout)?.value, '')
  t.equal((await tab.refresh()).statusCode, 200)
})

t.test('a move from an HMAC secret to a key pair', async (t) => {
  const store = new MemoryStore()
  const tab = await (await createApp(t, { store, refreshToken: { secret: REFRESH_SECRET } })).login()
  const { client } = await createApp(t, { store, secret: [ed25519, SECRET], refreshToken: { secret: REFRESH_SECRET } })
  const same = Object.assign(client(tab.cookie), { accessToken: tab.accessToken })
  t.equal((await same.me()).statusCode, 200)
  t.equal((await same.refresh()).statusCode, 200)
  t.equal(headerOf(same.accessToken).alg, 'EdDSA')
  t.equal((await same.me()).statusCode, 200)
})

const MOVES: Record<string, [before: Partial<JwtRefreshOptions>, after: Partial<JwtRefreshOptions>]> = {
  'from a secret to a key pair': [{ secret: SECRET }, { secret: [ed25519, SECRET], refreshToken: { secret: REFRESH_SECRET } }],
  'from several secrets to a key pair': [{ secret: [SECRET, NEW_SECRET] }, { secret: [p256, NEW_SECRET, SECRET], refreshToken: { secret: REFRESH_SECRET } }],
  'from a secret to a secret and one of the refresh tokens': [{ secret: SECRET }, { secret: SECRET, refreshToken: { secret: REFRESH_SECRET } }],
  'to another secret and one of the refresh tokens': [{ secret: SECRET }, { secret: [NEW_SECRET, SECRET], refreshToken: { secret: [REFRESH_SECRET] } }],
  'from a key pair to another': [{ secret: rsa, refreshToken: { secret: REFRESH_SECRET } }, { secret: [ed25519, rsa], refreshToken: { secret: [NEW_SECRET, REFRESH_SECRET] } }],
  'from a key pair back to a secret': [{ secret: rsa, refreshToken: { secret: REFRESH_SECRET } }, { secret: [SECRET, rsa], refreshToken: { secret: REFRESH_SECRET } }]
}

for (const [what, [before, after]] of Object.entries(MOVES)) {
  t.test(`a move ${what} logs nobody out`, async (t) => {
    const store = new MemoryStore()
    const old = await createApp(t, { store, ...before })
    const tab = await old.login()
    const sleeper = await old.login() // returns much later
    const { client, clock, login } = await createApp(t, { store, ...after })

    const same = Object.assign(client(tab.cookie), { accessToken: tab.accessToken })
    t.equal((await same.me()).statusCode, 200)
    for (let turn = 0; turn < 3; turn++) {
      t.equal((await same.refresh()).statusCode, 200)
      t.equal((await same.me()).statusCode, 200)
      clock.now += MINUTE
    }
    t.equal(headerOf(same.cookie).kid, headerOf((await login()).cookie).kid, 'signed by the first key')

    clock.now += 6 * DAY
    t.equal((await client(sleeper.cookie).refresh()).statusCode, 200)
    t.equal((await client((await old.login()).cookie).logout({ everywhere: true })).statusCode, 204, 'an instance of before signs on while the new ones start')
  })
}

t.test('a secret that is listed no more ends what it signed', async (t) => {
  const store = new MemoryStore()
  const tab = await (await createApp(t, { store })).login()
  const { client } = await createApp(t, { store, secret: NEW_SECRET, refreshToken: { secret: REFRESH_SECRET } })
  t.equal((await client(tab.cookie).refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
})

t.test('a key pair alone derives nothing: there is no secret to derive from', async (t) => {
  const store = new MemoryStore()
  const tab = await (await createApp(t, { store })).login()
  const { client } = await createApp(t, { store, secret: ed25519, refreshToken: { secret: REFRESH_SECRET } })
  t.equal((await client(tab.cookie).refresh()).statusCode, 403)
})

t.test('jwks shows every public key, and no HMAC secret', async (t) => {
  const { app } = await createApp(t, { secret: [p256, rsa, SECRET], refreshToken: { secret: REFRESH_SECRET }, routes: { jwks: '/keys' } })
  const { keys } = (await app.inject('/keys')).json()
  t.strictSame(keys.map(({ kty }: { kty: string }) => kty), ['EC', 'RSA'])
})

t.test('a service with the public key alone verifies, and signs nothing', async (t) => {
  const options: Partial<JwtRefreshOptions> = { accessToken: { audience: ['api', 'admin'] } }
  const issuer = await createApp(t, { ...options, secret: p256, refreshToken: { secret: REFRESH_SECRET } })
  const tab = await issuer.login()
  const { app, client } = await createApp(t, { ...options, secret: { public: p256.public } })
  t.equal((await Object.assign(client(), { accessToken: tab.accessToken }).me()).statusCode, 200)
  t.equal((await app.inject({ method: 'POST', url: '/auth/refresh' })).statusCode, 404)
  t.equal((await app.inject({ method: 'POST', url: '/auth/logout' })).statusCode, 404)
  t.equal((await app.inject({ method: 'POST', url: '/login' })).statusCode, 500, 'a mistake of the app, not of its user')
})

t.test('issuer and audience are required of every token, not only compared where present', async (t) => {
  const { login } = await createApp(t)
  const tab = await login()
  for (const accessToken of [{ issuer: 'https://issuer.example' }, { audience: 'api' }]) {
    const { client } = await createApp(t, { accessToken })
    t.equal((await Object.assign(client(), { accessToken: tab.accessToken }).me()).json().code, 'FST_JWT_ACCESS_TOKEN_INVALID')
  }
  const other = await createApp(t, { accessToken: { audience: 'other' } })
  const { client } = await createApp(t, { accessToken: { audience: ['api', 'other'] } })
  t.equal((await Object.assign(client(), { accessToken: (await other.login()).accessToken }).me()).statusCode, 200, 'one of several audiences is enough')
})

t.test('neither token is ever accepted as the other, even under one secret', async (t) => {
  const { login, client } = await createApp(t)
  const tab = await login()
  t.equal((await Object.assign(client(), { accessToken: tab.cookie }).me()).statusCode, 401)
  t.equal((await client(tab.accessToken).refresh()).statusCode, 403)
})

function pair ({ publicKey, privateKey }: { publicKey: KeyObject, privateKey: KeyObject }): KeyPair {
  return { private: privateKey.export({ type: 'pkcs8', format: 'pem' }), public: publicKey.export({ type: 'spki', format: 'pem' }) }
}
