import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Rotation, Session, TokenStore } from '../../../types/session.ts'

/** One promise of the contract, tried on a store. */
export interface StoreCheck {
  /** The promise, as the comments of `types/session.ts` word it. */
  sentence: string
  /** Rejects where the promise is broken. */
  run: (store: TokenStore, make: Make) => Promise<void>
  /** What is most likely wrong with a store that breaks it. */
  mistake: string
}

export function promised (sentence: string, run: StoreCheck['run'], mistake: string): StoreCheck {
  return { sentence, run, mistake }
}

/** What a check writes. Each subject and each session is another one. */
export interface Make {
  /** The prefix is for a subject that nothing restricts. */
  subject (prefix?: string): Promise<string>
  /** Several, which look alike where nothing restricts them. */
  subjects (): Promise<string[]>
  session (fields?: Partial<Session>): Promise<Session>
}

/**
 * Strictly equal, prototypes aside: under Jest, what a store makes and what this file makes are objects of two realms.
 * @throws AssertionError
 */
export function assertSame (actual: unknown, expected: unknown): void {
  assert.deepEqual(plain(actual), plain(expected))
}

function plain (value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}

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
    boundTo: null,
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

export function sampleDigest (): string {
  return randomBytes(32).toString('base64url')
}

export function idsOf (sessions: Session[]): string[] {
  return sessions.map((session) => session.id).sort()
}
