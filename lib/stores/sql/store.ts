import { setImmediate as turn } from 'node:timers/promises'
import type { Rotation, Session, TokenStore } from '../../../types/session.ts'
import { assemble, bindingOf, wholeTimes } from '../rotated.ts'
import { countOf, rowsOf, type RunSql, type SqlValue, type Statement } from './query.ts'
import { retried } from './retried.ts'
import { toKept, toSession, toText, toValues, type KeptRow, type SessionRow, type Whole } from './row.ts'
import { DELETE_BATCH, type Statements } from './statements.ts'
import { isStorable, isSubject } from './subject.ts'
import type { Table } from './dialects/dialect.ts'

/** Milliseconds. An instance whose clock is fast must not remove sessions that are still active for the others. */
const SWEEP_GRACE = 3_600_000
/** Greater than any id. */
const LAST = '~'

export interface SqlStore<Client> extends TokenStore {
  useClock (now: () => number): void
  /**
   * Creates the table if it does not exist, or adds the columns that a table of an earlier version lacks. Several processes may call
   * it at once.
   * @throws TypeError with the fix, for a client that cannot work.
   */
  migrate (): Promise<void>
  /** Examines the next 1000 rows, removes those that expired over an hour ago, and returns their number. */
  sweep (): Promise<number>
  /**
   * The same sessions through another client, such as a transaction of the app. Its statements are not retried, since only the app can
   * retry its transaction.
   */
  with (client: Client): SqlStore<Client>
}

export interface SqlStoreParts<Client> {
  table: Table
  statements: Statements
  toRun: (client: Client) => RunSql
  now: () => number
}

export function openSqlStore<Client> (client: Client, parts: SqlStoreParts<Client>): SqlStore<Client> {
  const run = parts.toRun(client)
  return new Store(parts, run, retried(run, parts.table.dialect.transient))
}

class Store<Client> implements SqlStore<Client> {
  readonly #parts: SqlStoreParts<Client>
  readonly #table: Table
  readonly #sql: Statements
  /** Without retries. */
  readonly #plain: RunSql
  readonly #run: RunSql
  #isChecked = false
  #sweptUpTo = ''

  constructor (parts: SqlStoreParts<Client>, plain: RunSql, run: RunSql) {
    this.#parts = parts
    this.#table = parts.table
    this.#sql = parts.statements
    this.#plain = plain
    this.#run = run
  }

  useClock (now: () => number): void {
    this.#parts.now = now
  }

