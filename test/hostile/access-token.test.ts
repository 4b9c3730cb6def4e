import { generateKeyPairSync, sign as signBytes } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { SECOND, SECRET, START } from '../fixtures/app.ts'
import { createHostileApp, kindsOf } from '../fixtures/hostile-app.ts'
import { brokenTexts, mutations, notAudiences, notDates, respelled, sign, tooDeep, WRONG_IDS, wrongEncodings, wrongHeaders, wrongKeys, wrongPayloads } from '../fixtures/hostile-tokens.ts'
import type { Case, Kind } from '../fixtures/hostile-tokens.ts'
import { headerOf, payloadOf } from '../fixtures/jwt.ts'

const NOW = START / SECOND
const CHALLENGES: Record<string, string> = {
  FST_JWT_ACCESS_TOKEN_MISSING: 'Bearer',
  FST_JWT_ACCESS_TOKEN_INVALID: 'Bearer error="invalid_token", error_description="The access token is invalid"',
  FST_JWT_ACCESS_TOKEN_EXPIRED: 'Bearer error="invalid_token", error_description="The access token expired"'
}
const INVALID = 'FST_JWT_ACCESS_TOKEN_INVALID'
const EXPIRED = 'FST_JWT_ACCESS_TOKEN_EXPIRED'
const MISSING = 'FST_JWT_ACCESS_TOKEN_MISSING'

const notText = [undefined, null, 1, true, {}, [], ['anna'], '']

function isRefused (t: Test, name: string, response: LightMyRequestResponse, code: string): void {
  t.match({ status: response.statusCode, code: response.json().code, challenge: response.headers['www-authenticate'], cookie: response.headers['set-cookie'] },
    { status: 401, code, challenge: CHALLENGES[code], cookie: undefined }, name)
}

/** Sends every string as a Bearer token to a route with `requireSession`, which reads the store only if the token is valid. */
function refuses (t: Test, what: string, makeCases: (kinds: ReturnType<typeof kindsOf>) => Case[], code = INVALID): void {
  t.test(`an access token with ${what} is a 401 that asks no store`, async (t) => {
    const { login, send, calls, events } = await createHostileApp(t)
    const kinds = kindsOf(await login({ sub: 'anna' }))
    const before = calls()
    for (const [name, token] of makeCases(kinds)) {
      isRefused(t, name, await send({ url: '/sensitive', headers: { authorization: `Bearer ${token}` } }), code)
    }
    t.equal(calls(), before, 'the store was not asked')
    t.ok(events.slice(1).every((event) => event.type === 'refused' && event.operation === 'access' && event.sessionId === undefined), 'nothing happened but refusals')
    t.equal((await send({ url: '/sensitive', headers: { authorization: `Bearer ${kinds.access.genuine}` } })).statusCode, 200, 'the genuine one passes')
  })
}

refuses(t, 'a wrong header', ({ access }) => wrongHeaders(access))
refuses(t, 'a wrong key', ({ access }) => wrongKeys(access))
refuses(t, 'a broken encoding', ({ access }) => brokenTexts(access))
refuses(t, 'random changes', ({ access }) => mutations(access, 400))
refuses(t, 'claims that we never sign', ({ access }) => wrongPayloads(access, {
  sub: notText,
  sid: [...notText, ...WRONG_IDS],
  iat: notDates,
  exp: notDates,
  nbf: [...notDates.slice(1), NOW + 1],
  aud: notAudiences,
  iss: notText.slice(1),
  jti: notText.slice(1),
  auth_time: notDates.slice(1), // a string plus the seconds of requireRecentLogin would be concatenated
  client_id: notText.slice(1)
}))
refuses(t, 'an encoding that no encoder writes', ({ access }) => wrongEncodings(access))
refuses(t, 'an end beyond a double', ({ access }) => [sign(headerOf(access.genuine), JSON.stringify(payloadOf(access.genuine)).replace(/"exp":\d+/, '"exp":1e999'), access.key)].map((token): Case => ['1e999', token]))
refuses(t, 'more than 100 levels', ({ access }) => tooDeep.map((nest, index): Case =>
  [`${index}`, sign(headerOf(access.genuine), JSON.stringify(payloadOf(access.genuine)).replace('{', `{"deep":${nest('')},`), access.key)]))
refuses(t, 'a past end', ({ access }) => [NOW, 0, -0, -1, -8.64e12].map((exp) =>
  [`exp ${exp}`, sign(headerOf(access.genuine), { ...payloadOf(access.genuine), exp }, access.key)]), EXPIRED)

