import type { Placeholders, RunSql } from '../query.ts'
import type { SubjectType } from '../subject.ts'

/** The SQL dialects that the store supports. */
export type DialectName = 'postgres' | 'mysql' | 'sqlite'

/** What differs between the databases. */
export interface Dialect {
  placeholders: Placeholders
  /** The quotes around each name. */
  quotes: '"' | '`'
  /** The column's type, and the type to which a value is cast if it is not a string. */
  subjects: Record<SubjectType, { column: string, cast: string | null }>
  /** The string type as which values of other types are read. */
  text: string
  /** The maximum length in bytes of a subject of the type `text`. */
  maxSubject: number
  /** Whether a write can return the rows that it wrote. */
  returning: boolean
  /** What a rotation also sets, and its condition that `bound_to` has not changed; both for a database that cannot return what it writes. */
  alsoSets: string
  alsoExpects: string
  /** The condition that selects the rows to delete among expired ones. */
  deletable: (table: string, condition: string) => string
  /** The codes of errors after which nothing was written and the statement can be retried. */
  transient: readonly string[]
  /** Each is one statement, and safe if many processes run it at once. */
  migration: (table: Table) => string[]
  /** @throws InvalidOptionError with the fix, for a client that cannot work */
  checkClient: (run: RunSql, table: Table) => Promise<void>
  /** @throws InvalidOptionError with the fix, if the table does not exist or lacks a column; and what `checkClient` throws */
  checkTable: (run: RunSql, table: Table) => Promise<void>
}

/** The checked names of a table; `owner` is the function whose options they were, for errors. */
export interface Table {
  owner: string
  dialect: Dialect
  schema: string | undefined
  name: string
  /** The name as it is in the statements. */
  quoted: string
  placeholders: Placeholders
  subjectType: SubjectType
  /** The clause of the foreign key; empty if there is none. */
  foreignKey: string
}
