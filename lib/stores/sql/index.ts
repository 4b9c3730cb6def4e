import { checkFields, checkFunction, checkOneOf, show } from '../../checks/fields.ts'
import { InvalidOptionError } from '../../errors.ts'
import { refuseSweepInterval } from '../sweep-interval.ts'
import type { Dialect, DialectName } from './dialects/dialect.ts'
import { mysql } from './dialects/mysql.ts'
import { postgres } from './dialects/postgres.ts'
import { sqlite } from './dialects/sqlite.ts'
import type { Placeholders, RunSql } from './query.ts'
import { statementsOf } from './statements.ts'
import { openSqlStore, type SqlStore } from './store.ts'
import { TABLE_OPTIONS, tableOf, type TableOptions } from './table.ts'

export type { DialectName } from './dialects/dialect.ts'
export type { Placeholders, RunSql, SqlAnswer, SqlQuery, SqlValue } from './query.ts'
export type { SqlStore } from './store.ts'
export type { SubjectType } from './subject.ts'
export type { SubjectReference, TableOptions } from './table.ts'

/** The table of `migrationSql`, and the dialect in which it is created. */
export interface SqlTableOptions extends TableOptions {
  dialect: DialectName
}

/** Options of `sqlStore`. */
export interface SqlStoreOptions extends SqlTableOptions {
  /** The placeholders for values in `text`. Default: `$n` for PostgreSQL, otherwise `?`. */
  placeholders?: Placeholders | undefined
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: (() => number) | undefined
}

const DIALECTS: Record<DialectName, Dialect> = { postgres, mysql, sqlite }
const OPTIONS = ['dialect', 'placeholders', 'now', ...TABLE_OPTIONS]

/**
 * Keeps sessions in one table of a database that anything can query: an ORM, a query builder, or a driver without a store of its own.
 * @throws TypeError for anything but a function, and for an unknown or impossible option.
 */
export function sqlStore (run: RunSql, options: SqlStoreOptions): SqlStore<RunSql> {
  refuseSweepInterval('sqlStore', options)
  const checked = checkFields('sqlStore', options, OPTIONS) as unknown as SqlStoreOptions
  const dialect = dialectOf('sqlStore', checked.dialect)
  const placeholders = checkOneOf('sqlStore.placeholders', checked.placeholders, ['$n', '?'] as const, undefined)
  const table = tableOf('sqlStore', dialect, checked, placeholders)
  return openSqlStore(run, {
    table,
    statements: statementsOf(table),
    toRun,
    now: checkFunction('sqlStore.now', checked.now) ?? (() => Date.now())
  })
}

/**
 * What `migrate` runs, for a migration tool: statements that create the table and its index if they do not exist.
 * @throws TypeError for a name that is not a plain identifier, and for an unknown option.
 */
export function migrationSql (options: SqlTableOptions): string[] {
  const checked = checkFields('migrationSql', options, OPTIONS) as unknown as SqlTableOptions
  const dialect = dialectOf('migrationSql', checked.dialect)
  return dialect.migration(tableOf('migrationSql', dialect, checked))
}

function toRun (run: RunSql): RunSql {
  if (typeof run !== 'function') throw new InvalidOptionError(`sqlStore was given ${show(run)}: give a function that runs one statement`)
  return run
}

function dialectOf (owner: string, name: unknown): Dialect {
  const dialect = checkOneOf(`${owner}.dialect`, name, Object.keys(DIALECTS), undefined)
  if (dialect === undefined) throw new InvalidOptionError(`${owner}.dialect is missing: give ${Object.keys(DIALECTS).map(show).join(', ')}`)
  return DIALECTS[dialect as DialectName]
}
