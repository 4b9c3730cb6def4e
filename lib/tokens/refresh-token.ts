import { hash, randomUUID } from 'node:crypto'
import type { Session } from '../../types/session.ts'
import { isSessionId, isText, own, toNumericDate } from '../json.ts'
import { readDeviceKey } from './dbsc/device-key.ts'
import type { PublicKey } from './dpop/public-key.ts'
import type { Keyring, Refusal } from './keyring.ts'
import { isAbsentOr } from './payload.ts'

export const REFRESH_TOKEN_TYP = 'rt+jwt'

/** The terms that a login set for its session. They are kept in the refresh token, so that stores need not know them. */
export interface SessionTerms {
  /** Milliseconds; null: `refreshToken.expiresIn`. */
  idleLife: number | null
  /** false: the cookie ends with the browser. */
  persistent: boolean
  /** When the user was last authenticated, in seconds since the epoch; null: unknown. */
  authTime: number | null
  /** RFC 7638 thumbprint of the key that the session is bound to (RFC 9449 §6); null: of none. */
  jkt: string | null
  /** The `key` of the old token that was traded in for the session (option `adopt`); null after a login. */
  adoptedKey: string | null
  /** The key of the device that the browser has registered (Device Bound Session Credentials); null: none. Never beside a `jkt`. */
  device: PublicKey | null
}

/** A refresh token of good signature. Times in milliseconds. */
export interface RefreshToken extends SessionTerms {
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
  sign (session: Session, parent: Pick<RefreshToken, 'generation' | 'hash' | keyof SessionTerms>): string
  /** The token, or why it is not one of ours. */
  verify (token: string): RefreshToken | Refusal
}

/** @param bindsDevices false: the key of a device in a token is passed over, so that its children have none (the feature was turned off) */
export function createRefreshTokens (keyring: Keyring, now: () => number, bindsDevices: boolean): RefreshTokens {
  /** Null for what none of our tokens has. */
  function readConfirmation (cnf: unknown): Pick<SessionTerms, 'jkt' | 'device'> | null {
    if (cnf === undefined) return UNBOUND
    const [jkt, jwk] = [own(Object(cnf), 'jkt'), own(Object(cnf), 'jwk')]
    if (isText(jkt)) return { jkt, device: null }
    const device = readDeviceKey(jwk)
    if (jkt !== undefined || device === null) return null
    return bindsDevices ? { jkt: null, device } : UNBOUND
  }

  return {
    sign (session, parent) {
      return keyring.sign({
        sub: session.subject,
        sid: session.id,
        gen: parent.generation + 1,
        jti: randomUUID(),
        par: parent.hash,
        iat: toNumericDate(now()),
        exp: toNumericDate(session.endsAt),
        // JSON leaves out what is undefined, so the defaults take no room in the cookie.
        idle: parent.idleLife === null ? undefined : parent.idleLife / 1000,
        persistent: parent.persistent ? undefined : false,
        auth_time: parent.authTime ?? undefined,
        cnf: confirmationOf(parent),
        adopted: parent.adoptedKey ?? undefined
      })
    },
    verify (token) {
      const payload = keyring.verify(token)
      if (typeof payload === 'string') return payload
      const [sub, sid, gen, jti, par] = ['sub', 'sid', 'gen', 'jti', 'par'].map((claim) => own(payload, claim))
      // Only we sign under this key; a payload of another shape comes from another version or another app with our secret.
      if (!isText(sub) || !isSessionId(sid) || !isText(jti) || !isText(par) || !isCount(gen)) return 'malformed'
      const [idle, persistent, authTime, adoptedKey] = ['idle', 'persistent', 'auth_time', 'adopted'].map((claim) => own(payload, claim))
      if (!isAbsentOr(isCount, idle) || !isAbsentOr(isFalse, persistent) || !isAbsentOr(isCount, authTime)) return 'malformed'
      if (!isAbsentOr(isText, adoptedKey)) return 'malformed'
      const binding = readConfirmation(own(payload, 'cnf'))
      if (binding === null) return 'malformed'
      const { iat, exp } = payload as { iat: number, exp: number }
      // The store only gets the hash of the `jti`: whoever reads the store cannot make a token of it.
      const tokenHash = hash('sha256', jti, 'base64url')
      return {
        subject: sub,
        sessionId: sid,
        generation: gen,
        hash: tokenHash,
        parent: par,
        issuedAt: iat * 1000,
        endsAt: exp * 1000,
        idleLife: idle === undefined ? null : idle * 1000,
        persistent: persistent === undefined,
        authTime: authTime ?? null,
        ...binding,
        adoptedKey: adoptedKey ?? null
      }
    }
  }
}

const UNBOUND = { jkt: null, device: null }

/** The claim `cnf` (RFC 7800 §3): a device's key is there as a whole, since it verifies what the browser signs later. */
function confirmationOf ({ jkt, device }: SessionTerms): object | undefined {
  if (device !== null) return { jwk: device.jwk }
  return jkt === null ? undefined : { jkt }
}

function isFalse (value: unknown): value is false {
  return value === false
}

function isCount (value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}
