import { show } from '../../checks/fields.ts'
import { InvalidOptionError } from '../../errors.ts'

/** How a driver writes its placeholders: `$1, $2, …` or `?`. */
export type Placeholders = '$n' | '?'

/** Never `undefined`, which some drivers refuse and others omit. */
export type SqlValue = string | number | null

/** One statement, in each of the forms that drivers and ORMs accept. */
export interface SqlQuery {
  /** The parts between the values, as a template tag gets them: `` sql`SELECT … ${value}` ``. */
  strings: TemplateStringsArray
  /** The statement with placeholders, each of which is used once. */
  text: string
  values: SqlValue[]
  /** `rows`: the rows are needed. `count`: how many rows were written. */
  returns: 'rows' | 'count'
}

/** The result of a statement: `rows` or `count`, whichever the query's `returns` asks for. */
export interface SqlAnswer {
  /** Objects with the names of the columns as keys. */
  rows?: readonly unknown[] | undefined
  count?: number | bigint | undefined
}

/** Runs one statement; rejects with whatever the database rejects with. */
export type RunSql = (query: SqlQuery) => Promise<SqlAnswer> | SqlAnswer

/** A query without its values. */
export type Statement = Omit<SqlQuery, 'values'>

/** @param text has a question mark for each value, and no others */
export function statement (text: string, placeholders: Placeholders, returns: Statement['returns']): Statement {
  const parts = text.split('?')
  const strings = Object.freeze(Object.assign([...parts], { raw: Object.freeze([...parts]) }))
  return { strings, text: placeholders === '?' ? text : parts.reduce((before, part, index) => `${before}$${index}${part}`), returns }
}

/** @throws InvalidOptionError for anything but rows: to mistake it for "no rows" would log users out. */
export function rowsOf (owner: string, answer: unknown): unknown[] {
  const rows = (answer as SqlAnswer | null | undefined)?.rows
  if (Array.isArray(rows)) return rows
  throw new InvalidOptionError(`${owner}: ${show(answer)} came back for a query that returns rows: resolve to { rows }, an array of objects`)
}

/** @throws InvalidOptionError for anything but a number of rows: to mistake it for zero rows would log users out. */
export function countOf (owner: string, answer: unknown): number {
  const count = (answer as SqlAnswer | null | undefined)?.count
  const rows = typeof count === 'bigint' ? Number(count) : count
  if (rows !== undefined && Number.isSafeInteger(rows) && rows >= 0) return rows // some drivers count -1 where they do not know
  throw new InvalidOptionError(`${owner}: ${show(answer)} with the count ${show(count)} came back for a query that returns a count: ` +
    'resolve to { count }, the number of rows that were written')
}
