import { sqlite } from '../sql/dialects/sqlite.ts'
import { migrationOf, openDoor, type Door, type DriverStoreOptions } from '../sql/door.ts'
import type { SqlStore } from '../sql/store.ts'
import type { TableOptions } from '../sql/table.ts'
import { checkDatabase, runOf, type SqliteDatabase } from './database.ts'

export type { SqliteDatabase } from './database.ts'
export type { SqlStore } from '../sql/store.ts'
export type { SubjectType } from '../sql/subject.ts'
export type { SubjectReference, TableOptions } from '../sql/table.ts'

/** Options of `sqliteStore`. */
export type SqliteStoreOptions = DriverStoreOptions
/** What `sqliteStore` returns: the store, with `migrate()` and `with(db)`. */
export type SqliteStore = SqlStore<SqliteDatabase>

const door: Door<SqliteDatabase, SqliteStoreOptions> = { owner: 'sqliteStore', dialect: sqlite, ownOptions: [], toRun: () => runOf }

/**
 * Keeps sessions in one table of a SQLite file, which several processes of one machine can share. The file is put into WAL mode, and
 * a connection without a `busy_timeout` gets one of a second. It is not closed with the app; closing it is up to the caller.
 * @param db a `DatabaseSync` of `node:sqlite` (Node.js 22.13 or later), or a database of better-sqlite3
 * @throws TypeError for another client, or an unknown or impossible option; what SQLite throws if the file cannot be put into WAL mode.
 */
export function sqliteStore (db: SqliteDatabase, options: SqliteStoreOptions = {}): SqliteStore {
  checkDatabase(db)
  return openDoor(door, db, options)
}

/**
 * The SQL that creates the table and its index if they do not exist, for a migration tool.
 * @throws TypeError for a name that is not a plain identifier, and for an unknown option.
 */
export function migrationSql (options: TableOptions = {}): string {
  return migrationOf(door, options).join(';\n')
}
