import postgres from 'postgres'
import { test } from 'tap'
import { postgresStore, type NeonHttp } from '../../lib/stores/postgres/index.ts'
import { sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { createTable, urlOf } from '../fixtures/scratch.ts'
import { findPostgres } from '../fixtures/services.ts'

const service = await findPostgres()
const skip = typeof service === 'string' && service
const url = urlOf(service)

test('postgres.js', { skip }, async (t) => {
  const { table } = await createTable(t, url)
  const sql = postgres(url, { onnotice: () => {} })
  t.teardown(() => sql.end())
  const store = postgresStore(sql, { table })

  t.test('keeps the contract', async (t) => {
    await store.migrate()
    testStore((name, check) => t.test(name, check), () => store)
  })

  t.test('keeps the contract without prepared statements, as behind a pooler', async (t) => {
    const plain = postgres(url, { prepare: false })
    t.teardown(() => plain.end())
    testStore((name, check) => t.test(name, check), () => postgresStore(plain, { table }))
  })

  t.test('a statement is prepared once per connection, unless the app has turned that off', async (t) => {
    for (const prepare of [true, false]) {
      const one = postgres(url, { prepare, max: 1 })
      t.teardown(() => one.end())
      const store = postgresStore(one, { table })
      await store.find(sampleSession().id)
      await store.find(sampleSession().id)
      const prepared = await one`SELECT statement FROM pg_prepared_statements WHERE statement LIKE ${`SELECT%${table}%`}`
      t.equal(prepared.length, prepare ? 1 : 0)
    }
  })

  t.test('one that renames columns is refused', async (t) => {
    const camel = postgres(url, { transform: postgres.camel })
    t.teardown(() => camel.end())
    await t.rejects(postgresStore(camel, { table }).find('x'), { code: 'FST_JWT_INVALID_OPTION', message: /server_encoding came back as "serverEncoding"/ })
  })

  t.test('in a transaction of the app', async (t) => {
    const session = sampleSession()
    await t.rejects(sql.begin(async (tx) => {
      await store.with(tx).create(session)
      throw new Error('rolled back')
    }), { message: 'rolled back' })
    t.equal(await store.find(session.id), null)
    await sql.begin(async (tx) => await store.with(tx).create(session))
    t.strictSame(await store.find(session.id), session)
  })
})

test('Neon over HTTP is asked for full results', { skip }, async (t) => {
  const { pool, table } = await createTable(t, url)
  // The service is not available in tests, so its documented behaviour is simulated with a pool.
  const query = async (text: string, values: unknown[], { fullResults }: { fullResults?: boolean } = {}): Promise<unknown> => {
    const result = await pool.query(text, values)
    return fullResults === true ? result : result.rows
  }
  const tag = async (): Promise<unknown> => []
  const neon: NeonHttp = Object.assign(tag, { query, transaction: async () => [] })
  testStore((name, check) => t.test(name, check), () => postgresStore(neon, { table }))
})
