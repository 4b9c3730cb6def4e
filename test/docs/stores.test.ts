import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { postgresStore } from '../../lib/stores/postgres/index.ts'
import { loginAs } from '../../lib/testing/index.ts'
import { createApp } from '../fixtures/app.ts'
import { findMysql } from '../fixtures/mysql.ts'
import { root } from '../fixtures/package.ts'
import { openPage } from '../fixtures/page.ts'
import { createSchema } from '../fixtures/scratch.ts'
import { findPostgres, findRedis } from '../fixtures/services.ts'
import type { Missing, Service } from '../fixtures/services.ts'

process.env.AUTH_SECRET = 'the secret of the page about stores, in an environment variable'

t.setTimeout(120_000) // it builds the package

const TABLE = `page_${process.pid}`

const { check, run, compileBlock } = await openPage('docs/stores.md')

check({
  Redis: [
    async (t, code) => {
      const redis = await findRedis()
      if (typeof redis === 'string') {
        t.pass('over Redis', { skip: redis })
        return
      }
      t.teardown(() => redis.stop())
      process.env.REDIS_URL = redis.url
      const { app } = await run(quiet(code), 'app')
      await refreshes(t, app)
    }
  ],
  PostgreSQL: [
    async (t, code) => {
      await refreshesInTable(t, await findPostgres(), 'DATABASE_URL', code.replace("'jwt_refresh_sessions'", `'${TABLE}'`))
    },
    async (t, code) => {
      const { copySessions } = await run(code)
      const postgres = await findPostgres()
      if (typeof postgres === 'string') {
        t.pass('to PostgreSQL', { skip: postgres })
        return
      }
      const { url } = await createSchema(t, postgres.url)
      const to = new pg.Pool({ connectionString: url })
      const from = await PGlite.create()
      t.teardown(() => Promise.all([from.close(), to.end()]))
      const [old, moved] = [from, to].map((db) => postgresStore(db))
      await Promise.all([old?.migrate(), moved?.migrate()])
      const { app } = await createApp(t, { store: old!, now: Date.now })
      const { sessionId } = await loginAs(app, { sub: 'Zoë', role: 'admin' })
      await copySessions(from, to)
      t.strictSame(await moved?.find(sessionId), await old?.find(sessionId))
      t.equal((await moved?.list('Zoë'))?.length, 1)
    }
  ],
  SQLite: [
    async (t, code) => {
      // `node:sqlite` as on the page if Node.js has it, otherwise libsql, which has the same interface.
      const source = process.getBuiltinModule('node:sqlite') === undefined
        ? code.replace("import { DatabaseSync } from 'node:sqlite'", "import DatabaseSync from 'libsql'")
        : code
      process.env.SESSIONS_FILE = join(t.testdir(), 'sessions.db')
      const { app } = await run(quiet(source), 'app')
      await refreshes(t, app)
    }
  ],
  'MySQL and MariaDB': [
    async (t, code) => {
      await refreshesInTable(t, await findMysql(), 'MYSQL_URL', code.replace('mysqlStore(pool)', `mysqlStore(pool, { table: '${TABLE}' })`))
    }
  ],
  'Anything else that runs SQL': [async (_t, code) => { await compileBlock(code, 'sql-store') }],
  'Connections to Redis': [
    // The fault tests use this file.
    async (t, code) => { t.equal(code, (await readFile(join(root, 'test/fixtures/connect-redis.ts'), 'utf8')).trimEnd()) }
  ]
})

function quiet (code: string): string {
  return code.replace('{ logger: true }', '')
}

/** @param code uses the table TABLE, which is dropped at the end, and finds the database by the environment variable */
async function refreshesInTable (t: Test, service: Service | Missing, variable: string, code: string): Promise<void> {
  if (typeof service === 'string') {
    t.pass('over a database', { skip: service })
    return
  }
  process.env[variable] = service.url
  const { app, pool } = await run(quiet(code), 'app', 'pool')
  app.addHook('preClose', async () => { await pool.query(`DROP TABLE ${TABLE}`) })
  await refreshes(t, app)
}

async function refreshes (t: Test, app: FastifyInstance): Promise<void> {
  t.teardown(() => app.close())
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  const login = await app.inject({ method: 'POST', url: '/login' })
  const cookies = { [login.cookies[0]?.name ?? '']: login.cookies[0]?.value ?? '' }
  t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
  t.equal((await app.inject({ method: 'POST', url: '/auth/logout', cookies })).statusCode, 204)
}
