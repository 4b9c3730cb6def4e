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
 * Sessions in one table of an SQLite file, which several processes of one machine can share. The file is put into WAL mode, and
 * a connection that would not wait for a lock waits for a second at most. It stays open when the app closes: it is the caller's.
 * @param db a `DatabaseSync` of `node:sqlite` (Node.js 22.13 or later), or a database of better-sqlite3
 * @throws TypeError for another client, or an unknown or impossible option; what SQLite throws where the file cannot be put into WAL mode.
 */
export function sqliteStore (db: SqliteDatabase, options: SqliteStoreOptions = {}): SqliteStore {
  checkDatabase(db)
  return openDoor(door, db, options)
}

/**
 * The SQL that makes the table and its index where they are not there yet, for a migration tool of your own.
 * @throws TypeError for a name that is not a plain identifier, and for an unknown option.
 */
export function migrationSql (options: TableOptions = {}): string {
  return migrationOf(door, options).join(';\n')
}
