import type { Rotation, Session } from '../../types/session.ts'
import { own } from '../json.ts'
import { unpackPayload } from './payload.ts'

/** The part of a session that a rotation does not change, with the payload still packed. */
export interface Kept {
  subject: string
  createdAt: number
  endsAt: number
  boundTo: string | null
  payload: string
}

/** What each rotation writes. */
export type Moved = Omit<Rotation, 'boundTo'>

/** Rounds the times to whole milliseconds for the database: a host's clock may return fractions. */
export function wholeTimes ({ generation, current, rotatedAt, expiresAt }: Rotation): Moved {
  return { generation, current, rotatedAt: Math.floor(rotatedAt), expiresAt: Math.floor(expiresAt) }
}

/** The key to which a rotation binds its session; undefined if it does not change `boundTo`. */
export function bindingOf (next: Rotation): string | undefined {
  return own(next, 'boundTo') as string | undefined
}

/** Builds a session from what a rotation writes and what it does not change. */
export function assemble (id: string, { generation, current, rotatedAt, expiresAt }: Moved, kept: Kept): Session {
  const { subject, createdAt, endsAt, boundTo, payload } = kept
  return { id, subject, generation, current, createdAt, rotatedAt, expiresAt, endsAt, boundTo, ...unpackPayload(payload, subject) }
}
