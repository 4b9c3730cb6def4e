import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Rotation, Session, TokenStore } from '../../../types/session.ts'

/** A check of one promise of the contract. */
export interface StoreCheck {
  /** The promise, in the words of the comments in `types/session.ts`. */
  sentence: string
  /** Rejects if the promise is broken. */
  run: (store: TokenStore, make: Make) => Promise<void>
  /** The most likely mistake in a store that breaks it. */
  mistake: string
}

export function promised (sentence: string, run: StoreCheck['run'], mistake: string): StoreCheck {
  return { sentence, run, mistake }
}

/** Makes the data that a check writes. Every subject and every session is a new one. */
export interface Make {
  /** The prefix is used only if subjects can be any strings. */
  subject (prefix?: string): Promise<string>
  /** Several subjects; similar ones, if subjects can be any strings. */
  subjects (): Promise<string[]>
  session (fields?: Partial<Session>): Promise<Session>
}

/**
 * Asserts deep strict equality, except for prototypes: under Jest, the objects of a store and of this file are from different realms.
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

/** A session that expired an hour ago by the wall clock. A store must never return it. */
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
