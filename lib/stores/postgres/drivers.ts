import { createHash } from 'node:crypto'
import { show } from '../../checks/fields.ts'
import { InvalidOptionError } from '../../errors.ts'
import type { RunSql } from '../sql/query.ts'

/** A `Pool` or `Client` of pg, Neon or Vercel, a PGlite, or anything else with the same `query` method. */
export interface Queryable {
  query (text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

/** `postgres()` of postgres.js, or a transaction of it. */
export interface PostgresJs {
  (strings: TemplateStringsArray, ...values: never[]): PromiseLike<readonly unknown[]>
  unsafe (text: string): unknown
}

/** `neon()` of `@neondatabase/serverless`, which sends queries over HTTP. */
export interface NeonHttp {
  (strings: TemplateStringsArray, ...values: never[]): PromiseLike<unknown>
  transaction (...queries: never[]): unknown
}

/** The clients that `postgresStore` accepts. */
export type PostgresClient = Queryable | PostgresJs | NeonHttp

const owner = 'postgresStore'

/** @throws InvalidOptionError for anything else */
export function runOf (client: PostgresClient, prepare: boolean): RunSql {
  const { query, transaction, unsafe } = (client ?? {}) as unknown as Record<string, unknown>
  const isTag = typeof client === 'function'
  if (isTag && typeof query === 'function' && typeof transaction === 'function') return overHttp(client as unknown as HttpQuery)
  if (typeof query === 'function') return overQuery(client as Queryable, prepare)
  if (isTag && typeof unsafe === 'function') return overTag(client as PostgresJs)
  throw new InvalidOptionError(`${owner} was given nothing that runs a query: give a Pool of pg, a PGlite, or the sql of postgres.js`)
}

function overQuery (client: Queryable, prepare: boolean): RunSql {
  if (!prepare) return async ({ text, values }) => rowsOf(await client.query(text, values))
  const query = client.query.bind(client) as unknown as (query: object) => Promise<unknown>
  const nameOf = namer()
  return async ({ text, values }) => rowsOf(await query({ name: nameOf(text), text, values }))
}

/** postgres.js prepares each statement by itself. */
function overTag (sql: PostgresJs): RunSql {
  return async ({ strings, values }) => ({ rows: Array.from(await sql(strings, ...values as never[])) })
}

interface HttpQuery {
  query (text: string, values: unknown[], options: object): Promise<unknown>
}

function overHttp (neon: HttpQuery): RunSql {
  return async ({ text, values }) => rowsOf(await neon.query(text, values, { fullResults: true }))
}

/** On one connection, pg refuses the same name for two statements, and the stores of two tables can share a connection. */
function namer (): (text: string) => string {
  const names = new Map<string, string>()
  return function nameOf (text) {
    const name = names.get(text) ?? `jwtr_${createHash('sha1').update(text).digest('hex')}`
    names.set(text, name)
    return name
  }
}

/** @throws InvalidOptionError if the result has another shape: to mistake it for "no rows" would log users out */
function rowsOf (answer: unknown): { rows: unknown[] } {
  const rows = (answer as { rows?: unknown } | null | undefined)?.rows
  if (Array.isArray(rows)) return { rows }
  throw new InvalidOptionError(`${owner}: the client answers with ${show(answer)} instead of { rows }: give a Pool of pg ` +
    '(TypeORM has one as dataSource.driver.master, pg-promise as db.$pool) or an object whose query(text, values) resolves to { rows }')
}
