import { generateKeyPairSync } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import * as oauth from 'oauth4webapi'
import t from 'tap'
import { createApp } from '../fixtures/app.ts'
import type { TestApp } from '../fixtures/app.ts'

const ISSUER = 'https://auth.example.com'
const AUDIENCE = 'https://api.example.com'
const CLIENT_ID = 'web'

const { privateKey, publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
})
const options = {
  secret: { private: privateKey, public: publicKey },
  accessToken: { issuer: ISSUER, audience: AUDIENCE, clientId: CLIENT_ID },
  refreshToken: { secret: 'the secret of the refresh tokens, 32 bytes' },
  routes: { jwks: true },
  now: Date.now
}

/** Fetches the public keys, as another service does. */
async function fetchKeys ({ app }: TestApp): Promise<Response> {
  const { body, headers } = await app.inject('/.well-known/jwks.json')
  return new Response(body, { headers: { 'content-type': headers['content-type'] as string } })
}

t.test('a resource server that goes by RFC 9068 takes the access tokens of a login and of a refresh', async (t) => {
  const made = await createApp(t, options)
  const tab = await made.login({ sub: 'anna', role: 'editor' })
  const ofLogin = tab.accessToken as string
  await tab.refresh()

  const server: oauth.AuthorizationServer = { issuer: ISSUER, jwks_uri: `${ISSUER}/.well-known/jwks.json` }
  for (const accessToken of [ofLogin, tab.accessToken as string]) {
    const request = new Request(`${AUDIENCE}/orders`, { headers: { authorization: `Bearer ${accessToken}` } })
    const claims = await oauth.validateJwtAccessToken(server, request, AUDIENCE, { [oauth.customFetch]: async () => await fetchKeys(made) })
    t.match(claims, { iss: ISSUER, aud: AUDIENCE, sub: 'anna', client_id: CLIENT_ID, jti: String, iat: Number, exp: Number, auth_time: Number, role: 'editor' })
  }
})

t.test('so does jose, by the header and every claim', async (t) => {
  const made = await createApp(t, options)
  const { accessToken } = await made.login({ sub: 'anna' })
  const { protectedHeader, payload } = await jwtVerify(accessToken as string, createLocalJWKSet(await (await fetchKeys(made)).json() as JSONWebKeySet), {
    issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt', algorithms: ['ES256'], requiredClaims: ['sub', 'client_id', 'jti', 'iat', 'exp', 'auth_time'], maxTokenAge: '15m'
  })
  t.match({ protectedHeader, payload }, { protectedHeader: { alg: 'ES256', kid: String }, payload: { client_id: CLIENT_ID } })
})

t.test('each token has an id of its own', async (t) => {
  const { login } = await createApp(t)
  const ids = new Set<unknown>()
  for (let i = 0; i < 50; i++) ids.add(JSON.parse(Buffer.from((await login()).accessToken?.split('.')[1] as string, 'base64url').toString()).jti)
  t.equal(ids.size, 50)
})
