import { generateKeyPairSync } from 'node:crypto'
import * as panva from 'dpop'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import * as oauth from 'oauth4webapi'
import t from 'tap'
import type { Test } from 'tap'
import { createApp, MINUTE } from '../fixtures/app.ts'
import type { TestApp } from '../fixtures/app.ts'

/* Proofs created and verified by other libraries. */

const ORIGIN = 'https://api.example.com'
const ISSUER = 'https://auth.example.com'
const CLIENT_ID = 'app'

const { privateKey, publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
})
const options = {
  secret: { private: privateKey, public: publicKey },
  accessToken: { issuer: ISSUER, audience: ORIGIN, clientId: CLIENT_ID },
  refreshToken: { secret: 'the secret of the refresh tokens, 32 bytes', transport: 'body' as const },
  routes: { jwks: true },
  publicUrl: ORIGIN
}

/** Uses the real time, as these libraries do. */
async function createServer (t: Test, dpop: object = {}): Promise<TestApp> {
  return await createApp(t, { ...options, dpop: { mode: 'required' as const, bind: 'all' as const, ...dpop }, now: () => Date.now() })
}

/** A `fetch` that sends requests to the app. */
function fetchFrom ({ app }: TestApp) {
  return async (url: string | URL, init: { method?: string | undefined, headers?: unknown, body?: unknown } = {}): Promise<Response> => {
    const { pathname, search } = new URL(url)
    const request: InjectOptions = { method: init.method as 'GET', url: pathname + search, headers: Object.fromEntries(new Headers(init.headers as Record<string, string>)) }
    const { statusCode, headers, body }: LightMyRequestResponse = await app.inject({ ...request, ...(init.body ? { payload: init.body as string } : {}) })
    return new Response(statusCode === 204 ? null : body, { status: statusCode, headers: headers as Record<string, string> })
  }
}

async function post (made: TestApp, path: string, dpop: string, payload: object): Promise<Record<string, any>> {
  const response = await made.app.inject({ method: 'POST', url: path, headers: { dpop }, payload })
  const body: object = response.body === '' ? {} : response.json()
  return { status: response.statusCode, nonce: response.headers['dpop-nonce'], ...body }
}

t.test('dpop of panva as a client: login, refresh, resource and logout everywhere, with each algorithm', async (t) => {
  for (const algorithm of ['ES256', 'Ed25519'] as const) {
    for (const nonce of [false, true]) {
      const made = await createServer(t, { nonce })
      const pair = await panva.generateKeyPair(algorithm)
      let known: string | undefined
      const prove = async (method: string, path: string, accessToken?: string): Promise<string> => await panva.generateProof(pair, ORIGIN + path, method, known, accessToken)
      if (nonce) {
        const refused = await post(made, '/login', await prove('POST', '/login'), {})
        t.match(refused, { status: 400, code: 'FST_JWT_PROOF_NONCE' })
        known = refused.nonce
      }
      const login = await post(made, '/login', await prove('POST', '/login'), {})
      t.match(login, { status: 200, tokenType: 'DPoP' }, algorithm)
      const refreshed = await post(made, '/auth/refresh', await prove('POST', '/auth/refresh'), { refreshToken: login.refreshToken })
      t.match(refreshed, { status: 200, tokenType: 'DPoP' })
      const { accessToken, refreshToken } = refreshed as { accessToken: string, refreshToken: string }
      const me = await made.app.inject({ url: '/me?a=1', headers: { authorization: `DPoP ${accessToken}`, dpop: await prove('GET', '/me', accessToken) } })
      t.equal(me.statusCode, 200)
      t.equal(me.json().cnf.jkt, await panva.calculateThumbprint(pair.publicKey))
      t.match(await post(made, '/auth/logout', await prove('POST', '/auth/logout'), { refreshToken, everywhere: true }), { status: 204 })
    }
  }
})

t.test('RSA is not among them, and says so', async (t) => {
  const made = await createServer(t)
  for (const algorithm of ['RS256', 'PS256'] as const) {
    const proof = await panva.generateProof(await panva.generateKeyPair(algorithm), `${ORIGIN}/login`, 'POST')
    t.match(await post(made, '/login', proof, {}), { status: 400, code: 'FST_JWT_PROOF_INVALID' })
  }
})

t.test('oauth4webapi as a client of a resource: it reads our challenges and learns our nonces', async (t) => {
  const made = await createServer(t, { nonce: true })
  const client: oauth.Client = { client_id: CLIENT_ID }
  const pair = await oauth.generateKeyPair('ES256')
  const DPoP = oauth.DPoP(client, pair)
  const first = await post(made, '/login', await panva.generateProof(pair, `${ORIGIN}/login`, 'POST'), {})
  const { accessToken } = await post(made, '/login', await panva.generateProof(pair, `${ORIGIN}/login`, 'POST', first.nonce), {})

  const ask = async (): Promise<Response> => await oauth.protectedResourceRequest(accessToken, 'GET', new URL(`${ORIGIN}/me?page=1`), undefined, undefined, { DPoP, [oauth.customFetch]: fetchFrom(made) })
  const refusal = await ask().then(() => undefined, (error: unknown) => error)
  t.ok(oauth.isDPoPNonceError(refusal), 'the refusal is one that asks for a nonce')
  t.match(await (await ask()).json(), { sub: 'user-1' })
  t.equal((await ask()).status, 200)
})

t.test('oauth4webapi as a resource server: our bound tokens and the proofs of others are good, and of another key they are not', async (t) => {
  const made = await createServer(t)
  const pair = await panva.generateKeyPair('ES256')
  const { accessToken } = await post(made, '/login', await panva.generateProof(pair, `${ORIGIN}/login`, 'POST'), {})
  const server: oauth.AuthorizationServer = { issuer: ISSUER, jwks_uri: `${ISSUER}/.well-known/jwks.json` }
  const validate = async (by: panva.KeyPair): Promise<unknown> => {
    const dpop = await panva.generateProof(by, `${ORIGIN}/orders`, 'GET', undefined, accessToken)
    const request = new Request(`${ORIGIN}/orders`, { headers: { authorization: `DPoP ${accessToken}`, dpop } })
    return await oauth.validateJwtAccessToken(server, request, ORIGIN, { requireDPoP: true, [oauth.customFetch]: fetchFrom(made) })
  }
  t.match(await validate(pair), { sub: 'user-1', client_id: CLIENT_ID, cnf: { jkt: await panva.calculateThumbprint(pair.publicKey) } })
  await t.rejects(validate(await panva.generateKeyPair('ES256')))
})

t.test('a session of a client that goes on for hours', async (t) => {
  const clock = { now: Date.now() }
  const realNow = Date.now
  Date.now = () => clock.now
  t.teardown(() => { Date.now = realNow })
  const made = await createServer(t)
  const pair = await panva.generateKeyPair('ES256')
  const prove = async (path: string): Promise<string> => await panva.generateProof(pair, ORIGIN + path, 'POST')
  let { refreshToken } = await post(made, '/login', await prove('/login'), {})
  for (let i = 0; i < 20; i++) {
    clock.now += 14 * MINUTE
    const refreshed = await post(made, '/auth/refresh', await prove('/auth/refresh'), { refreshToken })
    t.match(refreshed, { status: 200 })
    refreshToken = refreshed.refreshToken
  }
})
