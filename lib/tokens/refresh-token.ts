import { hash, randomUUID } from 'node:crypto'
import type { Session } from '../../types/session.ts'
import { isSessionId, isText, own, toNumericDate } from '../json.ts'
import type { Keyring, Refusal } from './keyring.ts'

export const REFRESH_TOKEN_TYP = 'rt+jwt'

/** A refresh token of good signature. Times in milliseconds. */
export interface RefreshToken {
  subject: string
  sessionId: string
  generation: number
  /** SHA-256 of its `jti`. */
  hash: string
  /** SHA-256 of its parent's `jti`. */
  parent: string
  issuedAt: number
  /** The absolute end of its session. */
  endsAt: number
}

export interface RefreshTokens {
  /** The token that follows the session's `current` one. */
  sign (session: Session, parent: Pick<RefreshToken, 'generation' | 'hash'>): string
  /** The token, or why it is none of ours. */
  verify (token: string): RefreshToken | Refusal
}

export function createRefreshTokens (keyring: Keyring, now: () => number): RefreshTokens {
  return {
    sign (session, parent) {
      return keyring.sign({
        sub: session.subject,
        sid: session.id,
        gen: parent.generation + 1,
        jti: randomUUID(),
        par: parent.hash,
        iat: toNumericDate(now()),
        exp: toNumericDate(session.endsAt)
      })
    },
    verify (token) {
      const payload = keyring.verify(token)
      if (typeof payload === 'string') return payload
      const [sub, sid, gen, jti, par] = ['sub', 'sid', 'gen', 'jti', 'par'].map((claim) => own(payload, claim))
      // Only we sign under this key; a payload of another shape comes from another version or another app with our secret.
      if (!isText(sub) || !isSessionId(sid) || !isText(jti) || !isText(par) || !isGeneration(gen)) return 'malformed'
      const { iat, exp } = payload as { iat: number, exp: number }
      // The store only gets the hash of the `jti`: whoever reads the store cannot make a token of it.
      const tokenHash = hash('sha256', jti, 'base64url')
      return { subject: sub, sessionId: sid, generation: gen, hash: tokenHash, parent: par, issuedAt: iat * 1000, endsAt: exp * 1000 }
    }
  }
}

function isGeneration (value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}
