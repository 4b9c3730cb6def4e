import type { Session } from '../../../types/session.ts'
import { packPayload } from '../payload.ts'
import { assemble, type Kept } from '../rotated.ts'
import type { SqlValue } from './query.ts'

/** The columns that a rotation does not write, except for `bound_to`, which it may. */
export interface KeptRow {
  subject: Text | Whole
  created_at: Whole
  ends_at: Whole
  bound_to: Text | null
  payload: Text
}

export interface SessionRow extends KeptRow {
  id: Text
  generation: Whole
  current: Text
  rotated_at: Whole
  expires_at: Whole
}

/** MySQL drivers return a VARBINARY as bytes. */
type Text = string | Uint8Array
/** pg returns a bigint as a string, PGlite as a number; an app may have configured pg to return a BigInt, or made `generation` a bigint. */
export type Whole = string | number | bigint

/** In the order of the columns. */
export function toValues (session: Session): SqlValue[] {
  const { id, subject, generation, current, createdAt, rotatedAt, expiresAt, endsAt, boundTo } = session
  const times = [createdAt, rotatedAt, expiresAt, endsAt].map(Math.floor)
  return [id, subject, generation, current, ...times, boundTo, packPayload(session)]
}

export function toSession (row: SessionRow): Session {
  const { id, generation, current, rotated_at: rotatedAt, expires_at: expiresAt } = row
  const moved = { generation: Number(generation), current: toText(current), rotatedAt: Number(rotatedAt), expiresAt: Number(expiresAt) }
  return assemble(toText(id), moved, toKept(row))
}

export function toKept ({ subject, created_at: createdAt, ends_at: endsAt, bound_to: boundTo, payload }: KeptRow): Kept {
  return {
    subject: toText(subject),
    createdAt: Number(createdAt),
    endsAt: Number(endsAt),
    boundTo: boundTo === null ? null : toText(boundTo),
    payload: toText(payload)
  }
}

export function toText (value: Text | Whole): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value)
}
