import { generateKeyPairSync } from 'node:crypto'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { JwtRefreshOptions } from '../../index.ts'
import { START } from '../fixtures/app.ts'
import { athOf, createProofKey, encode, partsOf, proofFor, signatureOf, signHmac, signProof } from '../fixtures/dpop.ts'
import type { ProofKey, ProofParts } from '../fixtures/dpop.ts'
import { createHostileApp } from '../fixtures/hostile-app.ts'
import type { HostileApp } from '../fixtures/hostile-app.ts'

/* Proofs with one mistake, on each route that accepts proofs: none is accepted, ends a session or appears in the log. */

const KEY = createProofKey()
const SECONDS = START / 1000

interface Place {
  method: 'GET' | 'POST'
  path: string
  /** Additional claims of a proof for this route. */
  claims: (device: Device) => Record<string, unknown>
  request: (device: Device) => InjectOptions
  status: number
}

interface Device extends HostileApp {
  accessToken: string
  refreshToken: string
}

const PLACES: Record<string, Place> = {
  'a login': { method: 'POST', path: '/login', claims: () => ({}), request: () => ({ payload: {} }), status: 400 },
  'a refresh': { method: 'POST', path: '/auth/refresh', claims: () => ({}), request: ({ refreshToken }) => ({ payload: { refreshToken } }), status: 400 },
  'a logout everywhere': {
    method: 'POST',
    path: '/auth/logout',
    claims: () => ({}),
    request: ({ refreshToken }) => ({ payload: { refreshToken, everywhere: true } }),
    status: 400
  },
  'a resource': {
    method: 'GET',
    path: '/me',
    claims: ({ accessToken }) => ({ ath: athOf(accessToken) }),
    request: ({ accessToken }) => ({ headers: { authorization: `DPoP ${accessToken}` } }),
    status: 401
  }
}

async function createDevice (t: Test, dpop: JwtRefreshOptions['dpop'] = {}): Promise<Device> {
  const made = await createHostileApp(t, { dpop: { mode: 'required', bind: 'all', ...dpop }, refreshToken: { transport: 'body' } })
  const nonce = dpop.nonce === true ? await nonceOf(made) : undefined
  const response = await made.send({ method: 'POST', url: '/login', payload: {}, headers: { dpop: proofFor(KEY, 'POST', '/login', { nonce }) } })
  const { accessToken, refreshToken, tokenType } = response.json()
  t.equal(tokenType, 'DPoP')
  return { ...made, accessToken, refreshToken }
}

async function nonceOf ({ send }: HostileApp): Promise<string> {
  const { headers } = await send({ method: 'POST', url: '/login', payload: {}, headers: { dpop: proofFor(KEY, 'POST', '/login', { iat: 1 }) } })
  return headers['dpop-nonce'] as string
}

function requestTo (place: Place, device: Device, dpop: string | string[]): InjectOptions {
  const request = place.request(device)
  return { method: place.method, url: place.path, ...request, headers: { ...request.headers, dpop: dpop as string } }
}

/** Changes one part of a valid proof. */
type Forgery = (good: ProofParts, place: Place) => string | string[]

const header = (changes: object): Forgery => (good) => signProof({ ...good, header: { ...good.header, ...changes } })
const claims = (changes: object): Forgery => (good) => signProof({ ...good, claims: { ...good.claims, ...changes } })
const jwk = (changes: object): Forgery => (good) => signProof({ ...good, header: { ...good.header, jwk: { ...good.key.jwk, ...changes } } })
const url = (change: (url: URL) => string): Forgery => (good) => signProof({ ...good, claims: { ...good.claims, htu: change(new URL(good.claims.htu as string)) } })
const text = (change: (proof: string) => string | string[]): Forgery => (good) => change(signProof(good))
const byKey = (key: ProofKey, alg: string): Forgery => (good) => signProof({ ...good, key, header: { ...good.header, alg, jwk: key.jwk } })

