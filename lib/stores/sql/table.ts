import { checkFields, checkOneOf, show } from '../../checks/fields.ts'
import { InvalidOptionError } from '../../errors.ts'
import type { Dialect, Table } from './dialects/dialect.ts'
import type { Placeholders } from './query.ts'
import { SUBJECT_TYPES, type SubjectType } from './subject.ts'

/** PostgreSQL truncates names to 63 bytes, and the names of the indexes are longer than the table's. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,49}$/

/** The table of the sessions, and the type of their subjects. */
export interface TableOptions {
  /** An existing schema. Default: that of the connection; for PostgreSQL, the first schema of its `search_path` that exists. */
  schema?: string | undefined
  /** Default: `jwt_refresh_sessions`. */
  table?: string | undefined
  /** The column's type, for a foreign key or to save space. A subject that is not of this type cannot have sessions. Default: `text`. */
  subjectType?: SubjectType | undefined
  /** Makes the subject a foreign key in a table that `migrate` creates, so that deleting a user ends the user's sessions. */
  references?: SubjectReference | undefined
}

/** The app's table of users. */
export interface SubjectReference {
  schema?: string | undefined
  table: string
  /** Its primary key, or a unique column. */
  column: string
  /** Default: `cascade`. `restrict`: a user with sessions cannot be deleted. */
  onDelete?: 'cascade' | 'restrict' | undefined
}

export const TABLE_OPTIONS: readonly string[] = ['schema', 'table', 'subjectType', 'references']

/** @throws InvalidOptionError for a name that is not a plain identifier, and for an unknown type */
export function tableOf (owner: string, dialect: Dialect, options: TableOptions, placeholders: Placeholders = dialect.placeholders): Table {
  const { schema, table: name = 'jwt_refresh_sessions', subjectType, references } = options
  return {
    owner,
    dialect,
    schema,
    name,
    quoted: qualified(owner, dialect, schema, name),
    placeholders,
    subjectType: checkOneOf(`${owner}.subjectType`, subjectType, SUBJECT_TYPES, 'text'),
    foreignKey: references === undefined ? '' : foreignKey(`${owner}.references`, dialect, references)
  }
}

function foreignKey (owner: string, dialect: Dialect, references: SubjectReference): string {
  const { schema, table, column, onDelete } = checkFields(owner, references, ['schema', 'table', 'column', 'onDelete']) as unknown as SubjectReference
  const action = checkOneOf(`${owner}.onDelete`, onDelete, ['cascade', 'restrict'] as const, 'cascade').toUpperCase()
  return `FOREIGN KEY (subject) REFERENCES ${qualified(owner, dialect, schema, table)} (${quote(owner, dialect, 'column', column)}) ON DELETE ${action}`
}

function qualified (owner: string, dialect: Dialect, schema: string | undefined, table: unknown): string {
  const name = quote(owner, dialect, 'table', table)
  return schema === undefined ? name : `${quote(owner, dialect, 'schema', schema)}.${name}`
}

function quote (owner: string, { quotes }: Dialect, option: string, name: unknown): string {
  if (typeof name === 'string' && IDENTIFIER.test(name)) return `${quotes}${name}${quotes}`
  throw new InvalidOptionError(`${owner}.${option} is ${show(name)}: give a name of letters, digits and underscores, 50 at most`)
}
