import { generateKeyPairSync } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { COOKIE_NAME, MINUTE, SECOND } from '../fixtures/app.ts'
import { BOUND_COOKIE, DeviceBrowser } from '../fixtures/device.ts'
import { createProofKey, encode, signatureOf, signHmac, signProof } from '../fixtures/dpop.ts'
import type { ProofParts } from '../fixtures/dpop.ts'
import { createHostileApp, REFRESH_SECRET } from '../fixtures/hostile-app.ts'
import type { HostileApp } from '../fixtures/hostile-app.ts'
import { sign as signToken } from '../fixtures/hostile-tokens.ts'
import { payloadOf } from '../fixtures/jwt.ts'

/* Attacks on the routes and checks of Device Bound Session Credentials: none is accepted, ends a session or appears in the log. */

interface Host extends HostileApp {
  browser: DeviceBrowser
}

async function createHost (t: Test): Promise<Host> {
  const made = await createHostileApp(t, { deviceBound: true })
  return { ...made, browser: new DeviceBrowser(made.app) }
}

/** Changes one part of what a browser signs. `isRegistration`: it contains the public key. */
type Forgery = (good: ProofParts, isRegistration: boolean) => string

const header = (changes: object): Forgery => (good) => signProof({ ...good, header: { ...good.header, ...changes } })
const claims = (changes: object): Forgery => (good) => signProof({ ...good, claims: { ...good.claims, ...changes } })
const text = (change: (proof: string) => string): Forgery => (good) => change(signProof(good))
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const other = createProofKey()

/** Forgeries that are wrong for every route. */
const FORGERIES: Record<string, Forgery> = {
  'an empty header': () => '',
  'two quotes': () => '""',
  'no token': () => 'x',
  'dots alone': () => '..',
  'two parts': text((proof) => proof.slice(0, proof.lastIndexOf('.'))),
  'four parts': text((proof) => `${proof}.x`),
  'two proofs in one header': text((proof) => `${proof}, ${proof}`),
  '100 kB': (good) => signProof({ ...good, claims: { ...good.claims, padding: 'x'.repeat(8_000) } }),
  'a header that is no JSON': (good) => `${encode('{"typ"')}.${encode(good.claims)}.x`,
  'a header that is null': (good) => `${encode('null')}.${encode(good.claims)}.x`,
  'claims that are no object': (good) => {
    const input = `${encode(good.header)}.${encode('null')}`
    return `${input}.${signatureOf(good.key, input)}`
  },
  'no typ': header({ typ: undefined }),
  'the typ of a DPoP proof': header({ typ: 'dpop+jwt' }),
  'a typ that is a list': header({ typ: ['dbsc+jwt'] }),
  'alg none': (good) => `${encode({ ...good.header, alg: 'none' })}.${encode(good.claims)}.`,
  'HS256 with the public key as the secret': (good) => signHmac({ ...good.header, alg: 'HS256' }, good.claims, JSON.stringify(good.key.jwk)),
  'another alg': header({ alg: 'ES384' }),
  'EdDSA by a key of that kind': (good) => {
    const key = createProofKey('EdDSA')
    return signProof({ ...good, key, header: { ...good.header, alg: 'EdDSA', jwk: key.jwk } })
  },
  'no signature': text((proof) => proof.slice(0, proof.lastIndexOf('.') + 1)),
  'a signature of zeros': (good) => `${encode(good.header)}.${encode(good.claims)}.${Buffer.alloc(64).toString('base64url')}`,
  'the signature of another key': (good) => signProof({ ...good, key: other }),
  crit: header({ crit: ['exp'], exp: 1 }),
  'an empty crit': header({ crit: [] })
}

/** Forgeries of the public key in a registration. */
const KEYS: Record<string, Forgery> = {
  'no key': header({ jwk: undefined }),
  'a key that is a text': header({ jwk: 'x' }),
  'a key that is null': header({ jwk: null }),
  'a key on P-384': header({ jwk: p384.publicKey.export({ format: 'jwk' }) }),
  'a key with its private member': (good) => signProof({ ...good, header: { ...good.header, jwk: good.key.privateKey.export({ format: 'jwk' }) } }),
  'a key that is not on the curve': header({ jwk: { ...other.jwk, x: 'A'.repeat(43) } }),
  'a key by its kid alone': header({ jwk: undefined, kid: 'x', jku: 'https://evil.example' })
}

