import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import postgres from 'postgres'
import { postgresStore } from '../../../lib/stores/postgres/index.ts'
import { startPostgres } from '../../../test/fixtures/postgres-server.ts'
import { AT_ONCE, rotateOne } from '../measure.js'
import { until } from '../until.js'

const BATCH = 500 // rows per chunk

/** The settings that differ from PostgreSQL's defaults or from those of the tests. A commit waits for the disk. */
const SETTINGS = {
  fsync: 'on',
  shared_buffers: process.env.SHARED_BUFFERS ?? '6GB', // more than ten million sessions take
  huge_pages: process.env.HUGE_PAGES ?? 'try',
  max_wal_size: '8GB',
  checkpoint_timeout: '15min',
  wal_compression: process.env.WAL_COMPRESSION ?? 'off'
}

/** Selects the table or its partitions. */
const OF_TABLE = "FROM pg_stat_user_tables WHERE relname = $1 OR relname LIKE $1 || '_p%'"

/**
 * Starts a separate server with a table for each size.
 *
 * @param {(table: string) => string} [tableSql] returns the statements that create the table, if `migrate` must not create it
 */
export async function open (tableSql) {
  const server = await startPostgres({ settings: SETTINGS, walSegment: 16 })
  if (typeof server === 'string') throw new Error(server)
  const pool = new pg.Pool({ connectionString: server.url, max: AT_ONCE })
  pool.on('error', () => {}) // the failover ends its connections
  const copying = postgres(server.url)
  const one = async (text, ...values) => (await pool.query(text, values)).rows[0]

  return {
    facts: { server: `PostgreSQL ${(await one('SHOW server_version')).server_version.split(' ')[0]}`, settings: SETTINGS },
    async load (sessions) {
      const table = `sessions_${sessions.size}`
      const store = postgresStore(pool, { table, prepare: true })
      if (tableSql !== undefined) await pool.query(tableSql(table))
      await store.migrate()
      await copyAll(pool, copying, table, sessions)
      await pool.query(`VACUUM ANALYZE ${table}`)
      await pool.query('CHECKPOINT')
      return {
        store,
        table,
        bytes: (await one(`SELECT sum(pg_total_relation_size(relid))::float AS bytes ${OF_TABLE}`, table)).bytes / sessions.size,
        counter: { name: 'walBytes', read: async () => Number((await one("SELECT (pg_current_wal_insert_lsn() - '0/0')::text AS bytes")).bytes) },
        async facts () {
          await new Promise((resolve) => setTimeout(resolve, 1500)) // PostgreSQL updates its statistics with a delay of a second
          return await one(`SELECT sum(n_tup_hot_upd)::float / sum(n_tup_upd)::float AS hot ${OF_TABLE}`, table)
        },
        expire: (count) => pool.query(`UPDATE ${table} SET expires_at = 0 WHERE id <= (SELECT id FROM ${table} ORDER BY id LIMIT 1 OFFSET ${count - 1})`),
        reopen: () => postgresStore(pool, { table, prepare: true })
      }
    },
    /** Measures how long it takes from the crash of the server until its standby, promoted at once, has made a rotation. */
    async finish ({ sessions, table }) {
      const standby = await server.startStandby()
      await until(async () => (await pool.query('SELECT FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()')).rowCount > 0)
      await server.crash()
      const start = performance.now()
      await standby.promote()
      const promoted = new pg.Pool({ connectionString: standby.url })
      await rotateOne(postgresStore(promoted, { table }), sessions)
      const failoverMilliseconds = performance.now() - start
      await promoted.end()
      await standby.stop()
      return { failoverMilliseconds }
    },
    async close () {
      await copying.end()
      await pool.end()
      await server.stop()
    }
  }
}

/** Sends the rows that the store would insert with COPY. The indexes grow row by row, as with logins. */
async function copyAll (pool, copying, table, sessions) {
  let columns
  let text = ''
  const store = postgresStore({
    async query (query, values) {
      if (!query.startsWith('INSERT')) return await pool.query(query, values)
      columns ??= /\(.*?\)/.exec(query)[0]
      text += values.map(copied).join('\t') + '\n'
      return { rows: [] }
    }
  }, { table })

  async function * rows () {
    for (let number = 0; number < sessions.size; number++) {
      await store.create(sessions.at(number))
      if (text.length > BATCH * 500) {
        yield text
        text = ''
      }
    }
    yield text
  }

  const chunks = rows()
  const { value: first } = await chunks.next()
  const to = await copying.unsafe(`COPY ${table} ${columns} FROM STDIN`).writable()
  await pipeline(Readable.from(joined(first, chunks)), to)
}

async function * joined (first, rest) {
  yield first
  yield * rest
}

function copied (value) {
  return value === null ? '\\N' : String(value).replaceAll('\\', '\\\\')
}
