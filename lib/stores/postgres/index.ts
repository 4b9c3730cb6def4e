import type { Rotation, Session, TokenStore } from '../../../types/session.ts'
import { checkBoolean, checkFields, checkFunction } from '../../checks/fields.ts'
import { InvalidOptionError } from '../../errors.ts'
import { assemble, bindingOf, wholeTimes } from '../rotated.ts'
import { refuseSweepInterval } from '../sweep-interval.ts'
import { checkClient, checkTable } from './check.ts'
import { plainQuery, preparedQuery, retried, type Query, type Queryable, type Value } from './query.ts'
import { isStorable, toKept, toSession, toValues, type KeptRow, type SessionRow } from './row.ts'
import { migrationSql, quotedNames, statements, STORE_OPTIONS, type Statements, type TableName } from './sql.ts'

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
}

export interface PostgresStore extends TokenStore {
  useClock (now: () => number): void
  /**
   * Makes the table where it is not there yet; several processes may do so at once. See `migrationSql`.
   * @throws TypeError with the fix, for a client that does not answer as pg does or a database that is not UTF-8.
   */
  migrate (): Promise<void>
  /** Looks at the next 1000 rows, removes those that expired over an hour ago, and returns how many they were. */
  sweep (): Promise<number>
}

/**
 * Sessions in one table of PostgreSQL 11 or later. The database stays open when the app closes: it is the caller's.
 * Before its first query the store checks what `migrate` checks, and that there is a table.
 * @throws TypeError for something without a `query` method, or an unknown or impossible option.
 */
export function postgresStore (db: Queryable, options: PostgresStoreOptions = {}): PostgresStore {
  refuseSweepInterval('postgresStore', options)
  const checked: PostgresStoreOptions = checkFields('postgresStore', options, STORE_OPTIONS)
  if (typeof (db as Partial<Queryable> | null | undefined)?.query !== 'function') {
    throw new InvalidOptionError('postgresStore was given nothing with a query method: give a Pool of pg, or a PGlite')
  }
  return new SqlStore(db, checked)
}

class SqlStore implements PostgresStore {
  readonly #query: Query
  readonly #migrate: () => Promise<void>
  readonly #check: () => Promise<void>
  #checked = false
  #now: () => number
  #sweptUpTo = ''

  constructor (db: Queryable, options: PostgresStoreOptions) {
    const { table } = quotedNames(options)
    const migration = migrationSql(options)
    const prepare = checkBoolean('postgresStore.prepare', options.prepare, false)
    this.#query = retried(prepare ? preparedQuery(db, statements(options)) : plainQuery(db, statements(options)))
    this.#check = () => checkTable(db, table, options.schema)
    this.#migrate = async () => {
      await checkClient(db, table)
      await db.query(migration)
    }
    this.#now = checkFunction('postgresStore.now', options.now) ?? (() => Date.now())
  }

  useClock (now: () => number): void {
    this.#now = now
  }

  async migrate (): Promise<void> {
    await this.#migrate()
    await this.#checkOnce()
  }

  /** @throws TypeError for a subject with a NUL or a lone surrogate: PostgreSQL cannot store it. */
  async create (session: Session): Promise<void> {
    if (!isStorable(session.subject)) throw new TypeError('postgresStore: a subject with a NUL or a lone surrogate cannot be stored in PostgreSQL')
    await this.#run('create', toValues(session))
  }

  async find (id: string): Promise<Session | null> {
    if (!isStorable(id)) return null
    return firstSession(await this.#run('find', [id, this.#time()]))
  }

  async rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null> {
    if (!isStorable(id) || !isStorable(expected)) return null
    const rotation = wholeTimes(next)
    const { generation, current, rotatedAt, expiresAt } = rotation
    const values = [id, expected, generation, current, rotatedAt, expiresAt, Math.floor(now), bindingOf(next) ?? null]
    const [kept] = await this.#run('rotate', values)
    return kept === undefined ? null : assemble(id, rotation, toKept(kept as KeptRow))
  }

  async delete (id: string, expected?: string): Promise<boolean> {
    if (!isStorable(id) || !isStorable(expected ?? '')) return false
    const deleted = expected === undefined
      ? await this.#run('delete', [id])
      : await this.#run('deleteExpected', [id, expected])
    return deleted.length > 0
  }

  async list (subject: string): Promise<Session[]> {
    if (!isStorable(subject)) return []
    return (await this.#run('list', [subject, this.#time()]) as SessionRow[]).map(toSession)
  }

  async deleteAll (subject: string, exceptId?: string): Promise<number> {
    if (!isStorable(subject)) return 0
    const [ended] = await this.#run('deleteAll', [subject, exceptId !== undefined && isStorable(exceptId) ? exceptId : null, this.#time()])
    return Number((ended as { living: string }).living)
  }

  async sweep (): Promise<number> {
    const [found] = await this.#run('sweep', [this.#sweptUpTo, SWEEP_BATCH, this.#time() - SWEEP_GRACE])
    const { removed, looked, last } = found as { removed: string, looked: string, last: string }
    // A short batch was the end of the table: the next sweep begins anew.
    this.#sweptUpTo = Number(looked) < SWEEP_BATCH ? '' : last
    return Number(removed)
  }

  async #run (statement: keyof Statements, values: Value[]): Promise<unknown[]> {
    await this.#checkOnce()
    return await this.#query(statement, values)
  }

  /** Each call checks for itself until one has found all well: one that hangs must not hold up those that come after it. */
  async #checkOnce (): Promise<void> {
    if (this.#checked) return
    await this.#check()
    this.#checked = true
  }

  #time (): number {
    return Math.floor(this.#now())
  }
}

function firstSession ([row]: unknown[]): Session | null {
  return row === undefined ? null : toSession(row as SessionRow)
}