/** Challenges that the server has not issued, for both routes. */
const CHALLENGES: Record<string, Forgery> = {
  'no challenge': claims({ jti: undefined }),
  'a challenge that is a number': claims({ jti: 1 }),
  'a challenge that is a list': (good) => signProof({ ...good, claims: { jti: [good.claims.jti] } }),
  'an empty challenge': claims({ jti: '' }),
  'a challenge without a signature': (good) => signProof({ ...good, claims: { jti: `${String(good.claims.jti).split('.')[0]}.` } }),
  'a challenge of a later time': (good) => signProof({ ...good, claims: { jti: String(good.claims.jti).replace(/^\d+/, (digits) => String(Number(digits) + 1)) } }),
  'a challenge with zeros before it': (good) => signProof({ ...good, claims: { jti: `0${String(good.claims.jti)}` } }),
  'a challenge with more behind it': (good) => signProof({ ...good, claims: { jti: `${String(good.claims.jti)}x` } }),
  'a challenge with a sign': (good) => signProof({ ...good, claims: { jti: `-${String(good.claims.jti)}` } }),
  'a challenge of a thousand digits': claims({ jti: `${'9'.repeat(1000)}.x` })
}

function partsOf (browser: DeviceBrowser, challenge: unknown, isRegistration: boolean): ProofParts {
  const { key } = browser
  return { key, header: { alg: key.alg, typ: 'dbsc+jwt', ...(isRegistration && { jwk: key.jwk }) }, claims: { jti: challenge } }
}

/** Checks that an attack did not change the session, and that the log does not contain the proof. */
async function isHarmless (t: Test, host: Host, what: string, proof: string, attack: () => Promise<LightMyRequestResponse>, status: number): Promise<void> {
  const { browser, app, events } = host
  const { sid } = payloadOf(browser.refreshToken)
  const before = await app.sessions.find(sid as string)
  host.forget()
  events.length = 0
  const response = await attack()
  t.equal(response.statusCode, status, what)
  t.equal(response.headers['set-cookie'], undefined)
  t.notOk(events.some(({ type }) => type === 'reused' || type === 'ended' || type === 'refreshed'))
  t.strictSame(await app.sessions.find(sid as string), before)
  const piece = proof.split('.').at(-1) as string
  if (piece.length > 20 && (host.logged() + response.body).includes(piece.slice(0, 16))) t.fail(`${what} is shown: ${host.logged()}`)
}

t.test('registrations that are wrong in one thing', async (t) => {
  const host = await createHost(t)
  const { browser } = host
  await browser.login()
  for (const [what, forge] of Object.entries({ ...FORGERIES, ...KEYS, ...CHALLENGES })) {
    const proof = forge(partsOf(browser, browser.registration?.challenge, true), true)
    await isHarmless(t, host, what, proof, async () => await browser.send('/auth/dbsc/register', { 'secure-session-response': proof }), 400)
  }
  await isHarmless(t, host, 'without a proof', '', async () => await browser.send('/auth/dbsc/register'), 400)
  await isHarmless(t, host, 'without a cookie', '', async () => await new DeviceBrowser(host.app).send('/auth/dbsc/register'), 403)
  t.equal((await browser.register()).statusCode, 200, 'the good one passes after all of them')
})

t.test('renewals that are wrong in one thing', async (t) => {
  const host = await createHost(t)
  const { browser } = host
  await browser.bind()
  host.clock.now += 10 * MINUTE
  const attack = async (what: string, proof: string, status: number): Promise<void> =>
    await isHarmless(t, host, what, proof, async () => await browser.send('/auth/dbsc/refresh', { 'sec-secure-session-id': browser.sessionId!, 'secure-session-response': proof }), status)
  for (const [what, forge] of Object.entries(FORGERIES)) await attack(what, forge(partsOf(browser, browser.challenge, false), false), 400)
  for (const [what, forge] of Object.entries(CHALLENGES)) await attack(what, forge(partsOf(browser, browser.challenge, false), false), 403)
  await attack('a proof by a key of the thief, which it brings', browser.sign(browser.challenge, true, createProofKey()), 400)
  await attack('the challenge of the registration', browser.sign(browser.registration?.challenge), 403)
  const neighbour = new DeviceBrowser(host.app)
  await neighbour.bind({ sub: 'user-2' })
  await attack('the challenge of another session', browser.sign(neighbour.challenge), 403)
  for (const id of ['', 'x', '"', 'a'.repeat(22) + '\u00e9', '../../x', '"'.repeat(24), `${'a'.repeat(21)} `]) {
    await isHarmless(t, host, `the session ${JSON.stringify(id)}`, '', async () => await browser.send('/auth/dbsc/refresh', { 'sec-secure-session-id': id }), 400)
  }
  await isHarmless(t, host, 'no session', '', async () => await browser.send('/auth/dbsc/refresh'), 400)
  for (const id of [neighbour.sessionId!, 'a'.repeat(22)]) {
    await isHarmless(t, host, 'the session of somebody else', '', async () => {
      const response = await browser.send('/auth/dbsc/refresh', { 'sec-secure-session-id': id, 'secure-session-response': neighbour.sign(neighbour.challenge) })
      t.strictSame(response.json(), { session_identifier: id, continue: false })
      return response
    }, 200)
  }
  t.equal((await browser.renew()).statusCode, 200)
})

