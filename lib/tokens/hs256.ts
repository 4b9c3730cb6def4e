import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { readObject } from './payload.ts'

const SIGNATURE = 43 // characters: 32 bytes, base64url

/** JSON Web Signatures with a fixed header and one HMAC secret (RFC 7515 §5, RFC 7518 §3.2). */
export interface Hs256 {
  sign (payload: object): string
  /** The payload of a token with exactly this header and this key's signature, otherwise the reason for refusing it. */
  verify (token: string): Record<string, unknown> | 'signature' | 'malformed'
}

/**
 * Signing and verifying are most of what this plugin costs a request, and `@fastify/jwt` takes nearly twice as long, because it
 * writes and parses the header each time. Here the header is compared as a string, so a forged header cannot choose an algorithm,
 * type or key (RFC 8725 §2.1).
 *
 * @param header encoded, as `@fastify/jwt` writes it for this key
 */
export function createHs256 (header: string, secret: Buffer): Hs256 {
  const key = createSecretKey(secret)
  const start = `${header}.`

  function signatureOf (input: string): string {
    return createHmac('sha256', key).update(input).digest('base64url')
  }

  return {
    sign (payload) {
      const input = start + Buffer.from(JSON.stringify(payload)).toString('base64url')
      return `${input}.${signatureOf(input)}`
    },
    verify (token) {
      const end = token.length - SIGNATURE - 1
      if (!token.startsWith(start) || token[end] !== '.') return 'signature'
      if (!isSame(token.slice(end + 1), signatureOf(token.slice(0, end)))) return 'signature'
      return readObject(token.slice(start.length, end)) ?? 'malformed'
    }
  }
}

/**
 * In constant time: an attacker who could measure how far a guess was right could find a signature character by
 * character. As encoded strings, so that a signature has only one spelling.
 */
function isSame (given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
