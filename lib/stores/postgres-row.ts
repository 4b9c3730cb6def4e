import type { Session } from '../../types/session.ts'
import { packPayload, unpackPayload } from './payload.ts'

/** PostgreSQL has no NUL in a text, and UTF-8 no lone surrogate: two that differ in one would be the same in the table. */
const UNSTORABLE = /[\0\p{Surrogate}]/u

export interface SessionRow {
  id: string
  subject: string
  generation: number
  current: string
  created_at: Bigint
  rotated_at: Bigint
  expires_at: Bigint
  ends_at: Bigint
  payload: string
}

/** pg answers a bigint with a text, PGlite with a number, and a host can have told pg to give a BigInt. */
type Bigint = string | number | bigint

/** In the order of the columns. */
export function toValues (session: Session): unknown[] {
  const { id, subject, generation, current, createdAt, rotatedAt, expiresAt, endsAt } = session
  const times = [createdAt, rotatedAt, expiresAt, endsAt].map(Math.floor)
  return [id, subject, generation, current, ...times, packPayload(session)]
}

export function toSession (row: SessionRow): Session {
  return {
    id: row.id,
    subject: row.subject,
    generation: row.generation,
    current: row.current,
    createdAt: Number(row.created_at),
    rotatedAt: Number(row.rotated_at),
    expiresAt: Number(row.expires_at),
    endsAt: Number(row.ends_at),
    ...unpackPayload(row.payload, row.subject)
  }
}

export function isStorable (text: string): boolean {
  return !UNSTORABLE.test(text)
}
