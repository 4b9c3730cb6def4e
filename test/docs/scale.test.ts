import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { MemoryStore, type TokenStore } from '../../index.ts'
import { postgresStore } from '../../lib/stores/postgres/index.ts'
import { redisStore } from '../../lib/stores/redis/index.ts'
import { HOUR, sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { compile } from '../fixtures/package.ts'
import { openPage } from '../fixtures/page.ts'
import { createSchema } from '../fixtures/scratch.ts'
import { findPostgres, startRedisCluster, until } from '../fixtures/services.ts'

t.setTimeout(120_000) // it builds the package

const postgres = await findPostgres()
const cluster = await startRedisCluster()
t.teardown(async () => { if (typeof cluster !== 'string') await cluster.stop() })

const { project, check, run } = await openPage('docs/scale.md')

check({
  'Redis Cluster': [overCluster],
  'Partitions of PostgreSQL': [overPartitions],
  'A store that asks in other regions': [regional],
  'Measured here': [async (t, code) => { for (const line of code.split('\n')) t.match(line, /^npm run (bench:scale|test:failovers)( |$)/) }]
})

async function overCluster (t: Test, code: string): Promise<void> {
  if (typeof cluster === 'string') {
    t.pass('over a Redis Cluster', { skip: cluster })
    return
  }
  process.env.REDIS_NODES = cluster.urls.join(',')
  const { client } = await run(code)
  t.teardown(() => client.disconnect())
  const store = redisStore(client)
  const session = sampleSession()
  await store.create(session)
  t.strictSame(await store.find(session.id), session)
}

async function overPartitions (t: Test, code: string): Promise<void> {
  if (typeof postgres === 'string') {
    t.pass('over PostgreSQL', { skip: postgres })
    return
  }
  const { pool: outside, schema, url } = await createSchema(t, postgres.url)
  const pool = new pg.Pool({ connectionString: url })
  t.teardown(async () => { if (!pool.ended) await pool.end() })
  await pool.query(code)
  const store = postgresStore(pool, { prepare: true })

  await t.test('migrate leaves it as it is', async (t) => {
    await store.migrate()
    const { rows } = await pool.query("SELECT relkind FROM pg_class WHERE oid = 'jwt_refresh_sessions'::regclass")
    t.strictSame(rows, [{ relkind: 'p' }])
  })

  await t.test('it keeps the contract', async (t) => {
    testStore((name, check) => t.test(name, check), () => store)
  })

  await t.test('a sweep finds what has expired in each of them', async (t) => {
    await pool.query('TRUNCATE jwt_refresh_sessions')
    const living = sampleSession()
    const expired = Array.from({ length: 1100 }, () => sampleSession({ expiresAt: Date.now() - 2 * HOUR }))
    await Promise.all([living, ...expired].map((session) => store.create(session)))
    const sweeper = postgresStore(pool)
    t.equal(await sweeper.sweep() + await sweeper.sweep(), 1100)
    t.strictSame(await store.find(living.id), living)
  })

  await t.test('a rotation looks into one of them, and is HOT', async (t) => {
    await pool.query('TRUNCATE jwt_refresh_sessions')
    // Few sessions, so that all row versions fit into their pages even if other transactions keep old versions.
    for (const session of Array.from({ length: 20 }, () => sampleSession())) {
      await store.create(session)
      const [first, second] = [sampleRotation(session), sampleRotation(session)]
      t.ok(await store.rotate(session.id, session.current, first, Date.now()))
      t.ok(await store.rotate(session.id, first.current, second, Date.now()))
    }
    const { rows } = await pool.query("EXPLAIN UPDATE jwt_refresh_sessions SET generation = 1 WHERE id = 'x' AND current = 'y' AND expires_at > 1")
    t.equal(new Set(JSON.stringify(rows).match(/jwt_refresh_sessions_p\d+/g)).size, 1)
    await pool.end() // a connection reports its statistics when it ends
    await until(async () => {
      const { rows: [found] } = await outside.query(
        'SELECT sum(n_tup_upd)::int AS updates, sum(n_tup_hot_upd)::int AS hot FROM pg_stat_user_tables WHERE schemaname = $1', [schema])
      return found.updates >= 40 && found.hot === found.updates
    })
  })
}

async function regional (t: Test, code: string): Promise<void> {
  const file = join(project, 'regional.ts')
  await writeFile(file, code)
  await compile(file, '--ignoreConfig', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023', '--types', 'node',
    '--typeRoots', join(project, 'node_modules/@types'))
  const { regionalStore } = await run("export * from './regional.js'") as { regionalStore: (home: TokenStore, others: TokenStore[]) => TokenStore }

  await t.test('it keeps the contract', async (t) => {
    testStore((name, check) => t.test(name, check), () => regionalStore(new MemoryStore(), [new MemoryStore(), new MemoryStore()]))
  })

  await t.test('it finds, rotates and ends what began in another region', async (t) => {
    const [europe, asia] = [new MemoryStore(), new MemoryStore()]
    const here = regionalStore(europe, [asia])
    const session = sampleSession()
    await regionalStore(asia, [europe]).create(session)
    t.equal(await europe.find(session.id), null)
    t.strictSame(await here.find(session.id), session)
    const next = sampleRotation(session)
    t.match(await here.rotate(session.id, session.current, next, Date.now()), next)
    t.match(await asia.find(session.id), next)
    t.equal((await here.list(session.subject)).length, 1)
    t.equal(await here.deleteAll(session.subject), 1)
    t.equal(await asia.find(session.id), null)
  })

  await t.test('a region that cannot be asked is never "not there"', async (t) => {
    const away = new Proxy(new MemoryStore(), { get: () => async () => { throw new Error('away') } })
    const store = regionalStore(new MemoryStore(), [away])
    const session = sampleSession()
    await store.create(session)
    t.strictSame(await store.find(session.id), session)
    const other = sampleSession()
    await t.rejects(store.find(other.id), { message: 'away' })
    await t.rejects(store.rotate(other.id, other.current, sampleRotation(other), Date.now()), { message: 'away' })
    await t.rejects(store.delete(other.id), { message: 'away' })
    await t.rejects(store.deleteAll(session.subject), { message: 'away' })
  })

  await t.test('each region sweeps its own', async (t) => {
    const store = new MemoryStore()
    await store.create(sampleSession({ expiresAt: Date.now() - HOUR }))
    t.equal(await regionalStore(new MemoryStore(), [store]).sweep?.(), 0)
    t.equal(await regionalStore(store, []).sweep?.(), 1)
  })
}
