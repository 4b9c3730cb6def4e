import { createHash, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto'
import type { AsymmetricKeyDetails, JsonWebKey, KeyObject } from 'node:crypto'
import type { Algorithm, KeyPair, Secret } from '../../types/options.ts'
import type { Key } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { withoutPrototype } from '../json.ts'
import { checkHmacSecret } from './hmac-secret.ts'

const DERIVED_BYTES = 32
const MIN_RSA_BITS = 2048

/**
 * The keys of an option that accepts one secret or an array of them.
 *
 * @throws InvalidOptionError for an empty array and for a duplicate key
 */
export function createKeys (option: string, value: unknown, create: (option: string, secret: unknown) => Key): Key[] {
  if (!Array.isArray(value)) return [create(option, value)]
  if (value.length === 0) throw new InvalidOptionError(`${option} is an empty array: give at least one secret, the newest first`)
  const keys = value.map((secret, index) => create(`${option}[${index}]`, secret))
  keys.forEach(({ kid }, index) => {
    const first = keys.findIndex((key) => key.kid === kid)
    if (first !== index) throw new InvalidOptionError(`${option}[${index}] is the same as ${option}[${first}]: give each secret once`)
  })
  return keys
}

/**
 * The key of a `secret` option.
 *
 * @param option the option's name, for the error
 * @param algorithm `accessToken.algorithm`: decides between RS256 and PS256
 * @throws InvalidOptionError; the message never contains any part of the secret
 */
export function createKey (option: string, secret: Secret, algorithm?: Algorithm): Key {
  return isKeyPair(secret) ? asymmetricKey(option, secret, algorithm) : hmacKey(option, secret)
}

/** The key of the refresh tokens, which must differ from `secret`: one key must not sign two kinds of token (RFC 8725 §3.8, §3.11). */
export function deriveRefreshKey (key: Key & { secret: Buffer }): Key {
  return hmacKeyOf(derive(key.secret, 'refresh token key', DERIVED_BYTES))
}

/** The key of the nonces of DPoP proofs: instances with the same secret accept each other's. */
export function deriveNonceKey (key: Key): Buffer {
  return derive(key.secret as Buffer, 'DPoP nonces', DERIVED_BYTES)
}

/** The key of the challenges and bound cookies of `deviceBound`: instances with the same secret accept each other's. */
export function deriveDeviceBoundKey (key: Key): Buffer {
  return derive(key.secret as Buffer, 'device bound sessions', DERIVED_BYTES)
}

/** The key with which the ids of adopted sessions are derived, so that nobody can guess them. */
export function deriveAdoptionKey (key: Key & { secret: Buffer }): Buffer {
  return derive(key.secret, 'adoption key', DERIVED_BYTES)
}

export function isHmac (key: Key): key is Key & { secret: Buffer } {
  return key.algorithm === 'HS256'
}

function isKeyPair (secret: Secret): secret is KeyPair {
  return typeof secret === 'object' && secret !== null && !ArrayBuffer.isView(secret) && !Array.isArray(secret)
}

function hmacKey (option: string, secret: unknown): Key {
  if (typeof secret !== 'string' && !Buffer.isBuffer(secret)) {
    throw new InvalidOptionError(
      `${option} is ${describe(secret)}: give a string or Buffer of at least 32 random bytes, or { private, public } in PEM`)
  }
  const bytes = Buffer.from(secret)
  checkHmacSecret(option, bytes)
  return hmacKeyOf(bytes)
}

function hmacKeyOf (secret: Buffer): Key {
  return { kid: derive(secret, 'kid', 16).toString('base64url'), algorithm: 'HS256', secret, canSign: true, jwk: null }
}

function derive (secret: Buffer, purpose: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `fastify-jwt-refresh ${purpose}`, length))
}

function asymmetricKey (option: string, given: KeyPair, algorithm: Algorithm | undefined): Key {
  const pair = withoutPrototype(given)
  const unknown = Object.keys(pair).find((name) => name !== 'private' && name !== 'public')
  if (unknown !== undefined) throw new InvalidOptionError(`${option}.${unknown} is unknown: give { private, public } in PEM`)

  const publicKey = parsePublicKey(`${option}.public`, pair.public)
  const keyAlgorithm = algorithmOf(option, publicKey, algorithm)
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  const jwk = publicKey.export({ format: 'jwk' })
  const kid = thumbprint(jwk)
  const key = { kid, algorithm: keyAlgorithm, jwk: { ...jwk, kid, alg: keyAlgorithm, use: 'sig' } }
  if (pair.private === undefined) return { ...key, secret: { public: publicPem }, canSign: false }

  const privateKey = parsePrivateKey(`${option}.private`, pair.private)
  if (createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) !== publicPem) {
    throw new InvalidOptionError(`${option}.private and ${option}.public are not a pair: give the public key that belongs to the private one`)
  }
  const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { ...key, secret: { public: publicPem, private: privatePem }, canSign: true }
}

function parsePublicKey (option: string, pem: unknown): KeyObject {
  const text = pemText(option, pem)
  if (text.includes('PRIVATE KEY-----')) {
    throw new InvalidOptionError(`${option} is a private key: give the public one there`)
  }
  try {
    return createPublicKey(text)
  } catch {
    throw new InvalidOptionError(`${option} cannot be read: give a public key or certificate in PEM`)
  }
}

function parsePrivateKey (option: string, pem: unknown): KeyObject {
  const text = pemText(option, pem)
  try {
    return createPrivateKey(text)
  } catch {
    throw new InvalidOptionError(`${option} cannot be read: give an unencrypted private key in PEM`)
  }
}

function pemText (option: string, pem: unknown): string {
  if (typeof pem === 'string' || Buffer.isBuffer(pem)) return pem.toString()
  throw new InvalidOptionError(`${option} is ${describe(pem)}: give a key in PEM as a string or Buffer`)
}

function algorithmOf (option: string, key: KeyObject, wanted: Algorithm | undefined): Algorithm {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails as AsymmetricKeyDetails
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if ((modulusLength as number) < MIN_RSA_BITS) {
        throw new InvalidOptionError(`${option} is an RSA key of ${modulusLength} bits: give one of at least ${MIN_RSA_BITS} (RFC 7518 §3.3)`)
      }
      return wanted === 'PS256' ? 'PS256' : 'RS256'
    case 'ec':
      if (namedCurve === 'prime256v1') return 'ES256'
      throw new InvalidOptionError(`${option} is a key on the curve ${namedCurve}: give one on P-256, for ES256`)
    case 'ed25519':
      return 'EdDSA'
    default:
      throw new InvalidOptionError(`${option} is of the type ${key.asymmetricKeyType}: give an RSA, P-256 or Ed25519 key`)
  }
}

/** RFC 7638 §3: the required members in lexicographic order. */
export function thumbprint (jwk: JsonWebKey): string {
  const { crv, e, kty, n, x, y } = jwk
  return createHash('sha256').update(JSON.stringify({ crv, e, kty, n, x, y })).digest('base64url')
}

// A value of the wrong type may still be a secret, so not even a number is shown.
function describe (value: unknown): string {
  return value === undefined || value === null ? String(value) : `a value of the type ${typeof value}`
}
