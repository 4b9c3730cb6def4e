import { hash } from 'node:crypto'
import type { Session } from '../../types/session.ts'
import type { RefreshToken, SessionTerms } from '../tokens/refresh-token.ts'
import { LOGIN_GENERATION } from './rotation.ts'

/**
 * The old token of an adopted session, as the rules see it: the session's first token. Its children may be young, as
 * they must be for tabs that send the old token at the same time. Were it the root of the session, its child would be what
 * a login gives out, which is never young (test/model/adopt.test.ts).
 *
 * Neither its hash nor its parent is secret: a token that a client sends us can only have them if we have signed it.
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

/** What an adopted session begins with. */
export function rootOf (id: string): string {
  return hash('sha256', `root of ${id}`, 'base64url')
}
