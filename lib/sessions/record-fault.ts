import type { Session } from '../../types/session.ts'
import { isObject, isText, own } from '../json.ts'

const NUMBERS = ['generation', 'createdAt', 'rotatedAt', 'expiresAt', 'endsAt'] as const

/**
 * What is wrong with a record, in words for the log, or null if nothing is. Drivers may return strings or BigInts instead of
 * numbers, `undefined` for a renamed column, and even the row of another query.
 *
 * @param subject to whom the session must belong; null if that is not known
 */
export function recordFault (session: Session, id: string, subject: string | null): string | null {
  if (!isObject(session)) return 'it is not an object'
  if (session.id !== id) return 'its id is not the one that was asked for'
  if (subject !== null && session.subject !== subject) return 'its subject is not that of the token'
  if (!isText(session.current)) return 'its "current" is not a non-empty string'
  const number = NUMBERS.find((name) => !Number.isSafeInteger(session[name]))
  if (number !== undefined) return `its "${number}" is not a whole number`
  if (!isBoundTo(boundToOf(session))) return 'its "boundTo" is neither a non-empty string nor null'
  if (!isObject(session.claims) || session.claims.sub !== session.subject) return 'its claims are not those of its subject'
  return null
}

/** A custom store that was written before `boundTo` was introduced returns records without it. */
export function boundToOf (session: Session): string | null {
  return (own(session, 'boundTo') ?? null) as string | null
}

function isBoundTo (value: unknown): boolean {
  return value === null || isText(value)
}
