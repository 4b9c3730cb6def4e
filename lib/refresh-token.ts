import { hash, randomBytes } from 'node:crypto'
import type { Session } from '../types/session.ts'
import { isText } from './is-text.ts'
import type { Keyring } from './keyring.ts'
import type { PresentedToken } from './rotation.ts'

export const REFRESH_TOKEN_TYP = 'rt+jwt'

/** A refresh token of good signature. */
export interface RefreshToken extends PresentedToken {
  subject: string
  sessionId: string
}

export interface RefreshTokens {
  /** The token that follows the session's `current` one. */
  sign (session: Session, parent: Pick<PresentedToken, 'generation' | 'hash'>): string
  verify (token: string): RefreshToken | 'invalid' | 'unknown key'
}

export function createRefreshTokens (keyring: Keyring, now: () => number): RefreshTokens {
  return {
    sign (session, parent) {
      return keyring.sign({
        sub: session.subject,
        sid: session.id,
        gen: parent.generation + 1,
        jti: randomId(),
        par: parent.hash,
        iat: toSeconds(now()),
        exp: toSeconds(session.endsAt)
      })
    },
    verify (token) {
      const payload = keyring.verify(token)
      if (typeof payload === 'string') return payload
      const { sub, sid, gen, jti, par, iat, exp } = payload
      // Only we sign under this key; a payload of another shape comes from another version or another app with our secret.
      if (!isText(sub) || !isText(sid) || !isText(jti) || !isText(par) || !isWhole(gen) || gen < 1 || !isWhole(iat) || !isWhole(exp)) return 'invalid'
      return { subject: sub, sessionId: sid, generation: gen, hash: sha256(jti), parent: par, issuedAt: iat * 1000, endsAt: exp * 1000 }
    }
  }
}

const ID_BYTES = 16 // 128 bits
const POOL_BYTES = 256 * ID_BYTES
let pool = Buffer.alloc(0)
let poolUsed = 0

/** 128 random bits, base64url. From a pool, as randomUUID of Node.js does it: asking for so few costs as much as for all. */
export function randomId (): string {
  if (poolUsed === pool.length) {
    pool = randomBytes(POOL_BYTES)
    poolUsed = 0
  }
  const start = poolUsed
  poolUsed += ID_BYTES
  return pool.toString('base64url', start, poolUsed)
}

/** SHA-256, base64url. The store keeps it in place of a `jti`: one who reads the store cannot make a token of it, nor of its hash. */
export function sha256 (text: string): string {
  return hash('sha256', text, 'base64url')
}

/** A NumericDate (RFC 7519 §2). */
export function toSeconds (milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}

function isWhole (value: unknown): value is number {
  return Number.isSafeInteger(value)
}
