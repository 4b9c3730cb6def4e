import type { Rotation, Session, TokenStore } from '../../types/session.ts'
import { InvalidOptionError } from '../errors.ts'
import { LARGEST_MAP } from '../largest-map.ts'
import { checkFields, checkFunction } from '../options/check.ts'
import { show } from '../options/show.ts'
import { IdIndex } from './memory-ids.ts'
import { SubjectIndex } from './memory-subjects.ts'
import { SessionTable } from './memory-table.ts'
import { checkSweepInterval, startSweeping } from './sweeper.ts'

const SWEEP_BATCH = 10_000

export interface MemoryStoreOptions {
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: () => number
  /** How many sessions are held at most. When full, `create` rejects; nobody signed in is thrown out. Default: 1 000 000. */
  maxSessions?: number
  /** Between two sweeps, each of which looks at 10 000 sessions: seconds, or a text such as '1m'. Default: 10. */
  sweepInterval?: number | string
}

/**
 * Sessions in the memory of this process: for one process, and gone when it ends.
 * @throws TypeError at construction for an unknown or impossible option.
 */
export class MemoryStore implements TokenStore {
  readonly #table = new SessionTable()
  readonly #rows = new IdIndex((row, id) => this.#table.hasId(row, id))
  readonly #subjects = new SubjectIndex()
  readonly #maxSessions: number
  readonly #sweepInterval: number
  #now: () => number
  #sweptUpTo = 0
  #stopSweeping: (() => void) | undefined
  #closed = false

  constructor (options: MemoryStoreOptions = {}) {
    checkFields('MemoryStore', options, ['now', 'maxSessions', 'sweepInterval'])
    this.#now = checkFunction('MemoryStore.now', options.now) ?? Date.now
    this.#maxSessions = checkMaxSessions(options.maxSessions ?? 1_000_000)
    this.#sweepInterval = checkSweepInterval('MemoryStore', options.sweepInterval)
  }

  useClock (now: () => number): void {
    this.#now = now
  }

  /** @throws Error when `maxSessions` living sessions are held, or the id is taken. */
  async create (session: Session): Promise<void> {
    if (this.#rows.get(session.id) !== undefined) throw new Error('MemoryStore: a session with this id exists already')
    if (this.#rows.size >= this.#maxSessions) this.#sweep()
    if (this.#rows.size >= this.#maxSessions) {
      throw new Error(`MemoryStore: full, ${this.#maxSessions} sessions are held; raise 'maxSessions' or use a store outside of the process`)
    }
    this.#rows.makeRoom()
    const row = this.#table.insert(session)
    this.#rows.add(session.id, row)
    this.#subjects.add(session.subject, row)
    this.#startSweeping()
  }

  async find (id: string): Promise<Session | null> {
    const row = this.#rows.get(id)
    if (row === undefined || !this.#lives(row)) return null
    return this.#table.read(row, id)
  }

  async rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null> {
    const row = this.#rows.get(id)
    if (row === undefined) return null
    if (!this.#table.hasCurrent(row, expected) || this.#table.expiresAt(row) <= now) return null
    this.#table.update(row, next)
    return this.#table.read(row, id, next.current)
  }

  async delete (id: string, expected?: string): Promise<boolean> {
    const row = this.#rows.get(id)
    if (row === undefined) return false
    if (expected !== undefined && !this.#table.hasCurrent(row, expected)) return false
    this.#remove(row)
    return true
  }

  async list (subject: string): Promise<Session[]> {
    return this.#subjects.of(subject).filter((row) => this.#lives(row)).map((row) => this.#table.read(row))
  }

  async deleteAll (subject: string, exceptId?: string): Promise<number> {
    const doomed = this.#subjects.of(subject).filter((row) => exceptId === undefined || !this.#table.hasId(row, exceptId))
    const living = doomed.filter((row) => this.#lives(row)).length
    for (const row of doomed) this.#remove(row)
    return living
  }

  /** Stops the sweeps for good. The sessions stay readable; calling it again does nothing. */
  close (): void {
    this.#closed = true
    this.#rest()
  }

  #lives (row: number): boolean {
    return this.#table.expiresAt(row) > this.#now()
  }

  #remove (row: number): void {
    this.#rows.delete(this.#table.id(row))
    this.#subjects.remove(this.#table.subject(row), row)
    this.#table.remove(row)
    if (this.#rows.size === 0) this.#rest()
  }

  /** Goes on where the last sweep stopped, so that each costs the same however many sessions there are. */
  #sweep (): void {
    const now = this.#now()
    const end = Math.min(this.#sweptUpTo + SWEEP_BATCH, this.#table.length)
    for (let row = this.#sweptUpTo; row < end; row++) {
      if (this.#table.expiresAt(row) <= now) this.#remove(row)
    }
    this.#sweptUpTo = end === this.#table.length ? 0 : end
  }

  #startSweeping (): void {
    if (this.#closed || this.#stopSweeping !== undefined) return
    this.#stopSweeping = startSweeping(() => this.#sweep(), this.#sweepInterval)
  }

  #rest (): void {
    this.#stopSweeping?.()
    this.#stopSweeping = undefined
  }
}

/** Each can have a subject of its own. */
function checkMaxSessions (value: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= LARGEST_MAP) return value
  throw new InvalidOptionError(`MemoryStore.maxSessions is ${show(value)}: give a whole number from 1 to ${LARGEST_MAP}`)
}