const ed25519 = createProofKey('Ed25519')
const others = (['P-384', 'secp256k1'] as const).map((namedCurve) => generateKeyPairSync('ec', { namedCurve }))
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ofKeyObjects = ({ privateKey, publicKey }: (typeof others)[number], alg: string): ProofKey => ({ alg, privateKey, jwk: publicKey.export({ format: 'jwk' }) })

const FORGERIES: Record<string, Forgery> = {
  'an empty header': () => '',
  'no token': () => 'x',
  'dots alone': () => '..',
  'two parts': text((proof) => proof.slice(0, proof.lastIndexOf('.'))),
  'four parts': text((proof) => `${proof}.x`),
  'two proofs in one header': text((proof) => `${proof}, ${proof}`),
  'two headers': (good) => [signProof(good), signProof({ ...good, claims: { ...good.claims, jti: 'another' } })],
  'the scheme before it': text((proof) => `DPoP ${proof}`),
  '100 kB': (good) => signProof({ ...good, claims: { ...good.claims, padding: 'x'.repeat(75_000) } }),
  '100 kB that are no token': () => 'x'.repeat(100_000),
  'a header that is no JSON': (good) => `${encode('{"typ"')}.${encode(good.claims)}.x`,
  'a header that is no object': (good) => `${encode('[]')}.${encode(good.claims)}.x`,
  'claims that are no object': (good) => {
    const input = `${encode(good.header)}.${encode('null')}`
    return `${input}.${signatureOf(good.key, input)}`
  },
  'no typ': header({ typ: undefined }),
  'the typ of any JWT': header({ typ: 'JWT' }),
  'the typ of an access token': header({ typ: 'at+jwt' }),
  'the typ in capitals': header({ typ: 'DPOP+JWT' }),
  'a typ that is a list': header({ typ: ['dpop+jwt'] }),
  'alg none without a signature': (good) => `${encode({ ...good.header, alg: 'none' })}.${encode(good.claims)}.`,
  'alg none with a signature': header({ alg: 'none' }),
  'no alg': header({ alg: undefined }),
  'no signature': text((proof) => proof.slice(0, proof.lastIndexOf('.') + 1)),
  'HS256 with the public key as the secret': (good) => signHmac({ ...good.header, alg: 'HS256' }, good.claims, JSON.stringify(good.key.jwk)),
  'HS256 with a secret in jwk': (good) => signHmac({ ...good.header, alg: 'HS256', jwk: { kty: 'oct', k: 'c2VjcmV0' } }, good.claims, 'secret'),
  'alg ES384 for a key on P-256': header({ alg: 'ES384' }),
  'alg EdDSA for a key on P-256': header({ alg: 'EdDSA' }),
  'alg ES256 for a key on Ed25519': (good, place) => byKey(ed25519, 'ES256')(good, place),
  'a key on P-384': (good, place) => byKey(ofKeyObjects(others[0]!, 'ES256'), 'ES384')(good, place),
  'a key on P-384 that says P-256': (good) => signProof({ ...good, header: { ...good.header, jwk: { ...others[0]!.publicKey.export({ format: 'jwk' }), crv: 'P-256' } } }),
  'a key on secp256k1': (good, place) => byKey(ofKeyObjects(others[1]!, 'ES256'), 'ES256')(good, place),
  'an RSA key': (good) => signProof({ ...good, header: { ...good.header, alg: 'RS256', jwk: rsa.publicKey.export({ format: 'jwk' }) } }),
  'no jwk': header({ jwk: undefined }),
  'a jwk that is a text': header({ jwk: 'x' }),
  'a jwk that is null': header({ jwk: null }),
  'a jwk with the private key': (good) => signProof({ ...good, header: { ...good.header, jwk: good.key.privateKey.export({ format: 'jwk' }) } }),
  'a jwk with another private member': jwk({ k: 'x' }),
  'a jwk without y': jwk({ y: undefined }),
  'a jwk whose x is a number': jwk({ x: 1 }),
  'a jwk whose x is too short': jwk({ x: 'AAAA' }),
  'a jwk whose point is not on the curve': jwk({ x: 'A'.repeat(43) }),
  'a jwk with the other kty': jwk({ kty: 'OKP' }),
  'the key of somebody else under the signature': (good) => signProof({ ...good, header: { ...good.header, jwk: createProofKey().jwk } }),
  'a key by kid alone': header({ jwk: undefined, kid: 'x', jku: 'https://evil.example/keys' }),
  'a signature of other claims': (good) => {
    const [head, , signature] = signProof(good).split('.')
    return `${head}.${encode({ ...good.claims, jti: 'another' })}.${signature}`
  },
  'a signature in DER': (good) => {
    const input = `${encode(good.header)}.${encode(good.claims)}`
    return `${input}.${Buffer.concat([Buffer.from([0x30, 0x44]), Buffer.from(signatureOf(good.key, input), 'base64url')]).toString('base64url')}`
  },
  'a signature of zeros': (good) => `${encode(good.header)}.${encode(good.claims)}.${Buffer.alloc(64).toString('base64url')}`,
  'base64 in place of base64url': text((proof) => `${proof}==`),
  crit: header({ crit: ['exp'], exp: SECONDS + 60 }),
  'an empty crit': header({ crit: [] }),
  'a crit that is null': header({ crit: null }),
  'no jti': claims({ jti: undefined }),
  'an empty jti': claims({ jti: '' }),
  'a jti that is a number': claims({ jti: 1 }),
  'no htm': claims({ htm: undefined }),
  'another method': claims({ htm: 'PUT' }),
  'the method in small letters': (good) => signProof({ ...good, claims: { ...good.claims, htm: (good.claims.htm as string).toLowerCase() } }),
  'no htu': claims({ htu: undefined }),
  'a htu that is a list': (good) => signProof({ ...good, claims: { ...good.claims, htu: [good.claims.htu] } }),
  'a path alone': url(({ pathname }) => pathname),
  'another path': url(({ origin }) => `${origin}/elsewhere`),
  'a longer path': url(({ href }) => `${href}/x`),
  'a slash more': url(({ href }) => `${href}/`),
  'a path in capitals': url(({ origin, pathname }) => origin + pathname.toUpperCase()),
  'another host': url(({ pathname }) => `http://evil.example${pathname}`),
  'another scheme': url(({ host, pathname }) => `https://${host}${pathname}`),
  'another port': url(({ hostname, pathname }) => `http://${hostname}:8080${pathname}`),
  'credentials in the URL': url(({ host, pathname }) => `http://user:password@${host}${pathname}`),
  'the query kept': url(({ href }) => `${href}?a=1`),
  'an empty query kept': url(({ href }) => `${href}?`),
  'the fragment kept': url(({ href }) => `${href}#a`),
  'backslashes for slashes': url(({ href }) => href.replaceAll('/', '\\')),
  'no iat': claims({ iat: undefined }),
  'an iat that is a text': claims({ iat: String(SECONDS) }),
  'an iat that is null': claims({ iat: null })
}

