import type { Rotation, Session, TokenStore } from '../../../types/session.ts'
import { checkBoolean, checkFields, checkFunction } from '../../checks/fields.ts'
import { InvalidOptionError } from '../../errors.ts'
import { assemble, wholeTimes } from '../rotated.ts'
import { checkSweepInterval, startSweeping } from '../sweeper.ts'
import { plainQuery, preparedQuery, type Query, type Queryable } from './query.ts'
import { isStorable, toKept, toSession, toValues, type KeptRow, type SessionRow } from './row.ts'
import { migrationSql, statements, type TableName } from './sql.ts'

export { migrationSql } from './sql.ts'
export type { Queryable } from './query.ts'
export type { TableName } from './sql.ts'

const SWEEP_BATCH = 1_000
/** Milliseconds. An instance whose clock is fast must not remove what still lives for the others. */
const SWEEP_GRACE = 3_600_000

export interface PostgresStoreOptions extends TableName {
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: () => number
  /**
   * For pg only: named prepared statements, which PostgreSQL parses and plans once a connection. Not behind a pooler in
   * transaction mode that does not track them (PgBouncer before 1.21, or without `max_prepared_statements`). Default: false.
   */
  prepare?: boolean
  /**
   * Between two sweeps, each of which looks at 1000 rows: seconds, or a text such as '1m'; `false` where something
   * else calls `sweep`. Default: 10.
   */
  sweepInterval?: number | string | false
}

export interface PostgresStore extends TokenStore {
  useClock (now: () => number): void
  /** Makes the table where it is not there yet; several processes may do so at once. See `migrationSql`. */
  migrate (): Promise<void>
  /** Looks at the next 1000 rows, removes those that expired over an hour ago, and returns how many they were. */
  sweep (): Promise<number>
  /** Stops the sweeps for good. The database stays open: it is the caller's. */
  close (): void
}

/**
 * Sessions in one table of PostgreSQL 11 or later.
 * @throws TypeError for something without a `query` method, or an unknown or impossible option.
 */
export function postgresStore (db: Queryable, options: PostgresStoreOptions = {}): PostgresStore {
  checkFields('postgresStore', options, ['schema', 'table', 'now', 'prepare', 'sweepInterval'])
  if (typeof (db as Partial<Queryable> | null | undefined)?.query !== 'function') {
    throw new InvalidOptionError('postgresStore was given nothing with a query method: give a Pool of pg, or a PGlite')
  }
  return new SqlStore(db, options)
}

class SqlStore implements PostgresStore {
  readonly #query: Query
  readonly #makeTable: () => Promise<unknown>
  readonly #stopSweeping: () => void
  #now: () => number
  #sweptUpTo = ''

  constructor (db: Queryable, options: PostgresStoreOptions) {
    const migration = migrationSql(options)
    const prepare = checkBoolean('postgresStore.prepare', options.prepare, false)
    this.#query = prepare ? preparedQuery(db, statements(options)) : plainQuery(db, statements(options))
    this.#makeTable = () => db.query(migration)
    this.#now = checkFunction('postgresStore.now', options.now) ?? Date.now
    this.#stopSweeping = options.sweepInterval === false
      ? () => {}
      : startSweeping(() => this.sweep(), checkSweepInterval('postgresStore', options.sweepInterval))
  }

  useClock (now: () => number): void {
    this.#now = now
  }

  async migrate (): Promise<void> {
    await this.#makeTable()
  }

  /** @throws TypeError for a subject with a NUL or a lone surrogate: PostgreSQL cannot store it. */
  async create (session: Session): Promise<void> {
    checkSubject(session.subject)
    await this.#query('create', toValues(session))
  }

  async find (id: string): Promise<Session | null> {
    if (!isStorable(id)) return null
    return firstSession(await this.#query('find', [id, this.#time()]))
  }

  async rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null> {
    if (!isStorable(id)) return null
    const rotation = wholeTimes(next)
    const { generation, current, rotatedAt, expiresAt } = rotation
    const [kept] = await this.#query('rotate', [id, expected, generation, current, rotatedAt, expiresAt, Math.floor(now)])
    return kept === undefined ? null : assemble(id, rotation, toKept(kept as KeptRow))
  }

  async delete (id: string, expected?: string): Promise<boolean> {
    if (!isStorable(id)) return false
    const deleted = expected === undefined
      ? await this.#query('delete', [id])
      : await this.#query('deleteExpected', [id, expected])
    return deleted.length > 0
  }

  async list (subject: string): Promise<Session[]> {
    checkSubject(subject)
    return (await this.#query('list', [subject, this.#time()]) as SessionRow[]).map(toSession)
  }

  async deleteAll (subject: string, exceptId?: string): Promise<number> {
    checkSubject(subject)
    const deleted = await this.#query('deleteAll', [subject, exceptId, this.#time()]) as Array<{ living: boolean }>
    return deleted.filter(({ living }) => living).length
  }

  async sweep (): Promise<number> {
    const [found] = await this.#query('sweep', [this.#sweptUpTo, SWEEP_BATCH, this.#time() - SWEEP_GRACE])
    const { removed, looked, last } = found as { removed: string, looked: string, last: string }
    // A short batch was the end of the table: the next sweep begins anew.
    this.#sweptUpTo = Number(looked) < SWEEP_BATCH ? '' : last
    return Number(removed)
  }

  close (): void {
    this.#stopSweeping()
  }

  #time (): number {
    return Math.floor(this.#now())
  }
}

function firstSession ([row]: unknown[]): Session | null {
  return row === undefined ? null : toSession(row as SessionRow)
}

function checkSubject (subject: string): void {
  if (isStorable(subject)) return
  throw new TypeError('postgresStore: a subject with a NUL or a lone surrogate cannot be stored in PostgreSQL')
}
