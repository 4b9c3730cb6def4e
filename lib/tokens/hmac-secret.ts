import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { InvalidOptionError } from '../errors.ts'

const MIN_BYTES = 32 // RFC 7518 §3.2

/**
 * What deflate must be left with. It makes 5 bytes of one letter 32 times, 13 of "changeme" four times, and 21 of twice the digits in
 * hexadecimal. It can never refuse by accident what is random: of the 2^256 values of 32 bytes, fewer than 2^170 can have
 * shorter outputs, since no two have the same; and so it is for their texts in hexadecimal and base64.
 */
const MIN_COMPRESSED_BYTES = 22

const KEY_TEXTS = [
  /---- ?BEGIN/, // PEM (RFC 7468), ssh (RFC 4716)
  /^\s*(?:ssh-|ecdsa-sha2-|sk-(?:ssh|ecdsa)-)/,
  /^\0\0\0.(?:ssh-|ecdsa-sha2-|sk-(?:ssh|ecdsa)-)/s, // what such a line has in base64 (RFC 4253 §6.6)
  /^(?:\xef\xbb\xbf)?\s*[[{][^]*"(?:kty|keys)"\s*:/ // JWK (RFC 7517), with a byte order mark or without
]
const BASE64 = /^[\w+/-]+={0,2}$/
const HEX = /^[\da-f]+$/i
const DER_SEQUENCE = 0x30 // with which the DER of every key begins, and few secrets do

/**
 * Refuses what is no secret: a public key lets everyone sign (RFC 8725 §2.1), and so does what can be guessed (§3.5).
 *
 * @throws InvalidOptionError; the message never holds any part of the secret
 */
export function checkHmacSecret (option: string, secret: Buffer): void {
  const spellings = [secret, ...decoded(secret)]
  if ([...spellings, ...spellings.flatMap(decoded)].some(isKey)) {
    throw new InvalidOptionError(
      `${option} looks like a key in PEM, DER, JWK or ssh: give a key pair as { private, public } in PEM, or random bytes as an HMAC secret`)
  }
  if (secret.length < MIN_BYTES) {
    throw new InvalidOptionError(`${option} has ${secret.length} bytes: give at least ${MIN_BYTES} random ones, for example from "openssl rand -base64 32"`)
  }
  // What hexadecimal halves can be too short to tell.
  if (spellings.some((bytes) => bytes.length > MIN_COMPRESSED_BYTES && isPattern(bytes))) {
    throw new InvalidOptionError(`${option} is a pattern that repeats itself, which can be guessed: give at least ${MIN_BYTES} random bytes, for example from "openssl rand -base64 32"`)
  }
}

/** What the text is in base64 and in hexadecimal. Tools leave quotes, line breaks as `\n`, colons, a byte order mark and the zeros of UTF-16 in it. */
function decoded (secret: Buffer): Buffer[] {
  const text = secret.toString('latin1').replace(/\\[nr]|^0x|^(?:\xff\xfe|\xfe\xff|\xef\xbb\xbf)|[\s\0"':]/g, '')
  return [
    ...(text.length < secret.length ? [Buffer.from(text, 'latin1')] : []),
    ...(BASE64.test(text) ? [Buffer.from(text, 'base64')] : []),
    ...(HEX.test(text) ? [Buffer.from(text, 'hex')] : [])
  ]
}

function isPattern (bytes: Buffer): boolean {
  return deflateRawSync(bytes, { level: 9 }).length < MIN_COMPRESSED_BYTES
}

function isKey (bytes: Buffer): boolean {
  const text = bytes.toString('latin1')
  return KEY_TEXTS.some((pattern) => pattern.test(text)) || (bytes[0] === DER_SEQUENCE && READERS.some((read) => reads(read, bytes)))
}

/** Node.js decides what is a key in DER. */
const READERS: ReadonlyArray<(key: Buffer) => unknown> = [
  (key) => createPublicKey({ key, format: 'der', type: 'spki' }),
  (key) => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'sec1' }),
  (key) => new X509Certificate(key)
]

function reads (read: (key: Buffer) => unknown, bytes: Buffer): boolean {
  try {
    read(bytes)
    return true
  } catch (error) {
    return (error as { code?: unknown }).code === 'ERR_MISSING_PASSPHRASE' // an encrypted key
  }
}
