import type { Rotation, Session } from '../../types/session.ts'
import type { RotationWindows } from '../config.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'

/**
 * The rotation rules (docs/rotation-proof.md), as a pure function: no clock, no store, no Fastify.
 *
 * Why the rules are needed: RFC 9700 §4.14.2 asks that each refresh token be used once and that a second use end the session.
 * Taken literally, that logs out users with two tabs that wake up together, and users of a phone that lost a response in a tunnel.
 * The rules below distinguish these from a thief.
 */

/** The properties of a verified refresh token that the rules use. */
export type PresentedToken = Omit<RefreshToken, 'subject' | 'sessionId' | 'persistent' | 'authTime' | 'jkt'>

export type RotationCase = 'confirm' | 'young' | 'retry' | 'ahead' | 'static'

/** The session has ended, or never existed. */
export interface Gone {
  type: 'gone'
  code: 'expired' | 'revoked'
}

export type Decision =
  | Gone
  /** The token was used again, so it was copied. */
  | { type: 'reuse' }
  /** Accepted. `write`: what to store first, or null; `child`: whether to issue a new refresh token. */
  | { type: 'accept', case: RotationCase, child: boolean, write: Rotation | null }

export const LOGIN_GENERATION = 1

/** Judges a verified refresh token by the record of its session. The first matching rule applies. */
export function decide (session: Session | null, token: PresentedToken, now: number, windows: RotationWindows): Decision {
  if (session === null || !isAlive(session, now)) return gone(token, now, windows)

  const isNext = token.generation === session.generation + 1 && token.parent === session.current
  const isCurrent = token.generation === session.generation && token.hash === session.current
  // In a bound session, a token without the key is from before the binding, no matter how many writes the store has lost.
  const isRecovery = isAhead(session, token) && within(now - token.issuedAt, windows.recoveryWindow) && fitsBinding(session, token)

  if (!windows.rotate && token.generation === LOGIN_GENERATION && (isNext || isCurrent)) {
    return { type: 'accept', case: 'static', child: false, write: keepAlive(session, token, now, now, windows) }
  }
  // Also if it is ahead: if it were confirmed at once, requests with its parent that are still on their way would count as reuse.
  if ((isNext || isRecovery) && isYoung(token, now, windows)) return { type: 'accept', case: 'young', child: false, write: null }
  if (isNext) return { type: 'accept', case: 'confirm', child: true, write: confirmation(token, now, windows) }
  if (isCurrent) {
    const age = now - session.rotatedAt
    if (within(age, windows.overlap)) return { type: 'accept', case: 'retry', child: false, write: null }
    // rotatedAt is not changed: if each retry restarted the window, a thief could keep the victim's token from ever counting as reused.
    if (within(age, windows.retryWindow)) {
      return { type: 'accept', case: 'retry', child: true, write: keepAlive(session, token, session.rotatedAt, now, windows) }
    }
  }
  if (isRecovery) return { type: 'accept', case: 'ahead', child: true, write: confirmation(token, now, windows) }
  return { type: 'reuse' }
}

/**
 * What to write if the token is the next one of its session, or null if the record must be read first. The store's compare-and-set
 * on `token.parent` is then the only check that is needed, in one round trip.
 */
export function firstGuess (token: PresentedToken, now: number, windows: RotationWindows): Rotation | null {
  if (isYoung(token, now, windows)) return null
  if (windows.rotate || token.generation !== LOGIN_GENERATION) return confirmation(token, now, windows)
  return { generation: 0, current: token.parent, rotatedAt: now, expiresAt: idleEnd(token, token.endsAt, now, windows) }
}

/** What to tell a client whose session is gone: the times in the token show whether the session expired or was ended. */
export function gone (token: PresentedToken, now: number, windows: RotationWindows): Gone {
  const expired = token.endsAt <= now || token.issuedAt + idleLife(token, windows) <= now
  return { type: 'gone', code: expired ? 'expired' : 'revoked' }
}

/**
 * Whether the token has been superseded. Its holder may have found it in an old log, so it must not end more than its own session.
 */
export function isOutdated (session: Session, token: PresentedToken): boolean {
  return token.generation < session.generation || (token.generation === session.generation && token.hash !== session.current)
}

/** Whether a token can be used only once, because no window allows it to be used again. */
export function isOneTime ({ rotate, overlap, retryWindow }: RotationWindows): boolean {
  return rotate && overlap === 0 && retryWindow === 0
}

/** By the app's clock; a store removes expired records by its own clock. */
export function isAlive (session: Session, now: number): boolean {
  return session.expiresAt > now && session.endsAt > now
}

/**
 * Whether the store has lost writes, or returned an older record. Reuse of any other token remains reuse, because the generation of a
 * record only rises.
 */
export function isAhead (session: Session, token: Pick<PresentedToken, 'generation'>): boolean {
  return token.generation > session.generation + 1
}

/**
 * Whether the request may come from a second tab or a quick reload. Before the login's token no tab can have had another one, so that
 * token is young only while the browser may be registering a key with it.
 */
function isYoung (token: PresentedToken, now: number, windows: RotationWindows): boolean {
  const { overlap, registration = 0 } = windows
  if (token.generation !== LOGIN_GENERATION) return within(now - token.issuedAt, overlap)
  return token.adoptedKey === null && within(now - token.issuedAt, registration)
}

function fitsBinding ({ boundTo }: Session, { device }: PresentedToken): boolean {
  return boundTo === null || boundTo === device?.jkt
}

/** Clocks differ between instances: a negative age counts as 0. */
function within (age: number, window: number): boolean {
  return Math.max(age, 0) < window
}

function confirmation (token: PresentedToken, now: number, windows: RotationWindows): Rotation {
  const { generation, hash, device } = token
  const write = { generation, current: hash, rotatedAt: now, expiresAt: idleEnd(token, token.endsAt, now, windows) }
  // Like the token, the binding is confirmed by use: if the response to the registration is lost, the session stays unbound.
  return device === null ? write : { ...write, boundTo: device.jkt }
}

function keepAlive (session: Session, token: PresentedToken, rotatedAt: number, now: number, windows: RotationWindows): Rotation {
  return { generation: session.generation, current: session.current, rotatedAt, expiresAt: idleEnd(token, session.endsAt, now, windows) }
}

function idleEnd (token: PresentedToken, endsAt: number, now: number, windows: RotationWindows): number {
  return Math.min(now + idleLife(token, windows), endsAt)
}

function idleLife (token: PresentedToken, windows: RotationWindows): number {
  return token.idleLife ?? windows.expiresIn
}