t.test('what a lenient issuer with our key may sign is taken: other spellings of typ, odd but possible times', async (t) => {
  const { login, send } = await createHostileApp(t)
  const { access } = kindsOf(await login())
  const header = headerOf(access.genuine)
  const payload = payloadOf(access.genuine)
  const text = JSON.stringify(payload)
  const cases: Case[] = [
    ['typ in upper case', sign({ ...header, typ: 'AT+JWT' }, payload, SECRET)],
    ['typ as media type', sign({ ...header, typ: 'application/at+jwt' }, payload, SECRET)],
    ['typ as media type in mixed case', sign({ ...header, typ: 'Application/AT+jwt' }, payload, SECRET)],
    ['fields that mean nothing to us', sign({ ...header, cty: 'x', zip: 'DEF', b64: true, jku: 'https://evil.example' }, payload, SECRET)],
    ['the last exp that a Date can hold', sign(header, { ...payload, exp: 8.64e12 }, SECRET)],
    ['iat in the future', sign(header, { ...payload, iat: NOW + 1000 }, SECRET)],
    ['iat before 1970', sign(header, { ...payload, iat: -1000 }, SECRET)],
    ['nbf now', sign(header, { ...payload, nbf: NOW }, SECRET)],
    ['nbf long ago', sign(header, { ...payload, nbf: -8.64e12 }, SECRET)],
    ['audiences that nobody asked for', sign(header, { ...payload, aud: ['api', 'admin'], iss: 'x', jti: 'x' }, SECRET)],
    ['exp twice, the last one good', sign(header, `{"exp":1,${text.slice(1)}`, SECRET)]
  ]
  for (const [name, token] of cases) {
    const { statusCode } = await send({ url: '/me', headers: { authorization: `Bearer ${token}` } })
    t.equal(statusCode, 200, name)
  }
})

t.test('claims of 100 levels are taken and frozen all the way down, and a route can answer them', async (t) => {
  const { app, login, send } = await createHostileApp(t)
  app.post('/deep', { onRequest: [app.authenticate] }, async ({ user }) => {
    let depth = 0
    for (let claim = (user as unknown as { deep: unknown }).deep; Array.isArray(claim); claim = claim[0]) {
      if (!Object.isFrozen(claim)) return 'not frozen'
      depth++
    }
    return String(depth)
  })
  const { access } = kindsOf(await login())
  const deep = JSON.stringify(payloadOf(access.genuine)).replace('{', `{"deep":${'['.repeat(99)}${']'.repeat(99)},`)
  const headers = { authorization: `Bearer ${sign(headerOf(access.genuine), deep, SECRET)}` }
  for (let turn = 0; turn < 3; turn++) {
    const { statusCode, body } = await send({ method: 'POST', url: '/deep', headers })
    t.match({ statusCode, body }, { statusCode: 200, body: '99' })
    t.equal((await send({ url: '/me', headers })).statusCode, 200)
  }
})

t.test('an Authorization header of every shape', async (t) => {
  const { login, send, calls } = await createHostileApp(t)
  const { access: { genuine } } = kindsOf(await login())
  const before = calls()
  const missing = ['', ' ', 'Bearer', 'Bearer ', 'bearer', 'BEARER   ', 'Basic YTpi', 'Basic', 'Digest username="a"', `Token ${genuine}`, `Bearer:${genuine}`, `Bearer=${genuine}`, `Bearer\t${genuine}`,
    `Bearer${genuine}`, genuine, ` Bearer ${genuine}`, `"Bearer ${genuine}"`, `Basic YTpi, Bearer ${genuine}`, 'undefined', 'null', '[object Object]', '\0', '💥', 'x'.repeat(15_000)]
  for (const authorization of missing) isRefused(t, `missing: ${JSON.stringify(authorization.slice(0, 40))}`, await send({ url: '/sensitive', headers: { authorization } }), MISSING)

  const invalid = [`Bearer ${genuine} ${genuine}`, `Bearer ${genuine}, Bearer ${genuine}`, `Bearer ${genuine},${genuine}`, `Bearer "${genuine}"`, `Bearer ${genuine};`, `Bearer Bearer ${genuine}`, `Bearer token=${genuine}`,
    'Bearer undefined', 'Bearer null', 'Bearer [object Object]', 'bearer x', 'BEARER  x', 'Bearer ,', `Bearer ${'x'.repeat(15_000)}`]
  for (const authorization of invalid) isRefused(t, `invalid: ${JSON.stringify(authorization.slice(0, 40))}`, await send({ url: '/sensitive', headers: { authorization } }), INVALID)

  isRefused(t, 'no header', await send({ url: '/sensitive' }), MISSING)
  isRefused(t, 'two headers', await send({ url: '/sensitive', headers: { authorization: ['Bearer x', `Bearer ${genuine}`] } as never }), INVALID)
  t.equal(calls(), before, 'the store was not asked')

  for (const authorization of [`Bearer ${genuine}`, `bearer ${genuine}`, `BEARER  ${genuine}`, `bEaReR ${genuine}`, `Bearer   ${genuine}`]) {
    t.equal((await send({ url: '/sensitive', headers: { authorization } })).statusCode, 200, `taken: ${authorization.slice(0, 10)}`)
  }
})

