import { checkBoolean } from '../../checks/fields.ts'
import { postgres } from '../sql/dialects/postgres.ts'
import { migrationOf, openDoor, type Door, type DriverStoreOptions } from '../sql/door.ts'
import type { SqlStore } from '../sql/store.ts'
import type { TableOptions } from '../sql/table.ts'
import { runOf, type PostgresClient } from './drivers.ts'

export type { NeonHttp, PostgresClient, PostgresJs, Queryable } from './drivers.ts'
export type { SqlStore } from '../sql/store.ts'
export type { SubjectType } from '../sql/subject.ts'
export type { SubjectReference, TableOptions } from '../sql/table.ts'

/** Options of `postgresStore`. */
export interface PostgresStoreOptions extends DriverStoreOptions {
  /**
   * For pg only: uses named prepared statements, which PostgreSQL parses and plans once per connection. Do not use it behind a pooler
   * in transaction mode that does not track them (PgBouncer before 1.21, or without `max_prepared_statements`). Default: false.
   */
  prepare?: boolean | undefined
}

/** What `postgresStore` returns: the store, with `migrate()` and `with(client)`. */
export type PostgresStore = SqlStore<PostgresClient>

const door: Door<PostgresClient, PostgresStoreOptions> = {
  owner: 'postgresStore',
  dialect: postgres,
  ownOptions: ['prepare'],
  toRun ({ prepare }) {
    const isPrepared = checkBoolean('postgresStore.prepare', prepare, false)
    return (client) => runOf(client, isPrepared)
  }
}

/**
 * Keeps sessions in one table of PostgreSQL 11 or later. The client is not closed with the app; closing it is up to the caller.
 * Before its first query, the store checks the client as `migrate` does, and that the table exists.
 * @param client a `Pool` or `Client` of pg, a PGlite, the `sql` of postgres.js, Neon's or Vercel's driver
 * @throws TypeError for another client, or an unknown or impossible option.
 */
export function postgresStore (client: PostgresClient, options: PostgresStoreOptions = {}): PostgresStore {
  return openDoor(door, client, options)
}

/**
 * The SQL that creates the table and its index if they do not exist, and adds the columns that a table of an earlier version lacks.
 * It is one statement, which works with any migration tool and any pooler, and is safe if many processes run it at once.
 * @param options those of `postgresStore`; only the options of the table are used
 * @throws TypeError for a name that is not a plain identifier, and for an unknown option.
 */
export function migrationSql (options: TableOptions = {}): string {
  return migrationOf(door, options).join('')
}
