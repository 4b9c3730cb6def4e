import { InvalidOptionError } from '../../errors.ts'
import { mysql } from '../sql/dialects/mysql.ts'
import { migrationOf, openDoor, type Door, type DriverStoreOptions } from '../sql/door.ts'
import type { RunSql } from '../sql/query.ts'
import type { SqlStore } from '../sql/store.ts'
import type { TableOptions } from '../sql/table.ts'

export type { SqlStore } from '../sql/store.ts'
export type { SubjectType } from '../sql/subject.ts'
export type { SubjectReference, TableOptions } from '../sql/table.ts'

/** A pool or connection of `mysql2/promise`. */
export interface MysqlClient {
  execute (text: string, values: unknown): Promise<[result: unknown, fields: unknown]>
}

/** Options of `mysqlStore`. */
export type MysqlStoreOptions = DriverStoreOptions
/** What `mysqlStore` returns: the store, with `migrate()` and `with(client)`. */
export type MysqlStore = SqlStore<MysqlClient>

const door: Door<MysqlClient, MysqlStoreOptions> = { owner: 'mysqlStore', dialect: mysql, ownOptions: [], toRun: () => runOf }

/**
 * Keeps sessions in one table of MySQL 8, or of MariaDB 10.6 or later. The pool is not closed with the app; closing it is up to the
 * caller.
 * @param client a pool or connection of `mysql2/promise`
 * @throws TypeError for another client, or an unknown or impossible option.
 */
export function mysqlStore (client: MysqlClient, options: MysqlStoreOptions = {}): MysqlStore {
  return openDoor(door, client, options)
}

/**
 * The statement that creates the table if it does not exist, for a migration tool.
 * @throws TypeError for a name that is not a plain identifier, and for an unknown option.
 */
export function migrationSql (options: TableOptions = {}): string {
  return migrationOf(door, options).join('')
}

/** Prepared statements: the values never go through the client's escaping, which depends on the server's `sql_mode`. */
function runOf (client: MysqlClient): RunSql {
  const { execute, promise } = (client ?? {}) as { execute?: unknown, promise?: unknown }
  if (typeof execute !== 'function' || typeof promise === 'function') {
    throw new InvalidOptionError('mysqlStore was not given a pool of mysql2/promise: give its createPool(…), or pool.promise() of a pool with callbacks')
  }
  return async ({ text, values, returns }) => {
    const [result] = await client.execute(text, values)
    return returns === 'rows' ? { rows: result as unknown[] } : { count: (result as { affectedRows: number }).affectedRows }
  }
}
