import { hash } from 'node:crypto'
import type { Session } from '../../types/session.ts'
import type { RefreshToken, SessionTerms } from '../tokens/refresh-token.ts'
import { LOGIN_GENERATION } from './rotation.ts'

/**
 * Represents the old token of an adopted session to the rotation rules, as the session's first token. Its children may be young,
 * which is needed when several tabs send the old token at the same time. If it were the root of the session, its child would be
 * the token that a login issues, which is never young (test/model/adopt.test.ts).
 *
 * Neither its hash nor its parent is secret: a token from a client can have them only if we have signed it.
 */
export function oldTokenOf ({ id, subject, createdAt, endsAt }: Session, { idleLife, persistent, authTime, adoptedKey }: SessionTerms): RefreshToken {
  return {
    subject,
    sessionId: id,
    generation: LOGIN_GENERATION,
    hash: hash('sha256', `old token of ${id}`, 'base64url'),
    parent: rootOf(id),
    issuedAt: createdAt,
    endsAt,
    idleLife,
    persistent,
    authTime,
    jkt: null,
    adoptedKey,
    device: null
  }
}

/** The root of an adopted session: the parent of its first token. */
export function rootOf (id: string): string {
  return hash('sha256', `root of ${id}`, 'base64url')
}
