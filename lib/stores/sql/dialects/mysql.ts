import { InvalidOptionError } from '../../../errors.ts'
import type { RunSql } from '../query.ts'
import { toText, type Whole } from '../row.ts'
import { checkColumns } from './check-columns.ts'
import type { Dialect, Table } from './dialect.ts'

/** Bytes, since no collation compares strings exactly in both MySQL and MariaDB: `utf8mb4_bin` ignores trailing spaces. */
const BYTES = 'VARBINARY(64)'
const MAX_SUBJECT = 4096

/** MySQL 8 and MariaDB 10.6 and later. */
export const mysql: Dialect = {
  placeholders: '?',
  quotes: '`',
  subjects: {
    text: { column: `VARBINARY(${MAX_SUBJECT})`, cast: null },
    uuid: { column: 'CHAR(36) CHARACTER SET ascii COLLATE ascii_bin', cast: null },
    bigint: { column: 'BIGINT', cast: 'SIGNED' },
    integer: { column: 'INT', cast: 'SIGNED' }
  },
  text: 'CHAR',
  maxSubject: MAX_SUBJECT,
  returning: false, // MariaDB has it for DELETE, but not for UPDATE
  alsoSets: ', writes = writes + 1', // so that each matching row is changed: some drivers count only changed rows
  alsoExpects: ' AND bound_to <=> ?',
  deletable: (_table, condition) => condition,
  transient: ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD'],
  migration,
  checkClient: async () => {},
  checkTable
}

const PROBE = '😀'
const FACTS =
  "SELECT HEX(?) AS probe_hex, COUNT(*) AS column_count FROM information_schema.columns WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND column_name = 'bound_to'"

interface Facts {
  probe_hex: string | Uint8Array
  column_count?: Whole
}

/** With another character set, `?` would be stored for what it lacks: subjects that differ only in that would share their sessions. */
async function checkTable (run: RunSql, table: Table): Promise<void> {
  const { probe_hex: hex } = await checkColumns<Facts>(run, table, FACTS, PROBE)
  if (toText(hex) === Buffer.from(PROBE).toString('hex').toUpperCase()) return
  throw new InvalidOptionError(`${table.owner}: the character set of the connection cannot hold every text: give a client with the charset utf8mb4`)
}

function migration ({ quoted, subjectType, foreignKey }: Table): string[] {
  return [`CREATE TABLE IF NOT EXISTS ${quoted} (
  id ${BYTES} NOT NULL PRIMARY KEY,
  subject ${mysql.subjects[subjectType].column} NOT NULL,
  generation INT NOT NULL,
  current ${BYTES} NOT NULL,
  created_at BIGINT NOT NULL,
  rotated_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  bound_to ${BYTES},
  payload LONGTEXT CHARACTER SET utf8mb4 NOT NULL,
  writes BIGINT NOT NULL DEFAULT 0,
  KEY subject (subject${subjectType === 'text' ? '(255)' : ''})${foreignKey && `,\n  ${foreignKey}`}
) ENGINE = InnoDB`]
}
