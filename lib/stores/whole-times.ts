import type { Rotation } from '../../types/session.ts'

/** As Redis and PostgreSQL keep it: a host's clock may have fractions of a millisecond. */
export function wholeTimes ({ generation, current, rotatedAt, expiresAt }: Rotation): Rotation {
  return { generation, current, rotatedAt: Math.floor(rotatedAt), expiresAt: Math.floor(expiresAt) }
}
