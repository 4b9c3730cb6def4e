import type { Rotation, Session } from '../../types/session.ts'
import type { RotationWindows } from '../config.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'

/**
 * The rotation rules (docs/rotation-proof.md), as a pure function: no clock, no store, no Fastify.
 *
 * Why there are rules and not one line: RFC 9700 §4.14.2 asks that each refresh token be used once and that a
 * second use end the session. Taken literally, that logs out two tabs that wake together and a phone whose answer
 * was lost in a tunnel. The rules below tell those from a thief.
 */

/** What the rules look at in a verified refresh token. */
export type PresentedToken = Omit<RefreshToken, 'subject' | 'sessionId' | 'persistent' | 'authTime' | 'jkt'>

export type RotationCase = 'confirm' | 'young' | 'retry' | 'ahead' | 'static'

/** The session has ended, or never existed. */
export interface Gone {
  type: 'gone'
  code: 'expired' | 'revoked'
}

export type Decision =
  | Gone
  /** Only a thief or its victim can still hold this token. */
  | { type: 'reuse' }
  /** Accepted. `write` is what to store first, if there is something to store; `child`: issue a new refresh token. */
  | { type: 'accept', case: RotationCase, child: boolean, write: Rotation | null }

export const LOGIN_GENERATION = 1

/** Judges a refresh token of good signature against its session's record; first match wins. */
export function decide (session: Session | null, token: PresentedToken, now: number, windows: RotationWindows): Decision {
  if (session === null || !isAlive(session, now)) return gone(token, now, windows)

  const isNext = token.generation === session.generation + 1 && token.parent === session.current
  const isCurrent = token.generation === session.generation && token.hash === session.current
  // Without its key, a token of a bound session is from before the binding, however many of its kind the store has lost.
  const isRecovery = isAhead(session, token) && within(now - token.issuedAt, windows.recoveryWindow) && fitsBinding(session, token)

  if (!windows.rotate && token.generation === LOGIN_GENERATION && (isNext || isCurrent)) {
    return { type: 'accept', case: 'static', child: false, write: keepAlive(session, token, now, now, windows) }
  }
  // Ahead too: were it confirmed at once, requests with its parent that are still on their way would count as reuse.
  if ((isNext || isRecovery) && isYoung(token, now, windows)) return { type: 'accept', case: 'young', child: false, write: null }
  if (isNext) return { type: 'accept', case: 'confirm', child: true, write: confirmation(token, now, windows) }
  if (isCurrent) {
    const age = now - session.rotatedAt
    if (within(age, windows.overlap)) return { type: 'accept', case: 'retry', child: false, write: null }
    // rotatedAt stays: were the window opened anew, a thief could keep its victim's token from ever counting as reused.
    if (within(age, windows.retryWindow)) {
      return { type: 'accept', case: 'retry', child: true, write: keepAlive(session, token, session.rotatedAt, now, windows) }
    }
  }
  if (isRecovery) return { type: 'accept', case: 'ahead', child: true, write: confirmation(token, now, windows) }
  return { type: 'reuse' }
}

/**
 * What a token writes where it is its session's next one, or null where the record must be read first. The store's
 * compare-and-set on `token.parent` then is the whole check, in one round trip.
 */
export function firstGuess (token: PresentedToken, now: number, windows: RotationWindows): Rotation | null {
  if (isYoung(token, now, windows)) return null
  if (windows.rotate || token.generation !== LOGIN_GENERATION) return confirmation(token, now, windows)
  return { generation: 0, current: token.parent, rotatedAt: now, expiresAt: idleEnd(token, token.endsAt, now, windows) }
}

/** What to tell a client whose session is gone: the token's own times say whether it ran out or was ended. */
export function gone (token: PresentedToken, now: number, windows: RotationWindows): Gone {
  const expired = token.endsAt <= now || token.issuedAt + idleLife(token, windows) <= now
  return { type: 'gone', code: expired ? 'expired' : 'revoked' }
}

/**
 * Whether the session has gone on without this token. Who holds such a token may have found it in an old log: it must not
 * end more than its own session.
 */
export function isOutdated (session: Session, token: PresentedToken): boolean {
  return token.generation < session.generation || (token.generation === session.generation && token.hash !== session.current)
}

/** Whether a token serves once, because no window is open in which it may come again. */
export function isOneTime ({ rotate, overlap, retryWindow }: RotationWindows): boolean {
  return rotate && overlap === 0 && retryWindow === 0
}

/** By the app's clock: a store drops expired records by its own. */
export function isAlive (session: Session, now: number): boolean {
  return session.expiresAt > now && session.endsAt > now
}

/**
 * Whether the store has lost writes, or answers with a record from before them. Each other token that is reuse stays so,
 * because the generation of a record only rises.
 */
export function isAhead (session: Session, token: Pick<PresentedToken, 'generation'>): boolean {
  return token.generation > session.generation + 1
}

/**
 * A second tab or a quick reload. No tab can have had another token before the login's, which is young only while the
 * browser may be registering a key with it.
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
  // Confirmed by use, as the token is: if the answer to the registration is lost, the session stays unbound.
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