/** Proofs with a wrong time. The response contains a nonce, so that the client can retry. */
const UNTIMELY: Record<string, Forgery> = {
  'a stale proof': claims({ iat: SECONDS - 61 }),
  'a proof of long ago': claims({ iat: 0 }),
  'a proof from the future': claims({ iat: SECONDS + 61 }),
  'a proof in milliseconds': claims({ iat: START }),
  'an iat that is endless': (good) => {
    const input = `${encode(good.header)}.${encode(JSON.stringify(good.claims).replace(/"iat":\d+/, '"iat":1e999'))}`
    return `${input}.${signatureOf(good.key, input)}`
  },
  'a nonce that we did not make': claims({ nonce: 'x'.repeat(22) }),
  'an empty nonce': claims({ nonce: '' }),
  'a nonce that is a number': claims({ nonce: 1 }),
  'a nonce that is null': claims({ nonce: null })
}

for (const [where, place] of Object.entries(PLACES)) {
  const good = (device: Device): ProofParts => partsOf(KEY, place.method, place.path, place.claims(device))

  for (const [what, forgeries, code] of [['forged', FORGERIES, 'FST_JWT_PROOF_INVALID'], ['untimely', UNTIMELY, 'FST_JWT_PROOF_NONCE']] as const) {
    t.test(`${where} with a proof that is ${what}`, async (t) => {
      const device = await createDevice(t)
      const { send, store, events, logged, forget } = device
      const before = await store.list('user-1')
      for (const [name, forge] of Object.entries(forgeries)) {
        events.length = 0
        forget()
        const forged = forge(good(device), place)
        const response = await send(requestTo(place, device, forged))
        t.match({ status: response.statusCode, code: response.json().code }, { status: place.status, code }, name)
        t.equal(typeof response.headers['dpop-nonce'], what === 'untimely' ? 'string' : 'undefined', name)
        t.equal(response.headers['set-cookie'], undefined)
        const error = what === 'untimely' ? 'use_dpop_nonce' : 'invalid_dpop_proof'
        t.equal(response.headers['www-authenticate'], place.status === 401 ? `DPoP error="${error}", algs="ES256 EdDSA"` : undefined)
        t.match(events, [{ type: 'refused', reason: 'proof' }], name)
        for (const one of [forged].flat()) if (one.length > 20) t.notOk(logged().includes(one.slice(0, 60)), 'the log shows no proof')
      }
      t.strictSame(await store.list('user-1'), before, 'the session is as it was')
      t.ok((await send(requestTo(place, device, signProof(good(device))))).statusCode < 300, 'and a good proof is taken')
    })
  }

  // Not for logout, after which there is no session for a second use.
  if (place.path !== '/auth/logout') {
    t.test(`${where} with a proof that was used before`, async (t) => {
      const device = await createDevice(t)
      const { send, clock } = device
      const proof = proofFor(KEY, place.method, place.path, place.claims(device))
      t.equal((await send(requestTo(place, device, proof))).statusCode, 200)
      t.match((await send(requestTo(place, device, proof))).json(), { code: 'FST_JWT_PROOF_INVALID' })
      clock.now += 61_000
      t.match((await send(requestTo(place, device, proof))).json(), { code: 'FST_JWT_PROOF_NONCE' }, 'and too old a minute later')
    })
  }

  t.test(`${where} with the nonce of another window`, async (t) => {
    const device = await createDevice(t, { nonce: true })
    const { send, clock } = device
    const nonce = await nonceOf(device)
    const withNonce = (): string => proofFor(KEY, place.method, place.path, { ...place.claims(device), nonce, iat: 1 })
    clock.now += 120_000
    const response = await send(requestTo(place, device, withNonce()))
    t.match({ status: response.statusCode, code: response.json().code }, { status: place.status, code: 'FST_JWT_PROOF_NONCE' })
    t.not(response.headers['dpop-nonce'], nonce)
    clock.now -= 60_000
    t.ok((await send(requestTo(place, device, withNonce()))).statusCode < 300, 'the one before the present one is good, whatever the clock of the client says')
  })

  t.test(`${where} without a nonce where each proof must have one`, async (t) => {
    const device = await createDevice(t, { nonce: true })
    const response = await device.send(requestTo(place, device, signProof(good(device))))
    t.match({ status: response.statusCode, code: response.json().code }, { status: place.status, code: 'FST_JWT_PROOF_NONCE' })
    t.match(response.headers['dpop-nonce'], /^[\w-]{22}$/)
  })
}

t.test('there are at least 40 of them', async (t) => {
  t.ok(Object.keys({ ...FORGERIES, ...UNTIMELY }).length >= 40)
})
