import { createHash, createHmac, hash } from 'node:crypto'

const BLOCK = 64 // bytes that SHA-256 takes at once
const DIGEST = 32 // bytes
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c
const ROOM = 6144 // bytes
const LONGEST = ROOM / 3 // characters: in UTF-8 one takes three bytes at most

/**
 * HMAC-SHA-256 (RFC 2104) of a text in UTF-8, base64url. The two hashes of which it is made take half of the time of
 * `createHmac`, which sets up a stream for each text.
 */
export function createHmacSha256 (secret: Buffer): (text: string) => string {
  const key = Buffer.alloc(BLOCK)
  key.set(secret.length > BLOCK ? createHash('sha256').update(secret).digest() : secret)
  // The padded key stays in front; what is hashed is written behind it.
  const inner = Buffer.concat([key.map((byte) => byte ^ INNER_PAD), Buffer.alloc(ROOM)])
  const outer = Buffer.concat([key.map((byte) => byte ^ OUTER_PAD), Buffer.alloc(DIGEST)])

  return function hmacSha256 (text) {
    if (text.length > LONGEST) return createHmac('sha256', secret).update(text).digest('base64url')
    const end = BLOCK + inner.write(text, BLOCK)
    outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK, 'binary')
    return hash('sha256', outer, 'base64url')
  }
}
