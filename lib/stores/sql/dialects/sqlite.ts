import { checkColumns } from './check-columns.ts'
import type { Dialect, Table } from './dialect.ts'

/** SQLite 3.35 and later. */
export const sqlite: Dialect = {
  placeholders: '?',
  quotes: '"',
  subjects: {
    text: { column: 'TEXT', cast: null },
    uuid: { column: 'TEXT', cast: null },
    bigint: { column: 'INTEGER', cast: 'INTEGER' },
    integer: { column: 'INTEGER', cast: 'INTEGER' }
  },
  text: 'TEXT',
  maxSubject: Infinity,
  returning: true,
  alsoSets: '',
  alsoExpects: '',
  deletable: (_table, condition) => condition,
  transient: [], // SQLite waits for locks by itself, up to busy_timeout
  migration,
  checkClient: async () => {},
  checkTable: async (run, table) => { await checkColumns(run, table, COLUMN_COUNT) }
}

const COLUMN_COUNT = "SELECT COUNT(*) AS column_count FROM pragma_table_info WHERE schema = COALESCE(?, 'main') AND arg = ? AND name = 'bound_to'"

/** The name of the index has the schema of its table; the table in CREATE INDEX must not have one. */
function migration ({ schema, name, quoted, subjectType, foreignKey }: Table): string[] {
  const index = schema === undefined ? `"${name}_subject"` : `"${schema}"."${name}_subject"`
  return [
    `CREATE TABLE IF NOT EXISTS ${quoted} (
  id TEXT NOT NULL PRIMARY KEY,
  subject ${sqlite.subjects[subjectType].column} NOT NULL,
  generation INTEGER NOT NULL,
  current TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  rotated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  bound_to TEXT,
  payload TEXT NOT NULL${foreignKey && `,\n  ${foreignKey}`}
) WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS ${index} ON "${name}" (subject)`
  ]
}
