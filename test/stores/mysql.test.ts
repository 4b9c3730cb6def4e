import { setTimeout as sleep } from 'node:timers/promises'
import { createPool as createCallbackPool } from 'mysql2'
import { createPool, type Pool } from 'mysql2/promise'
import { test, type Test } from 'tap'
import { migrationSql, mysqlStore, type MysqlClient, type MysqlStoreOptions } from '../../lib/stores/mysql/index.ts'
import { sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { createMysqlTable, findMysql } from '../fixtures/mysql.ts'
import { scratchName, urlOf } from '../fixtures/scratch.ts'
import { until } from '../fixtures/services.ts'

const service = await findMysql()
const skip = typeof service === 'string' && service
const url = urlOf(service)
const refused = (message: RegExp) => ({ code: 'FST_JWT_INVALID_OPTION', message })

/** A pool to the same database with other settings. */
function openPool (t: Test, settings: object): Pool {
  const pool = createPool({ uri: url, ...settings })
  t.teardown(() => pool.end())
  return pool
}

test('mysql', { skip }, async (t) => {
  const SETTINGS = {
    'as it comes': {},
    'counting changed rows, with big numbers as texts': { flags: ['-FOUND_ROWS'], supportBigNumbers: true, bigNumberStrings: true },
    'with named placeholders': { namedPlaceholders: true, enableKeepAlive: true }
  }
  for (const [name, settings] of Object.entries(SETTINGS)) {
    t.test(`keeps the contract over a pool ${name}`, async (t) => {
      const { table } = await createMysqlTable(t, url)
      const store = mysqlStore(openPool(t, settings), { table })
      testStore((name, check) => t.test(name, check), () => store)
    })
  }

  t.test('keeps the contract where the server is lax', async (t) => {
    const { table } = await createMysqlTable(t, url)
    const pool = openPool(t, {})
    pool.pool.on('connection', (connection) => connection.query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'"))
    const store = mysqlStore(pool, { table })
    testStore((name, check) => t.test(name, check), () => store)
  })

  t.test('a connection that cannot send every text is refused', async (t) => {
    const { table } = await createMysqlTable(t, url)
    for (const charset of ['latin1', 'cp1250_general_ci', 'UTF8_GENERAL_CI']) {
      const store = mysqlStore(openPool(t, { charset }), { table })
      await t.rejects(store.create(sampleSession({ subject: '家' })), refused(/^mysqlStore: the character set .*utf8mb4$/), charset)
      await t.rejects(store.migrate(), refused(/utf8mb4$/), charset)
    }
    t.strictSame(await mysqlStore(openPool(t, {}), { table }).list('?'), [])
  })

  t.test('many processes can migrate at once, and again', async (t) => {
    const pool = openPool(t, {})
    const table = scratchName()
    await Promise.all(Array.from({ length: 8 }, () => mysqlStore(pool, { table }).migrate()))
    await pool.query(`DROP TABLE ${table}`)
  })

  t.test('says what to do where the table is missing', async (t) => {
    const pool = openPool(t, {})
    await t.rejects(mysqlStore(pool, { table: scratchName() }).find('x'), refused(/^mysqlStore: there is no table `test_\w+`: await store\.migrate\(\)/))
    await t.rejects(mysqlStore(pool, { schema: scratchName() }).find('x'), refused(/there is no table `test_\w+`\.`jwt_refresh_sessions`/))
  })

  t.test('a rotation whose session is bound in between changes nothing', async (t) => {
    const { pool, table } = await createMysqlTable(t, url)
    const session = sampleSession()
    const store = mysqlStore(pool, { table })
    await store.create(session)
    // This rotation does not change `current`, so a compare-and-set on `current` alone would not detect it.
    const { generation, current, rotatedAt, expiresAt } = session
    const bind = async (): Promise<unknown> => await store.rotate(session.id, current, { generation, current, rotatedAt, expiresAt, boundTo: 'key' }, Date.now())
    const late = mysqlStore({
      async execute (text, values) {
        if (text.startsWith('UPDATE')) await bind()
        return await pool.execute(text, values as string[]) as [unknown, unknown]
      }
    }, { table })
    t.equal(await late.rotate(session.id, current, sampleRotation(session), Date.now()), null)
    t.strictSame(await store.find(session.id), { ...session, boundTo: 'key' })
  })

  t.test('a deadlock is tried again', async (t) => {
    const { pool, table } = await createMysqlTable(t, url)
    const store = mysqlStore(pool, { table })
    const [first, second] = [sampleSession({ subject: 'ann' }), sampleSession({ subject: 'ann' })]
    await store.create(first)
    await store.create(second)
    const other = await pool.getConnection()
    t.teardown(() => other.release())
    // The other transaction has changed more rows, so that the server rolls back the store's statement.
    await other.query('BEGIN')
    await other.query(`UPDATE ${table} SET writes = writes + 1 WHERE id = ?`, [[first.id, second.id].sort()[1]])
    await other.query(`INSERT INTO ${table} SELECT CONCAT('copy', seq), 'bob', 0, 'x', 0, 0, 0, 0, NULL, '[]', 0 FROM seq_1_to_100`)
    const ended = store.deleteAll('ann')
    await until(async () => {
      // InnoDB shows what it has shown before, as long as nobody leaves it alone for a tenth of a second.
      await sleep(150)
      const [rows] = await pool.query('SELECT COUNT(*) AS waiting FROM information_schema.innodb_trx WHERE trx_state = ?', ['LOCK WAIT'])
      return (rows as Array<{ waiting: number }>)[0]!.waiting > 0
    })
    const crossing = other.query(`UPDATE ${table} SET writes = writes + 1 WHERE id = ?`, [[first.id, second.id].sort()[0]])
    await crossing
    await other.query('COMMIT')
    t.equal(await ended, 2)
  })

  t.test('a lost connection rejects, and the next call has another', async (t) => {
    const { table } = await createMysqlTable(t, url)
    const pool = openPool(t, { connectionLimit: 1 })
    const store = mysqlStore(pool, { table })
    const session = sampleSession()
    await store.create(session)
    const { threadId } = await pool.getConnection().then((connection) => { connection.release(); return connection })
    const admin = openPool(t, {})
    await admin.query(`KILL ${threadId}`)
    await store.find(session.id).catch(() => {}) // the pool may have replaced the connection already
    t.strictSame(await store.find(session.id), session)
  })

  t.test('an error of the database rejects', async (t) => {
    const { pool, table } = await createMysqlTable(t, url)
    const store = mysqlStore(pool, { table })
    const session = sampleSession()
    await store.create(session)
    await t.rejects(store.create(session), { code: 'ER_DUP_ENTRY' })
    await pool.query(`DROP TABLE ${table}`)
    await t.rejects(store.find(session.id), { code: 'ER_NO_SUCH_TABLE' })
    await t.rejects(store.rotate(session.id, session.current, sampleRotation(session), Date.now()), { code: 'ER_NO_SUCH_TABLE' })
    await t.rejects(store.deleteAll(session.subject), { code: 'ER_NO_SUCH_TABLE' })
  })
})

test('refuses what is no pool of promises, and bad options', async (t) => {
  const callbacks = createCallbackPool({})
  t.teardown(() => callbacks.end())
  for (const client of [undefined, null, {}, 'mysql://', callbacks]) {
    t.throws(() => mysqlStore(client as unknown as MysqlClient), refused(/^mysqlStore was not given a pool of mysql2\/promise/))
  }
  const client: MysqlClient = { execute: async () => [[], []] }
  t.throws(() => mysqlStore(client, { tabel: 'x' } as MysqlStoreOptions), refused(/mysqlStore\.tabel is unknown: did you mean table\?/))
  t.match(migrationSql({ table: 'devices' }), /^CREATE TABLE IF NOT EXISTS `devices` /)
})