  with (client: Client): SqlStore<Client> {
    const run = this.#parts.toRun(client)
    return new Store(this.#parts, run, run)
  }

  async migrate (): Promise<void> {
    const { dialect } = this.#table
    await dialect.checkClient(this.#plain, this.#table)
    for (const text of dialect.migration(this.#table)) {
      const strings = Object.assign([text], { raw: [text] })
      await this.#plain({ strings, text, values: [], returns: 'count' })
    }
    await this.#checkOnce()
  }

  /** @throws TypeError for a subject that the column cannot hold. */
  async create (session: Session): Promise<void> {
    if (!this.#isSubject(session.subject)) throw new TypeError(`${this.#table.owner}: ${refusal(this.#table)}`)
    await this.#ask(this.#sql.create, toValues(session))
  }

  async find (id: string): Promise<Session | null> {
    if (!isStorable(id)) return null
    const [row] = await this.#rows(this.#sql.find, [id, this.#time()])
    return row === undefined ? null : toSession(row as SessionRow)
  }

  async rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null> {
    if (!isStorable(id) || !isStorable(expected)) return null
    const moved = wholeTimes(next)
    const { generation, current, rotatedAt, expiresAt } = moved
    const binding = bindingOf(next)
    const values = [generation, current, rotatedAt, expiresAt, binding ?? null, id, expected, Math.floor(now)]
    const row = await this.#rotated(id, values, binding)
    return row === undefined ? null : assemble(id, moved, toKept(row))
  }

  async delete (id: string, expected?: string): Promise<boolean> {
    if (!isStorable(id) || !isStorable(expected ?? '')) return false
    const deleted = expected === undefined
      ? await this.#written(this.#sql.delete, [id])
      : await this.#written(this.#sql.deleteExpected, [id, expected])
    return deleted > 0
  }

  async list (subject: string): Promise<Session[]> {
    if (!this.#isSubject(subject)) return []
    return (await this.#rows(this.#sql.list, [subject, this.#time()]) as SessionRow[]).map(toSession)
  }

  async deleteAll (subject: string, exceptId = ''): Promise<number> {
    if (!this.#isSubject(subject)) return 0
    const kept = isStorable(exceptId) ? exceptId : ''
    const now = this.#time()
    if (this.#table.dialect.returning) {
      const ended = await this.#rows(this.#sql.deleteAll, [subject, kept]) as Array<{ expires_at: Whole }>
      return ended.filter((row) => Number(row.expires_at) > now).length
    }
    const living = await this.#written(this.#sql.deleteLiving, [subject, kept, now])
    await this.#written(this.#sql.deleteAll, [subject, kept]) // by another instance's clock, some may still be active
    return living
  }

  /** Uses small statements, with a turn of the event loop between them: a SQLite driver blocks the loop while it runs one. */
  async sweep (): Promise<number> {
    const start = this.#sweptUpTo
    const end = this.#time() - SWEEP_GRACE
    const [last] = await this.#ids(this.#sql.lastOfBatch, [start])
    await turn()
    const doomed = await this.#ids(this.#sql.expired, [start, last ?? LAST, end])
    let removed = 0
    for (let first = 0; first < doomed.length; first += DELETE_BATCH) {
      await turn()
      const batch = doomed.slice(first, first + DELETE_BATCH)
      const filled = [...batch, ...Array<string>(DELETE_BATCH - batch.length).fill('')]
      removed += await this.#written(this.#sql.deleteExpired, [...filled, end])
    }
    this.#sweptUpTo = last ?? '' // a short batch was the end of the table: the next sweep starts over
    return removed
  }

  /**
   * Without RETURNING, the columns that a rotation does not write are read before it. Of these only `bound_to` can change, and the
   * UPDATE checks that it has not. If they were read after the UPDATE, a concurrent request might have ended the session by then, and
   * this one would be refused, too.
   */
  async #rotated (id: string, values: SqlValue[], binding: string | undefined): Promise<KeptRow | undefined> {
    if (this.#table.dialect.returning) return (await this.#rows(this.#sql.rotate, values))[0] as KeptRow | undefined
    const [kept] = await this.#rows(this.#sql.kept, [id]) as KeptRow[]
    if (kept === undefined) return undefined
    const { boundTo } = toKept(kept)
    return await this.#written(this.#sql.rotate, [...values, boundTo]) === 0 ? undefined : { ...kept, bound_to: binding ?? boundTo }
  }

  async #written (statement: Statement, values: SqlValue[]): Promise<number> {
    const answer = await this.#ask(statement, values)
    return statement.returns === 'rows' ? rowsOf(this.#table.owner, answer).length : countOf(this.#table.owner, answer)
  }

  async #ids (statement: Statement, values: SqlValue[]): Promise<string[]> {
    return (await this.#rows(statement, values) as Array<{ id: string | Uint8Array }>).map(({ id }) => toText(id))
  }

  async #rows (statement: Statement, values: SqlValue[]): Promise<unknown[]> {
    return rowsOf(this.#table.owner, await this.#ask(statement, values))
  }

  async #ask (statement: Statement, values: SqlValue[]): Promise<unknown> {
    await this.#checkOnce()
    return await this.#run({ ...statement, values })
  }

  /** Every call checks the table until one check has succeeded: a check that hangs must not block later calls. */
  async #checkOnce (): Promise<void> {
    if (this.#isChecked) return
    await this.#table.dialect.checkTable(this.#plain, this.#table)
    this.#isChecked = true
  }

  #isSubject (subject: string): boolean {
    const { subjectType, dialect: { maxSubject } } = this.#table
    return isSubject(subjectType, subject) && Buffer.byteLength(subject) <= maxSubject
  }

  #time (): number {
    return Math.floor(this.#parts.now())
  }
}

function refusal ({ subjectType, dialect: { maxSubject } }: Table): string {
  if (subjectType !== 'text') return `the subject is not of the type ${subjectType}, as the database writes it`
  const limit = maxSubject === Infinity ? '' : `, or one of more than ${maxSubject} bytes,`
  return `a subject with a NUL or a lone surrogate${limit} cannot be stored`
}
