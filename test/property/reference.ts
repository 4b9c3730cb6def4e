import { DAY, MINUTE, SECOND } from '../fixtures/app.ts'
import type { Health } from './program.ts'

/**
 * A second, simpler implementation of what the README describes: tokens are objects with a reference to their parent instead of
 * signed strings with hashes, and sessions are in-memory objects instead of records in a store.
 */

export interface Token {
  session: Session
  text: string
  parent: Token | null
  generation: number
  issuedAt: number
}

/** The state that a failover may revert. */
interface Kept {
  /** null if the login's token has not been used yet. */
  confirmed: Token | null
  confirmedAt: number
  idleEnd: number
}

export interface Session {
  id: string
  subject: string
  end: number
  ended: boolean
  /** The last one is current. */
  kept: Kept[]
  tokens: Token[]
}

export interface Access {
  session: Session
  text: string
  expiresAt: number
}

export interface Windows {
  overlap: number
  retry: number
  recovery: number
}

export const lenient: Windows = { overlap: 45 * SECOND, retry: Infinity, recovery: DAY }
export const withWindow: Windows = { overlap: 45 * SECOND, retry: MINUTE, recovery: DAY }
export const strict: Windows = { overlap: 0, retry: 0, recovery: 0 }

export const IDLE = 7 * DAY
const LIFE = 30 * DAY
const ACCESS = 15 * MINUTE

export type Answer = 'access' | 'access and cookie' | 'reuse' | 'revoked' | 'expired' | 'unavailable'

export function startSession (id: string, subject: string, text: string, now: number): Session {
  const session: Session = {
    id,
    subject,
    end: wholeSeconds(now) + LIFE,
    ended: false,
    kept: [{ confirmed: null, confirmedAt: now, idleEnd: now + IDLE }],
    tokens: []
  }
  session.tokens.push({ session, text, parent: null, generation: 1, issuedAt: wholeSeconds(now) })
  return session
}

export function lives ({ ended, end, kept }: Session, now: number): boolean {
  return !ended && now < end && now < kept.at(-1)!.idleEnd
}

/** Whether the token has been superseded. A logout everywhere with such a token ends only its own session. */
export function isOutdated (token: Token): boolean {
  const { confirmed } = token.session.kept.at(-1)!
  const reached = confirmed?.generation ?? 0
  return token.generation < reached || (token.generation === reached && token !== confirmed)
}

/** The expiry time of an access token issued at `now`. */
export function accessEnd ({ end }: Session, now: number): number {
  return Math.min(wholeSeconds(now) + ACCESS, end)
}

/** Refreshes with the token and returns the result. */
export function refresh (token: Token, now: number, windows: Windows, health: Health): Answer {
  const { session } = token
  if (now >= session.end) return 'expired'
  const { confirmed, confirmedAt } = session.kept.at(-1)!
  const isNext = token.parent === confirmed
  const isYoung = token.generation > 1 && now - token.issuedAt < windows.overlap
  // With the next token, if it is not young, the store is written before it is read.
  if (health === 'deaf' && lives(session, now) && isNext && !isYoung) confirm()
  if (health !== 'sound') return 'unavailable'
  if (!lives(session, now)) return now - token.issuedAt >= IDLE ? 'expired' : 'revoked'

  const isAhead = token.generation > (confirmed?.generation ?? 0) + 1 && now - token.issuedAt < windows.recovery
  if ((isNext || isAhead) && isYoung) return 'access'
  if (isNext) return confirm()
  if (token === confirmed) {
    if (now - confirmedAt < windows.overlap) return 'access'
    if (now - confirmedAt < windows.retry) {
      session.kept.push({ confirmed, confirmedAt, idleEnd: idleEnd() })
      return 'access and cookie'
    }
  }
  if (isAhead) return confirm()
  session.ended = true
  return 'reuse'

  function confirm (): Answer {
    session.kept.push({ confirmed: token, confirmedAt: now, idleEnd: idleEnd() })
    return 'access and cookie'
  }

  function idleEnd (): number {
    return Math.min(now + IDLE, session.end)
  }
}

export function wholeSeconds (milliseconds: number): number {
  return milliseconds - milliseconds % SECOND
}
