import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { test } from 'tap'
import { postgresStore } from '../../lib/stores/postgres/index.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { root } from '../fixtures/package.ts'
import { startPgBouncer } from '../fixtures/pgbouncer.ts'
import { createTable, scratchName, urlOf } from '../fixtures/scratch.ts'
import { findPostgres } from '../fixtures/services.ts'

const service = await findPostgres()
const PAGE = /new pg\.Pool\(\{\n {2}connectionString: process\.env\.DATABASE_URL, (.*)\n\}\)/

for (const mode of ['session', 'transaction'] as const) {
  const bouncer = typeof service === 'string' ? service : await startPgBouncer(service.url, mode)

  test(`PgBouncer in ${mode} mode`, { skip: typeof bouncer === 'string' && bouncer }, async (t) => {
    const { table } = await createTable(t, urlOf(service))
    if (typeof bouncer !== 'string') t.teardown(() => bouncer.stop())

    /** Uses the settings of docs/stores.md, with longer times, because timeouts are not tested here. */
    async function poolOfThePage (): Promise<pg.Pool> {
      const [, settings = ''] = PAGE.exec(await readFile(join(root, 'docs/stores.md'), 'utf8')) ?? []
      const names = [...settings.matchAll(/(\w+): \d+/g)].map(([, name]) => name)
      t.ok(names.includes('query_timeout'))
      const pool = new pg.Pool({ connectionString: urlOf(bouncer), ...Object.fromEntries(names.map((name) => [name, 60_000])) })
      t.teardown(() => pool.end())
      return pool
    }

    t.test('the pool of docs/stores.md keeps the contract', async (t) => {
      const store = postgresStore(await poolOfThePage(), { table })
      testStore((name, check) => t.test(name, check), () => store)
    })

    t.test('and migrates', async (t) => {
      const pool = await poolOfThePage()
      const own = scratchName()
      await postgresStore(pool, { table: own }).migrate()
      await t.resolves(pool.query(`DROP TABLE ${own}`))
    })

    t.test('statement_timeout as a setting of the pool is refused, which is why docs/stores.md gives it to the role', async (t) => {
      const pool = new pg.Pool({ connectionString: urlOf(bouncer), statement_timeout: 60_000 })
      await t.rejects(pool.query('SELECT 1'), { message: /unsupported startup parameter/ })
      await pool.end()
    })
  })
}
