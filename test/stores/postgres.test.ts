import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { test, type Test } from 'tap'
import { migrationSql, postgresStore, type PostgresStore, type PostgresStoreOptions } from '../../lib/stores/postgres/index.ts'
import { HOUR, sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import type { Session } from '../../types/session.ts'
import { createSchema, createTable, scratchName, urlOf } from '../fixtures/scratch.ts'
import { findPostgres, until } from '../fixtures/services.ts'

const service = await findPostgres()
const skip = typeof service === 'string' && service
const url = urlOf(service)

interface Table {
  pool: pg.Pool
  table: string
  open: (options?: PostgresStoreOptions) => PostgresStore
}

/** A pool and a table that is dropped when the test ends. */
async function connect (t: Test, from = url): Promise<Table> {
  const { pool, table } = await createTable(t, from)
  return { pool, table, open: (options) => postgresStore(pool, { table, ...options }) }
}

/** A database that is dropped when the test ends. */
async function createDatabase (t: Test, options = ''): Promise<string> {
  const inside = new URL(url)
  const admin = new pg.Pool({ connectionString: inside.href })
  const name = scratchName()
  await admin.query(`CREATE DATABASE ${name} ${options}`)
  t.teardown(async () => {
    await admin.query(`DROP DATABASE ${name}`)
    await admin.end()
  })
  inside.pathname = name
  return inside.href
}

const refused = (message: RegExp) => ({ code: 'FST_JWT_INVALID_OPTION', message })

test('postgres', { skip }, async (t) => {
  t.test('keeps the contract with pg', async (t) => {
    const { open } = await connect(t)
    testStore((name, check) => t.test(name, check), () => open())
  })

  t.test('keeps the contract with named prepared statements', async (t) => {
    const { open } = await connect(t)
    testStore((name, check) => t.test(name, check), () => open({ prepare: true }))
  })

  t.test('two tables on one connection can both prepare their statements', async (t) => {
    const first = await connect(t)
    const client = await first.pool.connect()
    const table = `${first.table}_b`
    await client.query(migrationSql({ table }))
    for (const name of [first.table, table]) {
      const store = postgresStore(client, { table: name, prepare: true })
      const session = sampleSession()
      await store.create(session)
      t.strictSame(await store.find(session.id), session)
    }
    const { rows } = await client.query("SELECT name FROM pg_prepared_statements WHERE name LIKE 'jwtr_%' AND statement NOT LIKE '%server_encoding%'")
    t.equal(rows.length, 4)
    await client.query(`DROP TABLE ${table}`)
    client.release()
  })

  t.test('many processes can migrate at once, and again', async (t) => {
    const pool = new pg.Pool({ connectionString: url, max: 8 })
    const table = scratchName()
    const store = postgresStore(pool, { table })
    await Promise.all(Array.from({ length: 8 }, () => store.migrate()))
    const session = sampleSession()
    await store.create(session)
    await store.migrate()
    t.strictSame(await store.find(session.id), session)
    await pool.query(`DROP TABLE ${table}`)
    await pool.end()
  })

  t.test('a table of an earlier version gets its new column', async (t) => {
    const { pool, table, open } = await connect(t)
    const session = sampleSession()
    await open().create(session)
    await pool.query(`ALTER TABLE ${table} DROP COLUMN bound_to`)
    await t.rejects(open().find(session.id), refused(/table "test_\w+" has no column bound_to, it is of an earlier version: await store\.migrate\(\)/))
    const store = open()
    await store.migrate()
    t.strictSame(await store.find(session.id), session)
    const bound = sampleRotation(session, { boundTo: 'thumbprint' })
    t.strictSame(await store.rotate(session.id, session.current, bound, Date.now()), { ...session, ...bound })
  })

  t.test('the new column waits for a long transaction, and nobody waits for it longer than a moment', async (t) => {
    const { pool, table, open } = await connect(t)
    const session = sampleSession()
    await open().create(session)
    await pool.query(`ALTER TABLE ${table} DROP COLUMN bound_to`)
    const reader = await pool.connect()
    await reader.query('BEGIN')
    await reader.query(`SELECT FROM ${table}`)
    const migrated = open().migrate()
    await until(async () => (await pool.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE $1", [`%"${table}"%`])).rowCount === 1)
    await pool.query(`SET lock_timeout = 10000; UPDATE ${table} SET generation = 1; RESET lock_timeout`)
    await reader.query('COMMIT')
    reader.release()
    await migrated
    t.match(await open().find(session.id), { generation: 1, boundTo: null })
  })

  t.test('a table that has the column is migrated without a lock', async (t) => {
    const { pool, table, open } = await connect(t)
    const writer = await pool.connect()
    await writer.query(`BEGIN; LOCK TABLE ${table} IN ROW EXCLUSIVE MODE`)
    await open().migrate()
    await writer.query('COMMIT')
    writer.release()
  })

  t.test('lives in the schema that it is told', async (t) => {
    const { pool, table } = await connect(t)
    const schema = `${table}_Schema`
    await pool.query(`CREATE SCHEMA "${schema}"`)
    const store = postgresStore(pool, { schema, table: 'Order' })
    await store.migrate()
    const session = sampleSession()
    await store.create(session)
    t.equal((await pool.query(`SELECT id FROM "${schema}"."Order"`)).rows[0].id, session.id)
    t.strictSame(await store.list(session.subject), [session])
    await pool.query(`DROP SCHEMA "${schema}" CASCADE`)
  })

  t.test('two tenants, each with a schema, do not meet in the table of a third', async (t) => {
    const { pool } = await connect(t)
    const [shared, first, second] = [await createSchema(t, url), await createSchema(t, url), await createSchema(t, url)]
    const open = async (path: string[]): Promise<PostgresStore> => {
      const inside = new URL(url)
      inside.searchParams.set('options', `-c search_path=${path.join(',')}`)
      const own = new pg.Pool({ connectionString: inside.href, max: 1 })
      t.teardown(() => own.end())
      return postgresStore(own)
    }
    const third = await open([shared.schema])
    await third.migrate()

    const tenants = [await open(['missing_schema', first.schema, shared.schema]), await open([second.schema, shared.schema])] as const
    for (const tenant of tenants) await t.rejects(tenant.list('ann'), refused(/first schema of the search_path, "test_\w+", has no table .*store\.migrate\(\).*option schema/))
    for (const tenant of tenants) await tenant.migrate()
    const session = sampleSession()
    await tenants[0].create(session)
    t.strictSame(await tenants[0].find(session.id), session)
    t.equal(await tenants[1].find(session.id), null)
    t.equal(await third.find(session.id), null)
    t.equal((await pool.query(`SELECT id FROM ${first.schema}.jwt_refresh_sessions`)).rows.length, 1)
    await t.rejects((await open(['missing_schema'])).migrate(), { code: '3F000' }, 'no schema to make it in')
  })

  t.test('says what to do where the table is missing', async (t) => {
    const { pool } = await connect(t)
    await t.rejects(postgresStore(pool, { table: scratchName() }).find('x'), refused(/there is no table "test_\w+": await store\.migrate\(\)/))
    await t.rejects(postgresStore(pool, { schema: scratchName() }).find('x'), refused(/there is no table "test_\w+"\."jwt_refresh_sessions"/))
  })

  t.test('refuses a database that is not UTF-8, before it makes a table', async (t) => {
    const latin = await createDatabase(t, "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    const pool = new pg.Pool({ connectionString: latin })
    await t.rejects(postgresStore(pool).migrate(), refused(/encoded in LATIN1/))
    t.strictSame((await pool.query("SELECT to_regclass('jwt_refresh_sessions') AS found")).rows, [{ found: null }])
    await pool.end()
  })

  t.test('refuses a client that drops the values', async (t) => {
    const { pool, table } = await connect(t)
    const store = postgresStore({ query: (text) => pool.query(text) }, { table })
    await t.rejects(store.migrate(), refused(/does not send the values/))
    await t.rejects(store.find('x'), refused(/does not send the values/))
  })

  /** A pool with this default isolation level. */
  function isolated (t: Test, level: string): pg.Pool {
    const inside = new URL(url)
    inside.searchParams.set('options', `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`)
    const pool = new pg.Pool({ connectionString: inside.href })
    t.teardown(() => pool.end())
    return pool
  }

  t.test('keeps the contract where transactions are serializable', async (t) => {
    const { table } = await connect(t)
    const pool = isolated(t, 'serializable')
    testStore((name, check) => t.test(name, check), () => postgresStore(pool, { table }))
  })

  t.test('a rotation that PostgreSQL cannot serialize is tried again, and loses as it would have', async (t) => {
    const { pool, table, open } = await connect(t)
    const session = sampleSession()
    await open().create(session)
    const [winner, loser] = [sampleRotation(session), sampleRotation(session)]
    const other = await pool.connect()
    await other.query('BEGIN')
    await other.query(`UPDATE ${table} SET current = $2 WHERE id = $1`, [session.id, winner.current])

    const late = postgresStore(isolated(t, 'repeatable read'), { table }).rotate(session.id, session.current, loser, Date.now())
    await until(async () => (await pool.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1", [`UPDATE "${table}"%`])).rowCount === 1)
    await other.query('COMMIT')
    other.release()
    t.equal(await late, null)
  })

  t.test('rotations stay HOT: they write to no index', async (t) => {
    // Long-lived snapshots, of another test or of a connection that is not scheduled, make PostgreSQL keep old row versions, which
    // fill the pages. Hence a separate database and sequential rotations.
    const own = await createDatabase(t)
    const { pool, table } = await connect(t, own)
    const users = new pg.Pool({ connectionString: own })
    const store = postgresStore(users, { table })
    const sessions = Array.from({ length: 300 }, () => sampleSession())
    await Promise.all(sessions.map((session) => store.create(session)))
    for (let round = 0; round < 10; round++) {
      for (const [i, session] of sessions.entries()) {
        sessions[i] = await store.rotate(session.id, session.current, sampleRotation(session), Date.now()) as Session
      }
    }
    await users.end() // a connection reports its statistics when it closes, or after ten seconds of idling
    let updates = { all: 0, hot: 0 }
    await until(async () => {
      const { rows } = await pool.query(`SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = '${table}'`)
      updates = rows[0]
      return updates.all >= 3_000
    })
    t.ok(updates.hot / updates.all >= 0.99, `${updates.hot} of ${updates.all}`)
  })

  t.test('sweeps what expired over an hour ago, in batches, and waits for nobody', async (t) => {
    const { pool, table, open } = await connect(t)
    const now = Date.now()
    const store = open({ now: () => now })
    const ended = (ago: number): Session => sampleSession({ subject: 'ann', expiresAt: now - ago })
    const over = Array.from({ length: 2_400 }, () => ended(HOUR + 1))
    const recent = ended(HOUR - 60_000)
    const living = sampleSession({ subject: 'ann' })
    const locked = ended(HOUR + 1)
    await Promise.all([...over, recent, living, locked].map((session) => store.create(session)))

    const rotating = await pool.connect()
    await rotating.query('BEGIN')
    await rotating.query(`SELECT 1 FROM ${table} WHERE id = $1 FOR UPDATE`, [locked.id])
    const swept = [await store.sweep(), await store.sweep(), await store.sweep()]
    t.ok(swept.every((count) => count <= 1_000), 'a bounded number each time')
    t.equal(swept.reduce((sum, count) => sum + count), 2_400, 'all but the locked one')
    await rotating.query('COMMIT')
    rotating.release()

    t.equal(await store.sweep(), 1, 'begins anew at the end of the table')
    const { rows } = await pool.query(`SELECT id FROM ${table} ORDER BY id`)
    t.strictSame(rows.map(({ id }) => id), [recent.id, living.id].sort())
  })

  t.test('a session that is used while it is swept lives on', async (t) => {
    const { pool, table, open } = await connect(t)
    const now = Date.now()
    const store = open({ now: () => now })
    const session = sampleSession({ expiresAt: now - 2 * HOUR })
    const next = sampleRotation(session, { expiresAt: now + HOUR })
    await store.create(session)
    // By the clock of another instance, the session has not expired yet.
    await Promise.all([store.sweep(), store.rotate(session.id, session.current, next, now - 3 * HOUR)])
    const found = await store.find(session.id)
    const { rows } = await pool.query(`SELECT expires_at FROM ${table}`)
    t.equal(found === null, rows.length === 0, 'either swept or rotated, never half of it')
  })

  t.test('an error of the database rejects', async (t) => {
    const { pool, table, open } = await connect(t)
    const store = open()
    const session = sampleSession()
    await store.create(session)
    await t.rejects(store.create(session), { code: '23505' }, 'a second session of one id')
    await pool.query(`DROP TABLE ${table}`)
    await t.rejects(store.find(session.id), { code: '42P01' })
    await t.rejects(store.rotate(session.id, session.current, sampleRotation(session), Date.now()), { code: '42P01' })
    await t.rejects(store.delete(session.id), { code: '42P01' })
    await t.rejects(store.list(session.subject), { code: '42P01' })
    await t.rejects(store.deleteAll(session.subject), { code: '42P01' })
    await t.rejects(store.sweep(), { code: '42P01' })
  })

  t.test('reads times that a host makes pg parse as BigInt', async (t) => {
    const { table } = await connect(t)
    const types = { getTypeParser: (oid: number, format: 'text') => oid === 20 ? BigInt : pg.types.getTypeParser(oid, format) }
    const client = new pg.Client({ connectionString: url, types: types as pg.CustomTypesConfig })
    await client.connect()
    const store = postgresStore(client, { table })
    const session = sampleSession()
    await store.create(session)
    t.strictSame(await store.find(session.id), session)
    await client.end()
  })
})

test('pglite', async (t) => {
  const db = new PGlite()
  t.teardown(() => db.close())
  const store = postgresStore(db)
  await store.migrate()
  await store.migrate()

  t.test('keeps the contract', async (t) => {
    testStore((name, check) => t.test(name, check), () => store)
  })

  t.test('stores a NUL and a lone surrogate in claims and metadata', async (t) => {
    const session = sampleSession({ claims: { sub: 'ann', odd: 'a\u0000b\ud800c' }, metadata: { userAgent: '\u0000\udfff' } })
    await store.create(session)
    t.strictSame(await store.find(session.id), session)
  })

  t.test('refuses a subject that it could not tell from another', async (t) => {
    for (const subject of ['ann\u0000', 'ann\ud800']) {
      await t.rejects(store.create(sampleSession({ subject })), TypeError)
      t.strictSame(await store.list(subject), [], 'which therefore has no sessions')
      t.equal(await store.deleteAll(subject), 0)
    }
  })

  t.test('an expected value that it cannot store is the one of no session', async (t) => {
    const session = sampleSession()
    await store.create(session)
    for (const expected of ['\u0000', '\ud800']) {
      t.equal(await store.rotate(session.id, expected, sampleRotation(session), Date.now()), null)
      t.equal(await store.delete(session.id, expected), false)
    }
    t.strictSame(await store.find(session.id), session)
  })

  t.test('an exception that cannot be an id spares nobody', async (t) => {
    const session = sampleSession()
    await store.create(session)
    t.equal(await store.deleteAll(session.subject, '\u0000'), 1)
  })

  t.test('find, list and deleteAll go by the clock of the plugin', async (t) => {
    const session = sampleSession()
    await store.create(session)
    store.useClock(() => session.expiresAt - 0.5)
    t.strictSame(await store.find(session.id), session)
    store.useClock(() => session.expiresAt)
    t.equal(await store.find(session.id), null)
    t.strictSame(await store.list(session.subject), [])
    t.equal(await store.deleteAll(session.subject), 0, 'counts what lived')
    store.useClock(Date.now)
    t.equal(await store.find(session.id), null, 'and ends the rest, too')
  })

  t.test('a fraction of a millisecond is dropped, not refused', async (t) => {
    const session = sampleSession()
    await store.create({ ...session, createdAt: session.createdAt + 0.25, expiresAt: session.expiresAt + 0.75 })
    t.strictSame(await store.find(session.id), session)
    const next = sampleRotation(session)
    const rotated = await store.rotate(session.id, session.current, { ...next, rotatedAt: next.rotatedAt + 0.5 }, session.createdAt + 0.5)
    t.strictSame(rotated, { ...session, ...next })
  })
})
