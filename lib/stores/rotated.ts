import type { Rotation, Session } from '../../types/session.ts'
import { unpackPayload } from './payload.ts'

/** What of a session a rotation leaves as it is, the payload still packed. */
export interface Kept {
  subject: string
  createdAt: number
  endsAt: number
  payload: string
}

/** As Redis and PostgreSQL keep it: a host's clock may have fractions of a millisecond. */
export function wholeTimes ({ generation, current, rotatedAt, expiresAt }: Rotation): Rotation {
  return { generation, current, rotatedAt: Math.floor(rotatedAt), expiresAt: Math.floor(expiresAt) }
}

/** A session of what a rotation writes and what it leaves. */
export function assemble (id: string, { generation, current, rotatedAt, expiresAt }: Rotation, { subject, createdAt, endsAt, payload }: Kept): Session {
  return { id, subject, generation, current, createdAt, rotatedAt, expiresAt, endsAt, ...unpackPayload(payload, subject) }
}
