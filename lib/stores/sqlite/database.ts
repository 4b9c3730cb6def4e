import { InvalidOptionError } from '../../errors.ts'
import type { RunSql } from '../sql/query.ts'

/** `DatabaseSync` of `node:sqlite`, a database of better-sqlite3, or anything else that answers at once as they do. */
export interface SqliteDatabase {
  prepare (text: string): SqliteStatement
}

export interface SqliteStatement {
  all (...values: unknown[]): unknown[]
  run (...values: unknown[]): { changes: number | bigint }
}

/** Milliseconds. SQLite's own default gives up at once: with four processes on one file, hundreds of refreshes would fail. */
const BUSY_TIMEOUT = 1000
/**
 * Pages. Whichever write makes the log longer first copies it into the file, and the event loop waits for the disk: about 40 ms now and then
 * with 1000 pages, SQLite's own default, and 5 ms with these.
 */
const CHECKPOINT = 64
const DEFAULT_CHECKPOINT = 1000

/** @throws InvalidOptionError for what is no such database, or one that cannot be in WAL mode */
export function checkDatabase (db: SqliteDatabase): void {
  if (typeof (db as Partial<SqliteDatabase> | null | undefined)?.prepare !== 'function') throw refused('nothing with a method prepare')
  const timeout = firstOf(db, 'PRAGMA busy_timeout')
  if (Number(timeout) === 0) firstOf(db, `PRAGMA busy_timeout = ${BUSY_TIMEOUT}`)
  if (Number(firstOf(db, 'PRAGMA wal_autocheckpoint')) === DEFAULT_CHECKPOINT) firstOf(db, `PRAGMA wal_autocheckpoint = ${CHECKPOINT}`)
  // Without it readers and writers wait for each other, and each rotation syncs the disk twice. A database in memory has no such mode.
  const mode = firstOf(db, 'PRAGMA journal_mode = WAL')
  if (mode !== 'wal' && mode !== 'memory') {
    throw new InvalidOptionError(`sqliteStore: the journal mode stays ${String(mode)}: give a file on a local disk that this process may write`)
  }
}

/** Each text is prepared once. */
export function runOf (db: SqliteDatabase): RunSql {
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

function firstOf (db: SqliteDatabase, pragma: string): unknown {
  const rows = db.prepare(pragma).all()
  if (!Array.isArray(rows)) throw refused('a client that answers later')
  return Object.values(rows[0] as object)[0]
}

function refused (what: string): Error {
  return new InvalidOptionError(`sqliteStore was given ${what}: give a DatabaseSync of node:sqlite, or a database of better-sqlite3`)
}
