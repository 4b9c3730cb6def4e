import { createHash } from 'node:crypto'
import { show } from '../../checks/fields.ts'
import { InvalidOptionError } from '../../errors.ts'
import type { Statements } from './sql.ts'

/** `Pool` or `Client` of pg, PGlite, or anything else that answers like them. */
export interface Queryable {
  query (text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

/** Never `undefined`, which some drivers refuse and others leave out. */
export type Value = string | number | null

/** Runs one of the statements and resolves its rows. Rejects with whatever the database rejects with. */
export type Query = (statement: keyof Statements, values: Value[]) => Promise<unknown[]>

export function plainQuery (db: Queryable, sql: Statements): Query {
  return async (statement, values) => rowsOf(await db.query(sql[statement], values))
}

export function preparedQuery (db: Queryable, sql: Statements): Query {
  // pg refuses one name for two texts on a connection, and the stores of two tables can share one.
  const named = Object.entries(sql).map(([statement, text]) => [statement, { name: `jwtr_${sha1(text)}`, text }])
  const statements = Object.fromEntries(named) as Record<keyof Statements, { name: string, text: string }>
  const query = db.query.bind(db) as unknown as (query: object) => Promise<unknown>
  return async (statement, values) => rowsOf(await query({ ...statements[statement], values }))
}

const TRIES = 5
/** serialization_failure and deadlock_detected: nothing was written, and PostgreSQL asks for another try. */
const TRANSIENT = ['40001', '40P01']

/** Each statement is a transaction of its own, so that it can be tried again as it is. */
export function retried (query: Query): Query {
  return async function run (statement, values) {
    for (let tries = 1; tries < TRIES; tries++) {
      try {
        return await query(statement, values)
      } catch (error) {
        if (!TRANSIENT.includes(codeOf(error) as string)) throw error
      }
    }
    return await query(statement, values)
  }
}

/** @throws InvalidOptionError for a client that answers in another shape: taken for "no rows", it would log people out. */
export function rowsOf (answer: unknown): unknown[] {
  const rows = (answer as { rows?: unknown } | null | undefined)?.rows
  if (Array.isArray(rows)) return rows
  throw new InvalidOptionError(`postgresStore: the client answers with ${show(answer)} instead of { rows }: give a Pool of pg ` +
    '(TypeORM has one as dataSource.driver.master, pg-promise as db.$pool) or an object whose query(text, values) resolves to { rows }')
}

export function codeOf (error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code
}

function sha1 (text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
