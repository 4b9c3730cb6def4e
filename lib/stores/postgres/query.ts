import { createHash } from 'node:crypto'
import type { Statements } from './sql.ts'

/** `Pool` or `Client` of pg, PGlite, or anything else that answers like them. */
export interface Queryable {
  query (text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

/** Runs one of the statements and resolves its rows. Rejects with whatever the database rejects with. */
export type Query = (statement: keyof Statements, values: unknown[]) => Promise<unknown[]>

export function plainQuery (db: Queryable, sql: Statements): Query {
  return async (statement, values) => (await db.query(sql[statement], values)).rows
}

export function preparedQuery (db: Queryable, sql: Statements): Query {
  // pg refuses one name for two texts on a connection, and the stores of two tables can share one.
  const named = Object.entries(sql).map(([statement, text]) => [statement, { name: `jwtr_${sha1(text)}`, text }])
  const statements = Object.fromEntries(named) as Record<keyof Statements, { name: string, text: string }>
  const query = db.query.bind(db) as unknown as (query: object) => Promise<{ rows: unknown[] }>
  return async (statement, values) => (await query({ ...statements[statement], values })).rows
}

function sha1 (text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
