import { InvalidOptionError } from '../../errors.ts'
import type { RunSql } from '../sql/query.ts'

/** A `DatabaseSync` of `node:sqlite`, a database of better-sqlite3, or anything else with the same synchronous API. */
export interface SqliteDatabase {
  prepare (text: string): SqliteStatement
}

export interface SqliteStatement {
  all (...values: unknown[]): unknown[]
  run (...values: unknown[]): { changes: number | bigint }
}

/** Milliseconds. By default SQLite does not wait: with four processes on one file, hundreds of refreshes would fail. */
const BUSY_TIMEOUT = 1000
/**
 * Pages. The write that makes the log longer than this also copies it into the file, and the event loop waits for the disk: for up to
 * 40 ms with 1000 pages, SQLite's default, and for about 5 ms with 64.
 */
const CHECKPOINT = 64
const DEFAULT_CHECKPOINT = 1000

/** @throws InvalidOptionError for anything but a synchronous database, and for one that cannot be put into WAL mode */
export function checkDatabase (db: SqliteDatabase): void {
  checkPrepare(db)
  const timeout = firstOf(db, 'PRAGMA busy_timeout')
  if (Number(timeout) === 0) firstOf(db, `PRAGMA busy_timeout = ${BUSY_TIMEOUT}`)
  if (Number(firstOf(db, 'PRAGMA wal_autocheckpoint')) === DEFAULT_CHECKPOINT) firstOf(db, `PRAGMA wal_autocheckpoint = ${CHECKPOINT}`)
  // Without WAL, readers and writers block each other, and each rotation syncs the disk twice. An in-memory database does not have it.
  const mode = firstOf(db, 'PRAGMA journal_mode = WAL')
  if (mode !== 'wal' && mode !== 'memory') {
    throw new InvalidOptionError(`sqliteStore: the journal mode stays ${String(mode)}: give a file on a local disk that this process may write`)
  }
}

/**
 * Prepares each statement only once.
 * @throws InvalidOptionError for anything without a method `prepare`
 */
export function runOf (db: SqliteDatabase): RunSql {
  checkPrepare(db)
  const statements = new Map<string, SqliteStatement>()

  function prepared (text: string): SqliteStatement {
    const statement = statements.get(text) ?? db.prepare(text)
    statements.set(text, statement)
    return statement
  }

  return function run ({ text, values, returns }) {
    const statement = prepared(text)
    return returns === 'rows' ? { rows: statement.all(...values) } : { count: statement.run(...values).changes }
  }
}

function checkPrepare (db: Partial<SqliteDatabase> | null | undefined): void {
  if (typeof db?.prepare !== 'function') throw refused('nothing with a method prepare')
}

function firstOf (db: SqliteDatabase, pragma: string): unknown {
  const rows = db.prepare(pragma).all()
  if (!Array.isArray(rows)) throw refused('a client that answers later')
  return Object.values(rows[0] as object)[0]
}

function refused (what: string): Error {
  return new InvalidOptionError(`sqliteStore was given ${what}: give a DatabaseSync of node:sqlite, or a database of better-sqlite3`)
}
