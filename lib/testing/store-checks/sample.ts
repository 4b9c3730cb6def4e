import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Rotation, Session, TokenStore } from '../../../types/session.ts'

/** One promise of the contract, tried on a store. Throws an AssertionError where it is broken. */
export type StoreCheck = (store: TokenStore) => Promise<void>

export const HOUR: number = 3_600_000

/** Unique in every run, so that checks can share a database with each other and with other runs. */
export function randomName (prefix: string): string {
  return `${prefix}-${randomBytes(16).toString('base64url')}`
}

export function sampleSession (fields: Partial<Session> = {}): Session {
  const subject = fields.subject ?? randomName('subject')
  const now = Date.now()
  return {
    id: randomBytes(16).toString('base64url'),
    subject,
    generation: 0,
    current: sampleDigest(),
    createdAt: now,
    rotatedAt: now,
    expiresAt: now + HOUR,
    endsAt: now + 24 * HOUR,
    claims: { sub: subject, role: 'member' },
    metadata: { userAgent: 'store check', ip: '192.0.2.1' },
    ...fields
  }
}

/** A session that ended an hour ago by the wall clock. A store has to hide it from the first moment. */
export function expiredSession (subject: string): Session {
  const now = Date.now()
  return sampleSession({ subject, createdAt: now - 3 * HOUR, rotatedAt: now - 3 * HOUR, expiresAt: now - HOUR })
}

export function sampleRotation (session: Session, fields: Partial<Rotation> = {}): Rotation {
  return {
    generation: session.generation + 1,
    current: sampleDigest(),
    rotatedAt: session.rotatedAt + 1_001,
    expiresAt: session.expiresAt + 1_001,
    ...fields
  }
}

function sampleDigest (): string {
  return randomBytes(32).toString('base64url')
}

export function idsOf (sessions: Session[]): string[] {
  return sessions.map((session) => session.id).sort()
}

/**
 * Compares plain data. Jest gives each test file a realm of its own, in which what a store made with `structuredClone` has
 * other prototypes than what the check made.
 */
export function assertSame (actual: unknown, expected: unknown, message?: string): void {
  assert.deepEqual(inThisRealm(actual), inThisRealm(expected), message)
}

function inThisRealm (value: unknown): unknown {
  return typeof value === 'object' ? JSON.parse(JSON.stringify(value)) : value
}
