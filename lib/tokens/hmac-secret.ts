import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { InvalidOptionError } from '../errors.ts'

const MIN_BYTES = 32 // RFC 7518 §3.2

/**
 * The smallest size in bytes that deflate may compress a secret to. It compresses one letter 32 times to 5 bytes, "changeme"
 * four times to 13, and the hexadecimal digits twice to 21. Random bytes are practically never refused: of the 2^256 values of
 * 32 bytes, fewer than 2^170 can have shorter outputs, since no two have the same. The same holds for their hexadecimal and
 * base64 encodings.
 */
const MIN_COMPRESSED_BYTES = 22

const KEY_TEXTS = [
  /---- ?BEGIN/, // PEM (RFC 7468), ssh (RFC 4716)
  /^\s*(?:ssh-|ecdsa-sha2-|sk-(?:ssh|ecdsa)-)/,
  /^\0\0\0.(?:ssh-|ecdsa-sha2-|sk-(?:ssh|ecdsa)-)/s, // the decoded base64 of such a line (RFC 4253 §6.6)
  /^(?:\xef\xbb\xbf)?\s*[[{][^]*"(?:kty|keys)"\s*:/ // JWK (RFC 7517), with a byte order mark or without
]
const BASE64 = /^[\w+/-]+={0,2}$/
const HEX = /^[\da-f]+$/i
const DER_SEQUENCE = 0x30 // the first byte of every key in DER, and of few secrets

/**
 * Refuses what is not secret: with a public key everyone could sign (RFC 8725 §2.1), and with a guessable string as well (§3.5).
 *
 * @throws InvalidOptionError; the message never contains any part of the secret
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
  // Decoded hexadecimal is half as long, and can be too short to judge.
  if (spellings.some((bytes) => bytes.length > MIN_COMPRESSED_BYTES && isPattern(bytes))) {
    throw new InvalidOptionError(`${option} is a repeated pattern, which can be guessed: give at least ${MIN_BYTES} random bytes, for example from "openssl rand -base64 32"`)
  }
}

/** The string decoded from base64 and hexadecimal. Tools leave quotes, `\n` escapes, colons, a byte order mark and UTF-16 zeros in it. */
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

/** Whether Node.js accepts it as a key in DER. */
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
