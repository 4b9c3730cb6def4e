import { generateKeyPairSync, randomBytes, randomUUID, X509Certificate } from 'node:crypto'
import t from 'tap'
import jwtRefresh from '../../index.ts'
import { createKey } from '../../lib/tokens/keys.ts'
import { SECRET } from '../fixtures/app.ts'
import { boot, boots, ed25519, p256, pair, PEM, REFRESH, refusesToBoot, rsa } from '../fixtures/hostile-options.ts'
import type { Mistake } from '../fixtures/hostile-options.ts'

const NEW = 'a newer secret of more than thirty-two bytes'
// Self-signed, for the name test.example.
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBhTCCASugAwIBAgIUT/vhXdyQtEOkJQ4QM9RFt10jg5IwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMdGVzdC5leGFtcGxlMCAXDTI2MTEyNDA5MjExN1oYDzIxMjYx
MDMxMDkyMTE3WjAXMRUwEwYDVQQDDAx0ZXN0LmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAR8CFyOkI/4E1dYVO1GjtYbYxSZdBcXv/JmNghfK9NMfKJ8
lAOg2w31PuEL3OO7eLhw1opj8+j8n+ijJGVW1ffho1MwUTAdBgNVHQ4EFgQUdQDs
WwcNVKov6jWbbC7qUlbhjj0wHwYDVR0jBBgwFoAUdQDsWwcNVKov6jWbbC7qUlbh
jj0wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA2Gm/dRyieQEj
phVlGORA+HqwRYMCHWVxl1L7agLHXdoCIHoPhjg8KlnIUGC1L1V2n35ViV1bqeL5
N0+lFFeyu6QJ
-----END CERTIFICATE-----
`
const MEND = /give a string or Buffer of at least 32 random bytes, or \{ private, public \} in PEM/

const jwkOf = (key: string): string => JSON.stringify({ kty: 'EC', crv: 'P-256', x: key.slice(30, 60), y: key.slice(60, 90) })
const KEY_TEXTS: Record<string, string> = {
  'a public key in PEM': rsa.public,
  'a private key in PEM': p256.private,
  'a certificate': CERTIFICATE,
  'PEM on one line': ed25519.public.replaceAll('\n', '\\n'),
  'PEM after other text': `Bag Attributes\n    localKeyID: 01\n${rsa.public}`,
  'PEM in base64': Buffer.from(rsa.public).toString('base64'),
  'a JWK': jwkOf(p256.public),
  'a JWK in many lines': JSON.stringify(JSON.parse(jwkOf(p256.public)), null, 2),
  'a JWK with a byte order mark': `\uFEFF${jwkOf(p256.public)}`,
  'a JWKS': `{"keys":[${jwkOf(p256.public)}]}`,
  'a list of JWKs': ` [${jwkOf(p256.public)}]`,
  'an HMAC key as JWK': '{"k":"c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA","kty":"oct"}',
  'an ssh key': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me@example',
  'an ssh key of RSA': `ssh-rsa ${'A'.repeat(300)}`,
  'an ssh key of ECDSA': `ecdsa-sha2-nistp256 ${'A'.repeat(100)}`,
  'an ssh key on a token': `sk-ssh-ed25519@openssh.com ${'A'.repeat(100)}`,
  'a private ssh key': `-----BEGIN OPENSSH PRIVATE KEY-----\n${'A'.repeat(100)}\n-----END OPENSSH PRIVATE KEY-----`,
  'an ssh key in the format of RFC 4716': `---- BEGIN SSH2 PUBLIC KEY ----\n${'A'.repeat(100)}\n---- END SSH2 PUBLIC KEY ----`
}

refusesToBoot(t, 'a secret of a wrong kind', [
  ['undefined, as an unset environment variable is', { secret: undefined }, 'secret is undefined', MEND],
  ['an empty text', { secret: '' }, 'secret has 0 bytes', /at least 32 random ones/],
  ['null', { secret: null }, 'secret is null', MEND],
  ['a number', { secret: 1234567890123456 }, 'secret is a value of the type number', MEND],
  ['true', { secret: true }, 'secret is a value of the type boolean', MEND],
  ['a function', { secret: () => SECRET }, 'secret is a value of the type function', MEND],
  ['a symbol', { secret: Symbol('s') }, 'secret is a value of the type symbol', MEND],
  ['a Uint8Array', { secret: new Uint8Array(32) }, 'secret is a value of the type object', MEND],
  ['an empty array', { secret: [] }, 'secret is an empty array', /at least one secret, the newest first/],
  ['undefined in an array', { secret: [SECRET, undefined] }, 'secret[1] is undefined', MEND],
  ['an array in an array', { secret: [[SECRET]] }, 'secret[0] is a value of the type object', MEND],
  ['a promise', { secret: Promise.resolve(SECRET) }, 'secret.public is undefined', /give a key in PEM/]
])

refusesToBoot(t, 'a weak or doubled secret', [
  ['31 bytes', { secret: 'x'.repeat(31) }, 'secret has 31 bytes', /at least 32 random ones/],
  ['31 bytes in a Buffer', { secret: randomBytes(31) }, 'secret has 31 bytes', /at least 32 random ones/],
  ['an empty Buffer', { secret: Buffer.alloc(0) }, 'secret has 0 bytes', /at least 32 random ones/],
  ['one byte', { secret: ['x', SECRET] }, 'secret[0] has 1 bytes', /at least 32/],
  ['the second is weak', { secret: [SECRET, 'weak'] }, 'secret[1] has 4 bytes', /at least 32/],
  ['twice the same', { secret: [SECRET, NEW, SECRET] }, 'secret[2] is the same as secret[0]', /each secret once/],
  ['the same as text and as Buffer', { secret: [SECRET, Buffer.from(SECRET)] }, 'secret[1] is the same as secret[0]', /once/],
  ['twice the same pair', { ...REFRESH, secret: [p256, { ...p256 }] }, 'secret[1] is the same as secret[0]', /once/],
  ['a pair and its public half', { ...REFRESH, secret: [p256, { public: p256.public }] }, 'secret[1] is the same as secret[0]', /once/]
])

const { publicKey: rsaPublic, privateKey: rsaPrivate } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const { publicKey: ecPublic, privateKey: ecPrivate } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { publicKey: edPublic, privateKey: edPrivate } = generateKeyPairSync('ed25519')
const sshBody = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.from([0, 0, 0, 32]), randomBytes(32)])
const KEY_BYTES: Record<string, Buffer> = {
  'RSA, public': rsaPublic.export({ type: 'spki', format: 'der' }),
  'RSA, public, PKCS #1': rsaPublic.export({ type: 'pkcs1', format: 'der' }),
  'RSA, private': rsaPrivate.export({ type: 'pkcs8', format: 'der' }),
  'RSA, private, PKCS #1': rsaPrivate.export({ type: 'pkcs1', format: 'der' }),
  'P-256, public': ecPublic.export({ type: 'spki', format: 'der' }),
  'P-256, private': ecPrivate.export({ type: 'pkcs8', format: 'der' }),
  'P-256, private, SEC 1': ecPrivate.export({ type: 'sec1', format: 'der' }),
  'Ed25519, public': edPublic.export({ type: 'spki', format: 'der' }),
  'Ed25519, private': edPrivate.export({ type: 'pkcs8', format: 'der' }),
  'Ed25519, encrypted': edPrivate.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'x' }),
  'a certificate': new X509Certificate(CERTIFICATE).raw,
  'what an ssh key has in base64': sshBody,
  'a JWK': Buffer.from(jwkOf(p256.public))
}

refusesToBoot(t, 'a key in DER and its like as an HMAC secret, as it is and as text', Object.entries(KEY_BYTES).flatMap(([what, bytes]) => {
  const lines = (bytes.toString('base64').match(/.{1,64}/g) as string[]).join('\n')
  const spellings = { bytes, base64: bytes.toString('base64'), base64url: bytes.toString('base64url'), 'base64 in lines': `${lines}\n`, hex: bytes.toString('hex'), 'base64 twice': Buffer.from(bytes.toString('base64')).toString('base64'), 'base64 in quotes': `"${bytes.toString('base64')}"`, 'base64 with escaped line breaks': lines.replaceAll('\n', '\\n'), 'hex with colons': (bytes.toString('hex').match(/../g) as string[]).join(':'), 'hex as a number': `0x${bytes.toString('hex')}`, 'base64 in UTF-16': Buffer.from(`\ufeff${lines}`, 'utf16le') }
  return Object.entries(spellings).map(([spelling, secret]): Mistake =>
    [`${what}, ${spelling}`, { secret }, 'secret looks like a key in PEM, DER, JWK or ssh', /\{ private, public \} in PEM/])
}))

const PATTERNS = [
  'x'.repeat(32), `${'x'.repeat(40)}y`, 'changeme'.repeat(4), 'password'.repeat(8), 'secret'.repeat(6), 'abc'.repeat(20), '0123456789'.repeat(4),
  '0123456789abcdef'.repeat(2), '00000000-0000-0000-0000-000000000000', '0'.repeat(64), ' '.repeat(32), 'ä'.repeat(16)
]
refusesToBoot(t, 'a secret that repeats itself', [
  ...[...PATTERNS, Buffer.alloc(32), Buffer.alloc(64, 'ab')].map((secret): Mistake => [JSON.stringify(String(secret)), { secret }, 'secret is a repeated pattern', /at least 32 random bytes/]),
  ...PATTERNS.map((pattern): Mistake => [`${pattern} in base64`, { secret: Buffer.from(pattern).toString('base64') }, 'secret is a repeated pattern', /random/]),
  ['for the refresh tokens', { refreshToken: { secret: 'x'.repeat(32) } }, 'refreshToken.secret is a repeated pattern', /random/],
  ['the second', { secret: [SECRET, 'x'.repeat(32)] }, 'secret[1] is a repeated pattern', /random/]
])

t.test('no random secret is refused, in whatever spelling', async (t) => {
  for (let turn = 0; turn < 2000; turn++) {
    const bytes = randomBytes(32)
    const secrets = [bytes, bytes.toString('hex'), bytes.toString('hex').toUpperCase(), bytes.toString('base64'), bytes.toString('base64url'), `${bytes.toString('base64')}\n`,
      bytes.toString('hex', 0, 16), bytes.toString('base64', 0, 24), randomUUID(), Array.from(bytes, (byte) => byte % 10).join('')]
    for (const secret of secrets) createKey('secret', secret)
  }
  t.pass('each is taken')
  createKey('secret', Buffer.concat([Buffer.from('0'), randomBytes(40)]))
  t.pass('also where it begins as DER does')
})

refusesToBoot(t, 'the text of a key as an HMAC secret', Object.entries(KEY_TEXTS).flatMap(([what, text]): Mistake[] => [
  [what, { secret: text }, 'secret looks like a key in PEM, DER, JWK or ssh', /\{ private, public \}/],
  [`${what} in a Buffer`, { secret: Buffer.from(text) }, 'secret looks like a key in PEM, DER, JWK or ssh', /\{ private, public \}/],
  [`${what} for the refresh tokens`, { refreshToken: { secret: text } }, 'refreshToken.secret looks like a key in', /random bytes/]
]))

const weakRsa = pair(generateKeyPairSync('rsa', { modulusLength: 1024, ...PEM }))
const p384 = pair(generateKeyPairSync('ec', { namedCurve: 'P-384', ...PEM }))
const secp256k1 = pair(generateKeyPairSync('ec', { namedCurve: 'secp256k1', ...PEM }))
const pss = pair(generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...PEM } as never))
const ed448 = pair(generateKeyPairSync('ed448', PEM))
const x25519 = pair(generateKeyPairSync('x25519', PEM))
const dsa = pair(generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160, ...PEM } as never))
const otherP256 = pair(generateKeyPairSync('ec', { namedCurve: 'P-256', ...PEM }))
const encrypted = generateKeyPairSync('ec', { namedCurve: 'P-256', ...PEM, privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } })

refusesToBoot(t, 'a key pair of a wrong kind', ([
  ['two halves of two pairs', { private: p256.private, public: otherP256.public }, 'secret.private and secret.public are not a pair', /belongs to the private one/],
  ['halves of two algorithms', { private: rsa.private, public: p256.public }, 'secret.private and secret.public are not a pair', /belongs/],
  ['a certificate of another key', { private: p256.private, public: CERTIFICATE }, 'secret.private and secret.public are not a pair', /belongs/],
  ['the private key in both places', { private: p256.private, public: p256.private }, 'secret.public is a private key', /give the public one there/],
  ['the halves swapped', { private: p256.public, public: p256.private }, 'secret.public is a private key', /give the public one there/],
  ['the public key in both places', { private: p256.public, public: p256.public }, 'secret.private cannot be read', /an unencrypted private key in PEM/],
  ['an encrypted private key', { private: encrypted.privateKey, public: encrypted.publicKey }, 'secret.private cannot be read', /unencrypted/],
  ['an encrypted private key as public', { public: encrypted.privateKey }, 'secret.public is a private key', /give the public one/],
  ['RSA of 1024 bits', weakRsa, 'secret is an RSA key of 1024 bits', /at least 2048/],
  ['P-384', p384, 'secret is a key on the curve secp384r1', /P-256, for ES256/],
  ['secp256k1', secp256k1, 'secret is a key on the curve secp256k1', /P-256/],
  ['RSA-PSS', pss, 'secret is of the type rsa-pss', /RSA, P-256 or Ed25519/],
  ['Ed448', ed448, 'secret is of the type ed448', /Ed25519/],
  ['X25519, which signs nothing', x25519, 'secret is of the type x25519', /Ed25519/],
  ['DSA', dsa, 'secret is of the type dsa', /RSA, P-256 or Ed25519/],
  ['no public key', { private: p256.private }, 'secret.public is undefined', /a key in PEM as a string or Buffer/],
  ['an empty object', {}, 'secret.public is undefined', /PEM/],
  ['null as public key', { private: p256.private, public: null }, 'secret.public is null', /PEM/],
  ['a number as public key', { private: p256.private, public: 1 }, 'secret.public is a value of the type number', /PEM/],
  ['null as private key', { private: null, public: p256.public }, 'secret.private is null', /PEM/],
  ['an empty private key', { private: '', public: p256.public }, 'secret.private cannot be read', /PEM/],
  ['a public key that is none', { private: p256.private, public: 'no key at all' }, 'secret.public cannot be read', /public key or certificate in PEM/],
  ['a public key cut short', { private: p256.private, public: p256.public.slice(0, 60) }, 'secret.public cannot be read', /PEM/],
  ['a public key on one line', { private: p256.private, public: p256.public.replaceAll('\n', '\\n') }, 'secret.public cannot be read', /PEM/],
  ['DER', { public: generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }) }, 'secret.public cannot be read', /PEM/],
  ['a KeyObject', { public: generateKeyPairSync('ed25519').publicKey }, 'secret.public is a value of the type object', /PEM/],
  ['a KeyObject as it is', generateKeyPairSync('ed25519').privateKey, 'secret.public is undefined', /PEM/],
  ['the names of node:crypto', { privateKey: p256.private, publicKey: p256.public }, 'secret.privateKey is unknown', /\{ private, public \} in PEM/],
  ['a JWK', { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }, 'secret.kty is unknown', /\{ private, public \} in PEM/],
  ['a passphrase', { ...p256, passphrase: 'x' }, 'secret.passphrase is unknown', /PEM/]
] as const).map(([what, secret, ...rest]): Mistake => [what, { ...REFRESH, secret }, ...rest]))

refusesToBoot(t, 'refreshToken.secret', [
  ['missing beside a pair', { secret: p256 }, 'refreshToken.secret is undefined beside an asymmetric secret', /at least 32 random bytes/],
  ['missing beside a pair and an old HMAC secret', { secret: [ed25519, SECRET] }, 'refreshToken.secret is undefined', /32 random bytes/],
  ['missing beside an old pair', { secret: [SECRET, p256] }, 'refreshToken.secret is undefined', /32 random bytes/],
  ['the same as secret', { refreshToken: { secret: SECRET } }, 'refreshToken.secret is the same as secret', /another one, or leave it out/],
  ['the same as an old secret', { secret: [NEW, SECRET], refreshToken: { secret: Buffer.from(SECRET) } }, 'refreshToken.secret is the same as secret', /another one/],
  ['one of several the same', { refreshToken: { secret: [NEW, SECRET] } }, 'refreshToken.secret is the same as secret', /another one/],
  ['a pair', { secret: p256, refreshToken: { secret: ed25519 } }, 'refreshToken.secret is a key pair', /32 random bytes/],
  ['a pair beside another', { refreshToken: { secret: [NEW, ed25519] } }, 'refreshToken.secret is a key pair', /32 random bytes/],
  ['weak', { refreshToken: { secret: 'weak' } }, 'refreshToken.secret has 4 bytes', /at least 32/],
  ['empty', { refreshToken: { secret: '' } }, 'refreshToken.secret has 0 bytes', /at least 32/],
  ['null', { refreshToken: { secret: null } }, 'refreshToken.secret is null', /32 random bytes/],
  ['an empty array', { refreshToken: { secret: [] } }, 'refreshToken.secret is an empty array', /at least one/],
  ['twice', { refreshToken: { secret: [NEW, NEW] } }, 'refreshToken.secret[1] is the same as refreshToken.secret[0]', /once/],
  ['given where nothing is signed', { secret: { public: p256.public }, ...REFRESH }, 'refreshToken.secret is given, but the first secret is a public key', /leave the option out/],
  ['the secret itself where the options belong', { refreshToken: NEW }, 'refreshToken is a string', /give an object with expiresIn/]
])

refusesToBoot(t, 'an algorithm that the key is not for', [
  ['HS256 of a pair', { ...REFRESH, secret: rsa, accessToken: { algorithm: 'HS256' } }, 'accessToken.algorithm is "HS256"', /a key for RS256/, /leave the option out/],
  ['RS256 of P-256', { ...REFRESH, secret: p256, accessToken: { algorithm: 'RS256' } }, 'accessToken.algorithm is "RS256"', /a key for ES256/],
  ['PS256 of a text', { accessToken: { algorithm: 'PS256' } }, 'accessToken.algorithm is "PS256"', /a key for HS256/],
  ['EdDSA of RSA', { ...REFRESH, secret: rsa, accessToken: { algorithm: 'EdDSA' } }, 'accessToken.algorithm is "EdDSA"', /a key for RS256/],
  ...['none', 'HS512', 'hs256', 'ES512', '', 1, null, true, ['HS256']].map((algorithm): Mistake =>
    [`${JSON.stringify(algorithm)}`, { accessToken: { algorithm } }, 'accessToken.algorithm is', /give "HS256", "RS256", "PS256", "ES256", "EdDSA"$/])
])

boots(t, 'secrets of every right kind', {
  '32 bytes': { secret: 'abcdefghijklmnopqrstuvwxyz012345' },
  '32 bytes in fewer characters': { secret: '💥🚀🔑🎲🦊🌋⚓🧩🪁' },
  'a Buffer with bytes of every kind': { secret: randomBytes(64) },
  'a long text with the word key in it': { secret: 'this is not "kty": nor "keys": but a sentence' },
  several: { secret: [NEW, SECRET, randomBytes(32)] },
  RSA: { ...REFRESH, secret: rsa },
  'RSA with PS256': { ...REFRESH, secret: rsa, accessToken: { algorithm: 'PS256' } },
  'P-256': { ...REFRESH, secret: p256 },
  'Ed25519 in Buffers': { ...REFRESH, secret: { private: Buffer.from(ed25519.private), public: Buffer.from(ed25519.public) } },
  'RSA in the older forms of PEM': { ...REFRESH, secret: generateRsaPkcs1() },
  'PEM with spaces around it and other line ends': { ...REFRESH, secret: { private: `\n\n${p256.private}\n \n`, public: p256.public.replaceAll('\n', '\r\n') } },
  'a pair, an old pair and an old secret': { ...REFRESH, secret: [ed25519, { public: rsa.public }, SECRET] },
  'a public key': { secret: { public: ed25519.public } },
  'a public key and private: undefined': { secret: { private: undefined, public: ed25519.public } },
  'a certificate': { secret: { public: CERTIFICATE } },
  'a public key, and an HMAC secret that only verifies': { secret: [{ public: ed25519.public }, SECRET] },
  'an algorithm that fits': { accessToken: { algorithm: 'HS256' } },
  'refresh secrets of their own': { refreshToken: { secret: [NEW, randomBytes(32)] } }
})

function generateRsaPkcs1 (): { private: string, public: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'pkcs1', format: 'pem' }, privateKeyEncoding: { type: 'pkcs1', format: 'pem' } })
  return { private: privateKey, public: publicKey }
}

t.test('the public key alone: no refresh, no logout, and issueTokens says why', async (t) => {
  const app = await boot(t, { secret: { public: ed25519.public } })
  t.notOk(app.hasRoute({ method: 'POST', url: '/auth/refresh' }) || app.hasRoute({ method: 'POST', url: '/auth/logout' }))

  const Fastify = (await import('fastify')).default
  const host = Fastify()
  t.teardown(async () => await host.close())
  await host.register(jwtRefresh, { secret: { public: CERTIFICATE }, routes: { jwks: true } })
  host.get('/', async (_request, reply) => await reply.issueTokens({ sub: 'anna' }).catch((error: Error) => ({ name: error.name, message: error.message })))
  t.match((await host.inject('/')).json(), { name: 'TypeError', message: /^issueTokens: the first secret is a public key and signs nothing, give \{ private, public \}/ })
  t.match((await host.inject('/.well-known/jwks.json')).json().keys, [{ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' }])
})

refusesToBoot(t, 'routes that need to sign, with the public key alone', (['refresh', 'logout'] as const).flatMap((name) => [true, '/x', {}].map((value): Mistake =>
  [`routes.${name} ${JSON.stringify(value)}`, { secret: { public: ed25519.public }, routes: { [name]: value } }, `routes.${name} is on, but the first secret is a public key`, /leave the route out, or give \{ private, public \}/])))
