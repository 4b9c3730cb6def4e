import { createDecoder, createVerifier } from 'fast-jwt'
import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import { createNonces } from '../../lib/tokens/dpop/nonces.ts'
import { readPublicKey } from '../../lib/tokens/dpop/public-key.ts'
import { createSeenProofs } from '../../lib/tokens/dpop/seen-proofs.ts'
import { normalizeTargetUri } from '../../lib/tokens/dpop/target-uri.ts'
import { createVerifySignature } from '../../lib/tokens/dpop/verifiers.ts'
import { createProofKey, proofFor } from '../fixtures/dpop.ts'

t.test('the thumbprint of a key is that of RFC 7638, whatever else the key says', async (t) => {
  for (const alg of ['ES256', 'EdDSA'] as const) {
    const { jwk } = createProofKey(alg)
    t.equal(readPublicKey({ alg, jwk: { ...jwk, kid: 'x', use: 'sig', alg } })?.jkt, await calculateJwkThumbprint(jwk as never))
  }
  // RFC 8037 appendix A.3
  t.equal(readPublicKey({ alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } })?.jkt, 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})

t.test('a key is imported once, and of many the first makes room', async (t) => {
  let imported = 0
  const verifySignature = createVerifySignature(((options: object) => {
    imported++
    return createVerifier(options)
  }) as typeof createVerifier, 2)
  const decode = createDecoder({ complete: true })
  const [a, b, c] = [createProofKey(), createProofKey(), createProofKey('EdDSA')]
  const verify = (key: typeof a, signer = key): unknown => {
    const proof = proofFor(signer, 'GET', '/')
    return verifySignature(proof, readPublicKey({ ...decode(proof).header, alg: key.alg, jwk: key.jwk })!)
  }
  for (const key of [a, a, b, b, a]) verify(key)
  t.equal(imported, 2)
  t.throws(() => verify(c, a), 'a key that has signed nothing')
  for (const key of [a, b]) verify(key)
  t.equal(imported, 3, 'is not kept')
  for (const key of [c, c, b]) verify(key)
  t.equal(imported, 4)
  verify(a)
  t.equal(imported, 5)
})

t.test('a nonce is good for one step at least and two at most', async (t) => {
  const clock = { now: 1_000_000 }
  const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const nonces = createNonces(keys, 1000, () => clock.now)
  const first = nonces.current()
  t.match(first, /^[\w-]{22}$/)
  t.equal(createNonces([keys[0]!], 1000, () => clock.now).current(), first)
  t.ok(nonces.isGood(createNonces([keys[1]!], 1000, () => clock.now).current()), 'of the other key')
  clock.now += 999
  t.equal(nonces.current(), first)
  clock.now += 1000
  t.not(nonces.current(), first)
  t.ok(nonces.isGood(first))
  clock.now += 1
  t.notOk(nonces.isGood(first))
  clock.now -= 2000
  t.ok(nonces.isGood(first), 'a clock that is set back')
})

t.test('a proof is remembered for its life at least', async (t) => {
  const clock = { now: 0 }
  const seen = createSeenProofs(1000, () => clock.now, 3)
  t.ok(seen.isFirst('key', '1'))
  t.ok(seen.isFirst('other', '1'), 'an id is a key\'s own')
  for (const now of [0, 999, 1000, 1001, 1999]) {
    clock.now = now
    t.notOk(seen.isFirst('key', '1'), String(now))
  }
  clock.now = 3000
  t.ok(seen.isFirst('key', '1'), 'and no longer than it is needed')
  clock.now = 5000
  t.ok(seen.isFirst('key', '1'), 'nor after a pause')
  clock.now = 5999
  for (const id of ['2', '3', '4', '5']) t.ok(seen.isFirst('key', id))
  t.notOk(seen.isFirst('key', '3'))
  t.notOk(seen.isFirst('key', '1'))
  for (const id of ['6', '7', '8']) seen.isFirst('key', id)
  t.ok(seen.isFirst('key', '1'), 'of too many the oldest are forgotten')
})

t.test('a target URI has one spelling', async (t) => {
  const same: Array<[string, string[]]> = [
    ['https://example.com/', ['https://example.com', 'https://example.com:443', 'https://example.com:443/', 'HTTPS://EXAMPLE.com/', 'https://example.com/a/..']],
    ['http://example.com/a', ['http://example.com:80/a', 'http://example.com/./a', 'http://example.com/%61', 'http://example.com/b/../a']],
    ['https://example.com/%C3%BC%2F', ['https://example.com/ü%2f', 'https://example.com/%c3%bc%2F']],
    ['http://[::1]:3000/a', ['http://[0:0::1]:3000/a']]
  ]
  for (const [normal, others] of same) for (const other of [normal, ...others]) t.equal(normalizeTargetUri(other), normal, other)
  for (const wrong of [undefined, null, 1, {}, '', '/a', 'a', '//example.com/a', 'ftp://example.com/', 'https:/example.com', 'https://', 'https://exa mple.com/', 'https://example.com/?', 'https://example.com/#', 'https://a@example.com/', 'https://:b@example.com/', 'http://a\\b', 'http://a:99999/']) {
    t.equal(normalizeTargetUri(wrong), null, String(wrong))
  }
})