t.test('the challenge of a registration does not serve another session, nor one that was not offered a key', async (t) => {
  const { browser, app } = await createHost(t)
  await browser.login()
  const neighbour = new DeviceBrowser(app)
  await neighbour.login({ sub: 'user-2' })
  t.equal((await neighbour.register(neighbour.sign(browser.registration?.challenge, true))).statusCode, 400)
  const cookie = `${COOKIE_NAME}=${browser.refreshToken}; ${COOKIE_NAME}=${neighbour.refreshToken}`
  const { statusCode, body } = await app.inject({ method: 'POST', url: '/auth/dbsc/register', headers: { cookie, 'secure-session-response': browser.sign(browser.registration?.challenge, true) } })
  t.equal(statusCode, 200, 'of several cookies it is for the one whose challenge was signed')
  t.equal(JSON.parse(body).session_identifier, payloadOf(browser.refreshToken).sid)
})

t.test('bound cookies that are not ours open nothing', async (t) => {
  const host = await createHost(t)
  const { browser, clock } = host
  await browser.bind()
  const genuine = browser.jar.get(BOUND_COOKIE)!
  const [sid, at, mac] = genuine.split('.') as [string, string, string]
  clock.now += 6 * SECOND
  const thief = browser.thief([COOKIE_NAME])
  const wrong = [
    '', 'x', '..', sid, `${sid}.${at}`, `${sid}.${at}.`, `${sid}.${at}.${'A'.repeat(43)}`, `${sid}.${Number(at) + 1}.${mac}`, `${sid}.0${at}.${mac}`, `${sid}.${at}.${mac}x`,
    `${sid}x.${at}.${mac}`, `${'A'.repeat(22)}.${at}.${mac}`, `${sid}.9999999999999999.${mac}`, `${sid}.-1.${mac}`, `${sid}.1e9.${mac}`, `${sid}-${at}.${mac}`, browser.challenge!, browser.refreshToken, genuine.toUpperCase(), '%', `"${genuine}"`
  ]
  for (const value of wrong) {
    thief.jar.set(BOUND_COOKIE, value)
    await isHarmless(t, host, `the bound cookie ${value.slice(0, 80)}`, value === sid ? '' : value, async () => await thief.send('/auth/refresh'), 403)
  }
  for (const name of ['deviceBound', '__Secure-deviceBound', '__Host-deviceBound2', BOUND_COOKIE.toLowerCase()]) {
    const copy = browser.thief([COOKIE_NAME])
    copy.jar.set(name, genuine)
    await isHarmless(t, host, `the name ${name}`, genuine, async () => await copy.send('/auth/refresh'), 403)
  }
  const cookie = `${COOKIE_NAME}=${browser.refreshToken}; ${BOUND_COOKIE}=x; ${BOUND_COOKIE}=${genuine}`
  t.equal((await host.app.inject({ method: 'POST', url: '/auth/refresh', headers: { cookie } })).statusCode, 200, 'the genuine one among others does: until it ends, a copy of all cookies works')
})

t.test('Secure-Session-Skipped opens nothing, whatever it says', async (t) => {
  const host = await createHost(t)
  await host.browser.bind()
  host.clock.now += 10 * MINUTE
  const thief = host.browser.thief()
  for (const value of ['', 'quota_exceeded', 'unreachable;session_identifier="x"', '1', 'x'.repeat(5000)]) {
    await isHarmless(t, host, value, '', async () => await thief.send('/auth/refresh', { 'secure-session-skipped': value }), 503)
  }
})

t.test('tokens that only another holder of the secret can have signed: a key that is none is refused as malformed', async (t) => {
  const host = await createHost(t)
  await host.browser.login()
  const payload = payloadOf(host.browser.refreshToken)
  const [head] = host.browser.refreshToken.split('.') as [string]
  const good = createProofKey().jwk
  for (const cnf of [null, 1, 'x', [], {}, { jwk: null }, { jwk: {} }, { jwk: { ...good, crv: 'P-384' } }, { jwk: { ...good, d: 'x' } }, { jwk: { ...good, x: 'short' } }, { jkt: '' }, { jkt: 1, jwk: good }, { x5t: 'x' }]) {
    host.browser.jar.set(COOKIE_NAME, signToken(JSON.parse(Buffer.from(head, 'base64url').toString()), { ...payload, cnf }, REFRESH_SECRET))
    const response = await host.browser.send('/auth/refresh')
    t.match({ status: response.statusCode, body: response.json() }, { status: 403, body: { code: 'FST_JWT_REFRESH_TOKEN_INVALID' } }, JSON.stringify(cnf))
  }
})