t.test('a token of another app is refused, whatever that app has in common with this one', async (t) => {
  const { send, calls } = await createHostileApp(t)
  const others = [
    await createHostileApp(t, { secret: 'another secret of more than thirty-two bytes' }),
    await createHostileApp(t, { secret: `${SECRET} ` }),
    await createHostileApp(t, { secret: Buffer.from(SECRET, 'latin1').reverse() })
  ]
  for (const { login } of others) {
    const { accessToken } = await login()
    isRefused(t, 'refused', await send({ url: '/sensitive', headers: { authorization: `Bearer ${accessToken}` } }), INVALID)
  }
  t.equal(calls(), 0)
})

for (const [algorithm, { privateKey, publicKey }] of [
  ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['EdDSA', generateKeyPairSync('ed25519')]
] as const) {
  t.test(`${algorithm}: the public key is no HMAC secret, and another algorithm of the same key does not pass`, async (t) => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const secret = { private: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), public: pem }
    const { login, send, calls } = await createHostileApp(t, { secret })
    const { access } = kindsOf(await login())
    const header = headerOf(access.genuine)
    const payload = payloadOf(access.genuine)
    const before = calls()
    const publicTexts = [pem, pem.trim(), pem.replaceAll('\n', '\r\n'), pem.replaceAll('\n', ''), publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), JSON.stringify(publicKey.export({ format: 'jwk' }))]
    const cases: Case[] = [
      ...publicTexts.flatMap((key) => [['HS256', 'sha256'], ['HS384', 'sha384'], ['HS512', 'sha512'], [algorithm, 'sha256']].map(([alg, hash]): Case =>
        [`${alg} with the public key`, sign({ ...header, alg }, payload, key, hash)])),
      ...['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA', 'none'].filter((alg) => alg !== algorithm).map((alg): Case => {
        const input = [{ ...header, alg }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
        const signature = signBytes(algorithm === 'EdDSA' ? null : 'sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
        return [`${alg} in the header, signed with the real key`, `${input}.${signature.toString('base64url')}`]
      }),
      ...wrongHeaders({ ...access, key: 'not the key' }),
      ...wrongKeys(access),
      ...brokenTexts({ ...access, key: 'not the key' }),
      ...mutations(access, 60),
      ...signedOddly(access, (input) => signBytes(algorithm === 'EdDSA' ? null : 'sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })),
      ...respelled(access.genuine).map((token, index): Case => [`the signature in another spelling ${index}`, token])
    ]
    for (const [name, token] of cases) isRefused(t, name, await send({ url: '/sensitive', headers: { authorization: `Bearer ${token}` } }), INVALID)
    t.equal(calls(), before, 'the store was not asked')
    t.equal((await send({ url: '/sensitive', headers: { authorization: `Bearer ${access.genuine}` } })).statusCode, 200)
  })
}

t.test('on every route of the app, also where there is none', async (t) => {
  const { app, send } = await createHostileApp(t)
  app.addHook('onRequest', app.authenticate)
  app.get('/plain', async () => ({}))
  app.get('/optional', { config: { jwtRefresh: 'optional' } }, async (request) => ({ user: request.user ?? null }))
  for (const url of ['/plain', '/nowhere']) {
    isRefused(t, `${url} without a token`, await send({ url }), MISSING)
    isRefused(t, `${url} with a bad one`, await send({ url, headers: { authorization: 'Bearer x' } }), INVALID)
  }
  t.strictSame((await send({ url: '/optional' })).json(), { user: null })
  isRefused(t, 'optional means missing, not wrong', await send({ url: '/optional', headers: { authorization: 'Bearer x' } }), INVALID)
})

/** Malformed tokens signed with the real key, for any algorithm. */
function signedOddly (access: Kind, signer: (input: string) => Buffer): Case[] {
  const oddities = [
    ...wrongEncodings(access),
    ...wrongPayloads(access, { exp: notDates, iat: notDates, nbf: notDates.slice(1), aud: notAudiences }),
    ...[null, [], ['exp'], {}, ''].map((crit): Case => [`crit ${JSON.stringify(crit)}`, sign({ ...headerOf(access.genuine), crit }, payloadOf(access.genuine), '')]),
    ...tooDeep.map((nest, index): Case => [`deep ${index}`, sign(headerOf(access.genuine), JSON.stringify(payloadOf(access.genuine)).replace('{', `{"deep":${nest('')},`), '')])
  ]
  const inputOf = (token: string): string => token.slice(0, token.lastIndexOf('.'))
  return oddities.filter(([, token]) => inputOf(token) !== inputOf(access.genuine))
    .map(([name, token]): Case => [name, `${inputOf(token)}.${signer(inputOf(token)).toString('base64url')}`])
}
