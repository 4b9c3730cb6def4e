import type { Placeholders, RunSql } from '../query.ts'
import type { SubjectType } from '../subject.ts'

/** The dialects of SQL that the store speaks. */
export type DialectName = 'postgres' | 'mysql' | 'sqlite'

/** What the databases do not have in common. */
export interface Dialect {
  placeholders: Placeholders
  /** Around each name. */
  quotes: '"' | '`'
  /** The column's type, and the type that a value is cast to where it is not a text. */
  subjects: Record<SubjectType, { column: string, cast: string | null }>
  /** The type of a text, where another type is read as one. */
  text: string
  /** The bytes that a subject of the type `text` can have. */
  maxSubject: number
  /** Whether a write can return the rows that it has written. */
  returning: boolean
  /** What a rotation also sets, and where it writes only if `bound_to` is as it was read; both for a database that cannot return what it writes. */
  alsoSets: string
  alsoExpects: string
  /** The ids among these, whose rows have expired, that may be deleted. */
  deletable: (table: string, condition: string) => string
  /** Codes of errors after which nothing is written, and the database asks for another try. */
  transient: readonly string[]
  /** Each is one statement, and safe where many processes start at once. */
  migration: (table: Table) => string[]
  /** @throws InvalidOptionError with the fix, for a client that cannot be right */
  checkClient: (run: RunSql, table: Table) => Promise<void>
  /** @throws InvalidOptionError with the fix, where the table is not there or lacks a column; and what `checkClient` throws */
  checkTable: (run: RunSql, table: Table) => Promise<void>
}

/** A table's names, checked; `owner` is whose options they were, for errors. */
export interface Table {
  owner: string
  dialect: Dialect
  schema: string | undefined
  name: string
  /** As in the statements. */
  quoted: string
  placeholders: Placeholders
  subjectType: SubjectType
  /** The clause of the foreign key; empty where there is none. */
  foreignKey: string
}
