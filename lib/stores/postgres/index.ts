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
   * For pg only: named prepared statements, which PostgreSQL parses and plans once a connection. Not behind a pooler in
   * transaction mode that does not track them (PgBouncer before 1.21, or without `max_prepared_statements`). Default: false.
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
 * Sessions in one table of PostgreSQL 11 or later. The database stays open when the app closes: it is the caller's.
 * Before its first query the store checks what `migrate` checks, and that there is a table.
 * @param client a `Pool` or `Client` of pg, a PGlite, the `sql` of postgres.js, Neon's or Vercel's driver
 * @throws TypeError for another client, or an unknown or impossible option.
 */
export function postgresStore (client: PostgresClient, options: PostgresStoreOptions = {}): PostgresStore {
  return openDoor(door, client, options)
}

/**
 * The SQL that makes the table and its indexes where they are not there yet, and adds the columns that an earlier version did not
 * have. One statement, so that it fits any migration tool and any pooler, and safe when many processes start at once.
 * @param options those of `postgresStore`; only those of the table are used
 * @throws TypeError for a name that is not a plain identifier, and for an unknown option.
 */
export function migrationSql (options: TableOptions = {}): string {
  return migrationOf(door, options).join('')
}
