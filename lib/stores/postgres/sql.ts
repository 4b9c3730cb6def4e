import { checkFields, show } from '../../checks/fields.ts'
import { InvalidOptionError } from '../../errors.ts'

/** PostgreSQL cuts names at 63 bytes; the names of the indexes are longer than the table's. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,49}$/

export interface TableName {
  /** An existing schema. Default: the first one of the connection's `search_path` that exists, and never another. */
  schema?: string | undefined
  /** Default: `jwt_refresh_sessions`. */
  table?: string | undefined
}

interface QuotedNames {
  table: string
  /** An SQL expression: the text by which `to_regclass` finds the table in this schema alone. */
  inSchema: string
  primaryKey: string
  subjectIndex: string
}

/** The texts of all statements: only names are filled in, and those are checked; everything else is a parameter. */
export interface Statements {
  create: string
  find: string
  rotate: string
  delete: string
  deleteExpected: string
  list: string
  deleteAll: string
  sweep: string
}

export const STORE_OPTIONS: readonly string[] = ['schema', 'table', 'now', 'prepare']
const COLUMNS = 'id, subject, generation, current, created_at, rotated_at, expires_at, ends_at, bound_to, payload'
/** What of a row a rotation does not already know. */
const KEPT = 'subject, created_at, ends_at, bound_to, payload'

/** @throws TypeError for a name that is not a plain identifier. */
export function statements (options: TableName): Statements {
  const { table } = quotedNames(options)
  return {
    create: `INSERT INTO ${table} (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    find: `SELECT ${COLUMNS} FROM ${table} WHERE id = $1 AND expires_at > $2`,
    rotate: `UPDATE ${table} SET generation = $3, current = $4, rotated_at = $5, expires_at = $6, bound_to = COALESCE($8, bound_to)
      WHERE id = $1 AND current = $2 AND expires_at > $7 RETURNING ${KEPT}`,
    delete: `DELETE FROM ${table} WHERE id = $1 RETURNING id`,
    deleteExpected: `DELETE FROM ${table} WHERE id = $1 AND current = $2 RETURNING id`,
    list: `SELECT ${COLUMNS} FROM ${table} WHERE subject = $1 AND expires_at > $2`,
    deleteAll: `WITH ended AS (DELETE FROM ${table} WHERE subject = $1 AND id IS DISTINCT FROM $2 RETURNING expires_at)
      SELECT count(*) AS living FROM ended WHERE expires_at > $3`,
    // Looks at $2 sessions after id $1. SKIP LOCKED: one that is being rotated is not waited for.
    sweep: `WITH looked AS (SELECT id, expires_at FROM ${table} WHERE id > $1 ORDER BY id LIMIT $2),
      doomed AS (SELECT id FROM ${table} WHERE id IN (SELECT id FROM looked WHERE expires_at <= $3) AND expires_at <= $3
        FOR UPDATE SKIP LOCKED),
      removed AS (DELETE FROM ${table} AS t USING doomed WHERE t.id = doomed.id RETURNING t.id)
      SELECT (SELECT count(*) FROM removed) AS removed, (SELECT count(*) FROM looked) AS looked, (SELECT max(id) FROM looked) AS last`
  }
}

/**
 * The SQL that makes the table and its indexes where they are not there yet. One statement, so that it fits any
 * migration tool and any pooler, and safe when many processes start at once.
 * @param options those of `postgresStore`; only the names are used
 * @throws TypeError for a name that is not a plain identifier, and for an unknown option.
 */
export function migrationSql (options: TableName = {}): string {
  const { table, inSchema, primaryKey, subjectIndex } = quotedNames(checkFields('migrationSql', options, STORE_OPTIONS))
  // No column that a rotation moves may be in an index, else each rotation writes to every index and leaves the
  // work to vacuum. The room that the fillfactor keeps lets the new version of a row stay on its page.
  return `DO $migration$
DECLARE
  lock_timeout text := current_setting('lock_timeout');
  tries integer := 0;
BEGIN
  -- CREATE ... IF NOT EXISTS alone fails when two processes run it at the same moment.
  PERFORM pg_advisory_xact_lock(hashtext('fastify-jwt-refresh migration'));
  IF to_regclass(${inSchema}) IS NULL THEN
    CREATE TABLE ${table} (
      created_at bigint NOT NULL,
      rotated_at bigint NOT NULL,
      expires_at bigint NOT NULL,
      ends_at bigint NOT NULL,
      generation integer NOT NULL,
      id text COLLATE "C" NOT NULL CONSTRAINT ${primaryKey} PRIMARY KEY,
      subject text COLLATE "C" NOT NULL,
      current text COLLATE "C" NOT NULL,
      bound_to text COLLATE "C",
      payload text NOT NULL
    ) WITH (fillfactor = 90);
    CREATE INDEX ${subjectIndex} ON ${table} USING hash (subject);
  ELSIF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass(${inSchema}) AND attname = 'bound_to') THEN
    -- A table of an earlier version. Refreshes queue behind whoever waits for the table's lock, so the wait is short.
    LOOP
      BEGIN
        PERFORM set_config('lock_timeout', '50ms', true);
        ALTER TABLE ${table} ADD COLUMN bound_to text COLLATE "C";
        PERFORM set_config('lock_timeout', lock_timeout, true);
        EXIT;
      EXCEPTION WHEN lock_not_available THEN
        tries := tries + 1;
        IF tries = 100 THEN
          RAISE;
        END IF;
        PERFORM pg_sleep(0.1);
      END;
    END LOOP;
  END IF;
END
$migration$`
}

export function quotedNames ({ schema, table = 'jwt_refresh_sessions' }: TableName): QuotedNames {
  const name = quote('table', table)
  const qualified = schema === undefined ? name : `${quote('schema', schema)}.${name}`
  return {
    table: qualified,
    inSchema: schema === undefined ? `quote_ident(current_schema()) || '.${name}'` : `'${qualified}'`,
    primaryKey: `"${table}_pkey"`,
    subjectIndex: `"${table}_subject"`
  }
}

function quote (option: string, name: unknown): string {
  if (typeof name === 'string' && IDENTIFIER.test(name)) return `"${name}"`
  throw new InvalidOptionError(`postgresStore.${option} is ${show(name)}: give a name of letters, digits and underscores, 50 at most`)
}
