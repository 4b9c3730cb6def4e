import type { Session } from '../types/session.ts'
import { isText } from './is-text.ts'
import type { Keyring } from './keyring.ts'
import { randomId } from './random-id.ts'
import type { PresentedToken } from './rotation.ts'
import { toSeconds } from './seconds.ts'
import { sha256 } from './sha256.ts'

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
      // Of the `jti` the store gets the hash: who reads the store cannot make a token of it.
      return { subject: sub, sessionId: sid, generation: gen, hash: sha256(jti), parent: par, issuedAt: iat * 1000, endsAt: exp * 1000 }
    }
  }
}

function isWhole (value: unknown): value is number {
  return Number.isSafeInteger(value)
}
