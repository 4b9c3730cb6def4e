import type { Rotation, Session } from '../../types/session.ts'
import { own } from '../json.ts'
import { unpackPayload } from './payload.ts'

/** What of a session a rotation leaves as it is, the payload still packed. */
export interface Kept {
  subject: string
  createdAt: number
  endsAt: number
  boundTo: string | null
  payload: string
}

/** What each rotation writes. */
export type Moved = Omit<Rotation, 'boundTo'>

/** As Redis and PostgreSQL keep it: a host's clock may have fractions of a millisecond. */
export function wholeTimes ({ generation, current, rotatedAt, expiresAt }: Rotation): Moved {
  return { generation, current, rotatedAt: Math.floor(rotatedAt), expiresAt: Math.floor(expiresAt) }
}

/** The key that a rotation binds its session to; undefined where it leaves `boundTo` as it is. */
export function bindingOf (next: Rotation): string | undefined {
  return own(next, 'boundTo') as string | undefined
}

/** A session of what a rotation writes and what it leaves. */
export function assemble (id: string, { generation, current, rotatedAt, expiresAt }: Moved, kept: Kept): Session {
  const { subject, createdAt, endsAt, boundTo, payload } = kept
  return { id, subject, generation, current, createdAt, rotatedAt, expiresAt, endsAt, boundTo, ...unpackPayload(payload, subject) }
}
