import { show } from '../../checks/fields.ts'
import { InvalidOptionError } from '../../errors.ts'
import { codeOf, rowsOf, type Queryable } from './query.ts'

/** It has a value, so that a client which drops values fails here, and names with underscores, so that one which renames them does. */
const FACTS = `SELECT current_setting('server_encoding') AS server_encoding, current_schema() AS first_schema,
  (SELECT nspname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = to_regclass($1)) AS table_schema,
  EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1) AND attname = 'bound_to') AS has_bound_to`
const NO_PARAMETER = '42P02' // undefined_parameter

interface Facts {
  server_encoding: string
  /** null: no schema of the `search_path` exists. */
  first_schema: string | null
  /** null: there is no such table. */
  table_schema: string | null
  has_bound_to: boolean
}

/**
 * What would otherwise let logins through and fail at each refresh is said before the first of them.
 *
 * @param table quoted, as in the statements
 * @throws InvalidOptionError with the fix, for a client that does not answer as pg does or a database that is not UTF-8
 */
export async function checkClient (db: Queryable, table: string): Promise<Facts> {
  const [facts] = await ask(db, table) as [Partial<Facts>?]
  if (facts?.server_encoding === undefined) {
    throw new InvalidOptionError('postgresStore: the client does not answer with objects by the names of the columns ' +
      `(server_encoding came back as ${show(Object.keys(facts ?? {})[0])}): give it one that renames nothing (camelCase) and makes no arrays of rows`)
  }
  if (facts.server_encoding !== 'UTF8') {
    throw new InvalidOptionError(`postgresStore: the database is encoded in ${facts.server_encoding}, which cannot hold every text: ` +
      "give one that was created with ENCODING 'UTF8'")
  }
  return facts as Facts
}

/** @throws InvalidOptionError where there is no table yet, or where the search_path leads to the one of another schema */
export async function checkTable (db: Queryable, table: string, schema: string | undefined): Promise<void> {
  const { first_schema: first, table_schema: found, has_bound_to: isCurrent } = await checkClient(db, table)
  if (found === null) {
    throw new InvalidOptionError(`postgresStore: there is no table ${table}: await store.migrate() before the first login, or let your migration tool run migrationSql()`)
  }
  if (!isCurrent) {
    throw new InvalidOptionError(`postgresStore: the table ${table} has no column bound_to, it is of an earlier version: await store.migrate() before the first login, or let your migration tool run migrationSql()`)
  }
  // Two tenants with a schema each must not share the sessions that a third schema, on the search_path of both, happens to have.
  if (schema === undefined && found !== first) {
    throw new InvalidOptionError(`postgresStore: the first schema of the search_path, ${show(first)}, has no table ${table}, and ${show(found)} has one: ` +
      'await store.migrate() for a table in the first, or give the option schema')
  }
}

async function ask (db: Queryable, table: string): Promise<unknown[]> {
  try {
    return rowsOf(await db.query(FACTS, [table]))
  } catch (error) {
    if (codeOf(error) !== NO_PARAMETER) throw error
    throw new InvalidOptionError('postgresStore: the client does not send the values of a query: give one whose query(text, values) does, such as a Pool of pg')
  }
}
