import type { Session, SessionClaims, SessionMetadata } from '../../types/session.ts'
import type { RotationWindows } from '../config.ts'
import { toNumericDate } from '../json.ts'
import type { LoginTerms } from './login-terms.ts'

export interface NewSession {
  id: string
  /** The parent of the session's first refresh token. */
  root: string
  claims: SessionClaims
  metadata: SessionMetadata
  terms: LoginTerms
}

/** Returns the record of a session that begins now. */
export function newSession ({ id, root, claims, metadata, terms }: NewSession, windows: RotationWindows, now: number): Session {
  const endsAt = (toNumericDate(now) + terms.maxAge) * 1000 // a token's `exp` is in whole seconds
  return {
    id,
    subject: claims.sub,
    generation: 0,
    current: root,
    createdAt: now,
    rotatedAt: now,
    expiresAt: Math.min(now + (terms.idleLife ?? windows.expiresIn), endsAt),
    endsAt,
    boundTo: null,
    claims,
    metadata
  }
}
