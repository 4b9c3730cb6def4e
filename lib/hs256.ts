import { timingSafeEqual } from 'node:crypto'
import { createHmacSha256 } from './hmac.ts'
import { isObject } from './is-object.ts'

const SIGNATURE = 43 // characters: 32 bytes, base64url
const BASE64URL = /^[\w-]*$/

/** JSON Web Signatures of one header and one HMAC secret (RFC 7515 §5, RFC 7518 §3.2). */
export interface Hs256 {
  sign (payload: object): string
  /** The payload of a token with this header and its signature, to the letter; null for every other text. */
  verify (token: string): Record<string, unknown> | null
}

/**
 * Signing and verifying are most of what this plugin costs a request, and `@fastify/jwt` takes twice as long: it writes and
 * reads the header each time. Here it is one text that is compared, so there is no algorithm, type or key in it that could
 * be read wrong (RFC 8725 §2.1).
 *
 * @param header encoded, as `@fastify/jwt` writes it for this key
 */
export function createHs256 (header: string, secret: Buffer): Hs256 {
  const hmac = createHmacSha256(secret)
  const start = `${header}.`

  return {
    sign (payload) {
      const input = start + Buffer.from(JSON.stringify(payload)).toString('base64url')
      return `${input}.${hmac(input)}`
    },
    verify (token) {
      const end = token.length - SIGNATURE - 1
      if (!token.startsWith(start) || token[end] !== '.') return null
      if (!isSame(token.slice(end + 1), hmac(token.slice(0, end)))) return null
      const payload = token.slice(start.length, end)
      if (!BASE64URL.test(payload)) return null // Buffer would pass over what does not belong there (RFC 4648 §3.3)
      return parseObject(Buffer.from(payload, 'base64url').toString())
    }
  }
}

/** In the same time wherever they differ: one who sees how far a guess was right could guess on, letter by letter. */
function isSame (given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Another program that has the secret may have signed anything. */
function parseObject (text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
