import { show } from '../../../checks/fields.ts'
import { InvalidOptionError } from '../../../errors.ts'
import { rowsOf, statement, type RunSql } from '../query.ts'
import type { Dialect, Table } from './dialect.ts'

const TEXT = 'text COLLATE "C"'

/** PostgreSQL 11 and later. */
export const postgres: Dialect = {
  placeholders: '$n',
  quotes: '"',
  subjects: {
    text: { column: TEXT, cast: null },
    uuid: { column: 'uuid', cast: 'uuid' },
    bigint: { column: 'bigint', cast: 'bigint' },
    integer: { column: 'integer', cast: 'integer' }
  },
  text: 'text',
  maxSubject: Infinity,
  returning: true,
  alsoSets: '',
  alsoExpects: '',
  // Skips sessions that are being rotated instead of waiting for them.
  deletable: (table, condition) => `id IN (SELECT id FROM ${table} WHERE ${condition} FOR UPDATE SKIP LOCKED)`,
  transient: ['40001', '40P01'], // serialization_failure, deadlock_detected
  migration,
  checkClient: async (run, table) => { await askFacts(run, table) },
  checkTable
}

/**
 * One statement, so that it fits any migration tool and any pooler.
 *
 * No column that a rotation changes may be in an index: otherwise each rotation would write to every index and make work for vacuum.
 * The free space that the fillfactor reserves lets the new version of a row stay on its page.
 */
function migration (table: Table): string[] {
  const { name, quoted, subjectType, foreignKey } = table
  const inSchema = regclass(table)
  const block = `
DECLARE
  lock_timeout text := current_setting('lock_timeout');
  tries integer := 0;
BEGIN
  -- CREATE ... IF NOT EXISTS alone fails when two processes run it at the same moment.
  PERFORM pg_advisory_xact_lock(hashtext('fastify-jwt-refresh migration'));
  IF to_regclass(${inSchema}) IS NULL THEN
    CREATE TABLE ${quoted} (
      created_at bigint NOT NULL,
      rotated_at bigint NOT NULL,
      expires_at bigint NOT NULL,
      ends_at bigint NOT NULL,
      generation integer NOT NULL,
      id ${TEXT} NOT NULL CONSTRAINT "${name}_pkey" PRIMARY KEY,
      subject ${postgres.subjects[subjectType].column} NOT NULL,
      current ${TEXT} NOT NULL,
      bound_to ${TEXT},
      payload text NOT NULL${foreignKey && `,\n      ${foreignKey}`}
    ) WITH (fillfactor = 90);
    CREATE INDEX "${name}_subject" ON ${quoted} USING hash (subject);
  ELSIF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass(${inSchema}) AND attname = 'bound_to') THEN
    -- A table of an earlier version. While this waits for the table's lock, refreshes queue behind it, so it waits only briefly.
    LOOP
      BEGIN
        PERFORM set_config('lock_timeout', '50ms', true);
        ALTER TABLE ${quoted} ADD COLUMN bound_to ${TEXT};
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
`
  return [`DO ${literal(block)}`]
}

/** Not dollar-quoted, since some ORMs take the dollars for placeholders. */
function literal (text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** An SQL expression for the name with which `to_regclass` finds the table only in this schema. */
function regclass ({ schema, quoted }: Table): string {
  return schema === undefined ? `quote_ident(current_schema()) || '.${quoted}'` : `'${quoted}'`
}

/** It has a parameter, so that a client that drops values fails here, and names with underscores, so that one that renames them does. */
const FACTS =
  `SELECT current_setting('server_encoding') AS server_encoding, CAST(current_schema() AS text) AS first_schema,
  CAST(n.nspname AS text) AS table_schema,
  EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = wanted.oid AND a.attname = 'bound_to') AS has_bound_to
  FROM (SELECT to_regclass(CAST(? AS text)) AS oid) AS wanted
  LEFT JOIN pg_catalog.pg_class AS c ON c.oid = wanted.oid LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace`
const NO_PARAMETER = '42P02' // undefined_parameter

interface Facts {
  server_encoding: string
  /** null: no schema of the `search_path` exists. */
  first_schema: string | null
  /** null: there is no such table. */
  table_schema: string | null
  has_bound_to: boolean
}

async function askFacts (run: RunSql, table: Table): Promise<Facts> {
  const { owner } = table
  const [facts] = await ask(run, table) as [Partial<Facts>?]
  if (facts?.server_encoding === undefined) {
    throw new InvalidOptionError(`${owner}: the client does not answer with objects by the names of the columns ` +
      `(server_encoding came back as ${show(Object.keys(facts ?? {})[0])}): give it one that renames nothing (camelCase) and makes no arrays of rows`)
  }
  if (facts.server_encoding !== 'UTF8') {
    throw new InvalidOptionError(`${owner}: the database is encoded in ${facts.server_encoding}, which cannot hold every text: ` +
      "give one that was created with ENCODING 'UTF8'")
  }
  return facts as Facts
}

/** Detects before the first login what would otherwise let logins succeed and refreshes fail. */
async function checkTable (run: RunSql, table: Table): Promise<void> {
  const { owner, quoted, schema } = table
  const { first_schema: first, table_schema: found, has_bound_to: isCurrent } = await askFacts(run, table)
  const fix = 'await store.migrate() before the first login, or let your migration tool run migrationSql()'
  if (found === null) throw new InvalidOptionError(`${owner}: there is no table ${quoted}: ${fix}`)
  if (!isCurrent) throw new InvalidOptionError(`${owner}: the table ${quoted} has no column bound_to, it is of an earlier version: ${fix}`)
  // Two tenants with a schema each must not share the sessions that a third schema, on the search_path of both, happens to have.
  if (schema === undefined && found !== first) {
    throw new InvalidOptionError(`${owner}: the first schema of the search_path, ${show(first)}, has no table ${quoted}, and ${show(found)} has one: ` +
      'await store.migrate() for a table in the first, or give the option schema')
  }
}

async function ask (run: RunSql, { owner, quoted, placeholders }: Table): Promise<unknown[]> {
  try {
    return rowsOf(owner, await run({ ...statement(FACTS, placeholders, 'rows'), values: [quoted] }))
  } catch (error) {
    if ((error as { code?: unknown } | null | undefined)?.code !== NO_PARAMETER) throw error
    throw new InvalidOptionError(`${owner}: the client does not send the values of a query: give one whose query(text, values) does, such as a Pool of pg`)
  }
}
