import type { Session } from '../../../types/session.ts'
import { packPayload } from '../payload.ts'
import { assemble, type Kept } from '../rotated.ts'
import type { Value } from './query.ts'

/** PostgreSQL has no NUL in a text, and UTF-8 no lone surrogate: two that differ in one would be the same in the table. */
const UNSTORABLE = /[\0\p{Surrogate}]/u

/** What a rotation leaves as it is. */
export interface KeptRow {
  subject: string
  created_at: Bigint
  ends_at: Bigint
  bound_to: string | null
  payload: string
}

export interface SessionRow extends KeptRow {
  id: string
  generation: Bigint
  current: string
  rotated_at: Bigint
  expires_at: Bigint
}

/** pg answers a bigint with a text, PGlite with a number, and a host can have told pg to give a BigInt, or made `generation` a bigint. */
type Bigint = string | number | bigint

/** In the order of the columns. */
export function toValues (session: Session): Value[] {
  const { id, subject, generation, current, createdAt, rotatedAt, expiresAt, endsAt, boundTo } = session
  const times = [createdAt, rotatedAt, expiresAt, endsAt].map(Math.floor)
  return [id, subject, generation, current, ...times, boundTo, packPayload(session)]
}

export function toSession (row: SessionRow): Session {
  const { id, generation, current, rotated_at: rotatedAt, expires_at: expiresAt } = row
  return assemble(id, { generation: Number(generation), current, rotatedAt: Number(rotatedAt), expiresAt: Number(expiresAt) }, toKept(row))
}

export function toKept ({ subject, created_at: createdAt, ends_at: endsAt, bound_to: boundTo, payload }: KeptRow): Kept {
  return { subject, createdAt: Number(createdAt), endsAt: Number(endsAt), boundTo, payload }
}

export function isStorable (text: string): boolean {
  return !UNSTORABLE.test(text)
}
