import { hash, randomUUID } from 'node:crypto'
import type { Session } from '../../types/session.ts'
import { isSessionId, isText, own, toNumericDate } from '../json.ts'
import { readDeviceKey } from './dbsc/device-key.ts'
import type { PublicKey } from './dpop/public-key.ts'
import type { Keyring, Refusal } from './keyring.ts'
import { isAbsentOr } from './payload.ts'

export const REFRESH_TOKEN_TYP = 'rt+jwt'

/** The terms that a login has set for its session. They are kept in the refresh token, so stores need not know them. */
export interface SessionTerms {
  /** Milliseconds; null: `refreshToken.expiresIn`. */
  idleLife: number | null
  /** false: the cookie ends with the browser. */
  persistent: boolean
  /** When the user was last authenticated, in seconds since the epoch; null: unknown. */
  authTime: number | null
  /** RFC 7638 thumbprint of the key to which the session is bound (RFC 9449 §6); null: none. */
  jkt: string | null
  /** The `key` of the old token that was traded in for the session (option `adopt`); null after a login. */
  adoptedKey: string | null
  /** The device key that the browser has registered (Device Bound Session Credentials); null: none. Never together with a `jkt`. */
  device: PublicKey | null
}

/** A verified refresh token. Times are in milliseconds. */
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
  /** Signs a child of the given token. */
  sign (session: Session, parent: Pick<RefreshToken, 'generation' | 'hash' | keyof SessionTerms>): string
  /** The token, or why it is refused. */
  verify (token: string): RefreshToken | Refusal
}

/** @param bindsDevices false: the device key in a token is ignored, so its children have none (`deviceBound` has been turned off) */
export function createRefreshTokens (keyring: Keyring, now: () => number, bindsDevices: boolean): RefreshTokens {
  /** Null for a value that no token of the plugin has. */
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
        // JSON omits undefined values, so defaults take no space in the cookie.
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
      // Only this plugin signs with this key; a payload of another shape is from another version, or another app with the same secret.
      if (!isText(sub) || !isSessionId(sid) || !isText(jti) || !isText(par) || !isCount(gen)) return 'malformed'
      const [idle, persistent, authTime, adoptedKey] = ['idle', 'persistent', 'auth_time', 'adopted'].map((claim) => own(payload, claim))
      if (!isAbsentOr(isCount, idle) || !isAbsentOr(isFalse, persistent) || !isAbsentOr(isCount, authTime)) return 'malformed'
      if (!isAbsentOr(isText, adoptedKey)) return 'malformed'
      const binding = readConfirmation(own(payload, 'cnf'))
      if (binding === null) return 'malformed'
      const { iat, exp } = payload as { iat: number, exp: number }
      // The store gets only a hash of the `jti`, so that nothing in it helps to forge a token.
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

/** The claim `cnf` (RFC 7800 §3). It contains the whole device key, which verifies what the browser signs later. */
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
