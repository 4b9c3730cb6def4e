import { setImmediate } from 'node:timers/promises'
import type { Rotation, Session, TokenStore } from '../../types/session.ts'
import { checkFields, checkFunction, LARGEST_MAP, show } from '../checks/fields.ts'
import { InvalidOptionError } from '../errors.ts'
import { packPayload } from './payload.ts'
import { assemble, bindingOf } from './rotated.ts'
import { refuseSweepInterval } from './sweep-interval.ts'

const SWEEP_BATCH = 10_000
/** Milliseconds between two sweeps of a full store. */
const FULL_SWEEP_PAUSE = 1_000

/** Options of `MemoryStore`. */
export interface MemoryStoreOptions {
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: () => number
  /** The maximum number of sessions. When the store is full, `create` rejects; no session is evicted. Default: 1 000 000. */
  maxSessions?: number
}

/** A session with its claims and metadata as JSON, so that no object is shared between the store and its callers. */
interface Entry extends Omit<Session, 'claims' | 'metadata'> {
  payload: string
}

/**
 * Keeps sessions in the memory of this process: no other process sees them, and they are lost when it ends.
 * @throws TypeError at construction for an unknown or impossible option.
 */
export class MemoryStore implements TokenStore {
  readonly #sessions = new Map<string, Entry>()
  readonly #idsBySubject = new Map<string, Set<string>>()
  readonly #maxSessions: number
  #now: () => number
  #lastFullSweep = { startedAt: -Infinity, ended: Promise.resolve(0) }

  constructor (options: MemoryStoreOptions = {}) {
    refuseSweepInterval('MemoryStore', options)
    const { now, maxSessions }: MemoryStoreOptions = checkFields('MemoryStore', options, ['now', 'maxSessions'])
    this.#now = checkFunction('MemoryStore.now', now) ?? (() => Date.now())
    this.#maxSessions = checkMaxSessions(maxSessions ?? 1_000_000)
  }

  useClock (now: () => number): void {
    this.#now = now
  }

  /** @throws Error if the store already holds `maxSessions` active sessions, or if the id is taken. */
  async create (session: Session): Promise<void> {
    const { id, subject } = session
    if (this.#sessions.size >= this.#maxSessions) await this.#makeRoom()
    if (this.#sessions.has(id)) throw new Error('MemoryStore: a session with this id exists already')
    if (this.#sessions.size >= this.#maxSessions) {
      throw new Error(`MemoryStore: full, ${this.#maxSessions} sessions are held; raise 'maxSessions' or use a store outside of the process`)
    }
    this.#sessions.set(id, toEntry(session))
    const ids = this.#idsBySubject.get(subject)
    if (ids === undefined) this.#idsBySubject.set(subject, new Set([id]))
    else ids.add(id)
  }

  async find (id: string): Promise<Session | null> {
    const entry = this.#sessions.get(id)
    return entry !== undefined && this.#lives(entry) ? toSession(entry) : null
  }

  async rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null> {
    const entry = this.#sessions.get(id)
    if (entry === undefined || entry.current !== expected || entry.expiresAt <= now) return null
    entry.generation = next.generation
    entry.current = next.current
    entry.rotatedAt = next.rotatedAt
    entry.expiresAt = next.expiresAt
    entry.boundTo = bindingOf(next) ?? entry.boundTo
    return toSession(entry)
  }

  async delete (id: string, expected?: string): Promise<boolean> {
    const entry = this.#sessions.get(id)
    if (entry === undefined || (expected !== undefined && entry.current !== expected)) return false
    this.#remove(entry)
    return true
  }

  async list (subject: string): Promise<Session[]> {
    return this.#entriesOf(subject).filter((entry) => this.#lives(entry)).map(toSession)
  }

  async deleteAll (subject: string, exceptId?: string): Promise<number> {
    const doomed = this.#entriesOf(subject).filter(({ id }) => id !== exceptId)
    for (const entry of doomed) this.#remove(entry)
    return doomed.filter((entry) => this.#lives(entry)).length
  }

  /** Removes expired sessions and returns their number. Yields to requests every 10 000 sessions. */
  async sweep (): Promise<number> {
    let looked = 0
    let removed = 0
    // Entries may be added and deleted while a Map is iterated. The iterator must not outlive the sweep: it would keep deleted
    // entries in memory.
    for (const entry of this.#sessions.values()) {
      if (!this.#lives(entry)) {
        this.#remove(entry)
        removed++
      }
      if (++looked % SWEEP_BATCH === 0) await setImmediate()
    }
    return removed
  }

  /** In a flood of logins, a full store must not be swept for each of them. */
  async #makeRoom (): Promise<void> {
    const now = this.#now()
    if (Math.abs(now - this.#lastFullSweep.startedAt) >= FULL_SWEEP_PAUSE) this.#lastFullSweep = { startedAt: now, ended: this.sweep() }
    await this.#lastFullSweep.ended
  }

  #lives (entry: Entry): boolean {
    return entry.expiresAt > this.#now()
  }

  #entriesOf (subject: string): Entry[] {
    return Array.from(this.#idsBySubject.get(subject) ?? [], (id) => this.#sessions.get(id) as Entry)
  }

  #remove ({ id, subject }: Entry): void {
    this.#sessions.delete(id)
    const ids = this.#idsBySubject.get(subject) as Set<string>
    ids.delete(id)
    if (ids.size === 0) this.#idsBySubject.delete(subject)
  }
}

function toEntry (session: Session): Entry {
  const { id, subject, generation, current, createdAt, rotatedAt, expiresAt, endsAt, boundTo } = session
  return { id, subject, generation, current, createdAt, rotatedAt, expiresAt, endsAt, boundTo, payload: packPayload(session) }
}

function toSession (entry: Entry): Session {
  return assemble(entry.id, entry, entry)
}

/** Every session can have another subject, so the limit of a Map applies to both Maps. */
function checkMaxSessions (value: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= LARGEST_MAP) return value
  throw new InvalidOptionError(`MemoryStore.maxSessions is ${show(value)}: give a whole number from 1 to ${LARGEST_MAP}`)
}
