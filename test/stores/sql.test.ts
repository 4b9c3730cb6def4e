import { randomInt, randomUUID } from 'node:crypto'
import { createPool, type Pool } from 'mysql2/promise'
import pg from 'pg'
import { test, type Test } from 'tap'
import { migrationSql, sqlStore, type DialectName, type RunSql, type SqlAnswer, type SqlQuery, type SqlStoreOptions } from '../../lib/stores/sql/index.ts'
import { HOUR, sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { findMysql } from '../fixtures/mysql.ts'
import { scratchName, urlOf } from '../fixtures/scratch.ts'
import { findPostgres } from '../fixtures/services.ts'
import { openFile } from '../fixtures/sqlite.ts'

const postgres = await findPostgres()
const mysql = await findMysql()
const refused = (message: RegExp) => ({ code: 'FST_JWT_INVALID_OPTION', message })

interface Database {
  run: RunSql
  /** Executes other statements, without values. */
  execute: (text: string) => Promise<unknown>
}

/** What an app writes for its driver: three to five lines each. */
const OPEN: Record<DialectName, (t: Test) => Promise<Database>> = {
  async postgres (t) {
    const pool = new pg.Pool({ connectionString: urlOf(postgres) })
    t.teardown(() => pool.end())
    return { run: overPg(pool), execute: (text) => pool.query(text) }
  },
  async mysql (t) {
    const pool = createPool(urlOf(mysql))
    t.teardown(() => pool.end())
    return { run: overMysql(pool), execute: (text) => pool.query(text) }
  },
  async sqlite (t) {
    const { db } = await openFile(t)
    return {
      run: ({ text, values, returns }) => returns === 'rows' ? { rows: db.prepare(text).all(...values) } : { count: db.prepare(text).run(...values).changes },
      execute: async (text) => db.exec(text)
    }
  }
}
const SKIP: Record<DialectName, string | false> = {
  postgres: typeof postgres === 'string' && postgres,
  mysql: typeof mysql === 'string' && mysql,
  sqlite: false
}
const DIALECTS = Object.keys(OPEN) as DialectName[]

function overPg (client: pg.Pool | pg.PoolClient): RunSql {
  return async ({ text, values }) => {
    const { rows, rowCount } = await client.query(text, values)
    return { rows, count: rowCount ?? 0 }
  }
}

/** Returns counts as BigInt, like some query builders. */
function overMysql (pool: Pool): RunSql {
  return async ({ text, values, returns }) => {
    const [result] = await pool.query(text, values) as unknown as [{ affectedRows: number }]
    return returns === 'rows' ? { rows: result as unknown as unknown[] } : { count: BigInt(result.affectedRows) }
  }
}

/** Records queries. The checks of the table succeed, and all other queries return the same result. */
function recorder (answer: unknown = { rows: [], count: 0 }): { run: RunSql, asked: SqlQuery[] } {
  const asked: SqlQuery[] = []
  const run: RunSql = async (query) => {
    asked.push(query)
    return query.text.includes('server_encoding') || query.text.includes('column_count') ? WELL : answer as SqlAnswer
  }
  return { run, asked }
}

const WELL = { rows: [{ server_encoding: 'UTF8', first_schema: 'public', table_schema: 'public', has_bound_to: true, column_count: 1, probe_hex: 'F09F9880' }] }

/** A client of PostgreSQL that passes the check of the table and rejects everything else. */
function failing (error: unknown): { run: RunSql, asked: { tries: number } } {
  const asked = { tries: 0 }
  const run: RunSql = async ({ text }) => {
    if (text.includes('server_encoding')) return WELL
    asked.tries++
    throw error
  }
  return { run, asked }
}

for (const dialect of DIALECTS) {
  test(`the store of ${dialect}`, { skip: SKIP[dialect] }, async (t) => {
    async function create (t: Test, options: Partial<SqlStoreOptions> = {}) {
      const db = await OPEN[dialect](t)
      const table = scratchName()
      const store = sqlStore(db.run, { dialect, table, ...options })
      return { ...db, table, store }
    }

    t.test('keeps the contract', async (t) => {
      const { store, execute, table } = await create(t)
      await store.migrate()
      await store.migrate()
      testStore((name, check) => t.test(name, check), () => store)
      t.test('in its table', async () => { await execute(`DROP TABLE ${table}`) })
    })

    t.test('says what to do where the table is missing', async (t) => {
      const { store } = await create(t)
      await t.rejects(store.find('x'), refused(/^sqlStore: there is no table .test_\w+.: await store\.migrate\(\)/))
    })

    const USERS = {
      text: { column: 'text', make: () => scratchName(), others: ['nobody', 'ann\0', 'ann\ud800'] },
      uuid: { column: dialect === 'postgres' ? 'uuid' : 'CHAR(36) CHARACTER SET ascii COLLATE ascii_bin', make: () => randomUUID(), others: ['5', randomUUID().toUpperCase(), ''] },
      bigint: { column: 'bigint', make: () => String(BigInt(randomInt(2 ** 40)) + 2n ** 60n), others: ['ann', '007', '-0', '1.0', ' 1', '9223372036854775808', randomUUID()] },
      integer: { column: 'integer', make: () => String(randomInt(2 ** 31)), others: ['ann', '2147483648', '+1'] }
    }
    for (const subjectType of ['text', 'uuid', 'bigint', 'integer'] as const) {
      const { column, make, others } = USERS[subjectType]
      // MySQL requires the same type in both tables, and the store uses binary strings.
      if (dialect === 'mysql' && subjectType === 'text') continue
      t.test(`with a foreign key to users by ${subjectType}`, async (t) => {
        const users = scratchName()
        const { execute, table, store } = await create(t, { subjectType, references: { table: users, column: 'id' } })
        await execute(`CREATE TABLE ${users} (id ${dialect === 'sqlite' ? column.split(' ')[0] : column} NOT NULL PRIMARY KEY)`)
        await store.migrate()
        async function addUser (): Promise<string> {
          const id = make()
          await execute(`INSERT INTO ${users} VALUES ('${id}')`)
          return id
        }
        // The other types differ from these two only in the type of the column.
        if (subjectType === 'uuid' || subjectType === 'bigint') testStore((name, check) => t.test(name, check), () => store, { subject: addUser })

        t.test('a user who is deleted has no sessions', async (t) => {
          const subject = await addUser()
          const session = sampleSession({ subject })
          await store.create(session)
          await execute(`DELETE FROM ${users} WHERE id = '${subject}'`)
          t.equal(await store.find(session.id), null)
          await t.rejects(store.create(session), 'and gets none')
        })

        t.test('nobody else has any', async (t) => {
          for (const subject of others) {
            t.strictSame(await store.list(subject), [])
            t.equal(await store.deleteAll(subject), 0)
            await t.rejects(store.create(sampleSession({ subject })))
          }
        })

        t.test('in its table', async () => {
          await execute(`DROP TABLE ${table}`)
          await execute(`DROP TABLE ${users}`)
        })
      })
    }

    t.test('removes what expired over an hour ago, a thousand rows at a time', async (t) => {
      const now = Date.now()
      const { store, execute, table } = await create(t, { now: () => now })
      await store.migrate()
      const ended = (ago: number) => sampleSession({ subject: 'ann', expiresAt: now - ago })
      const kept = [ended(HOUR - 1), sampleSession({ subject: 'ann' })]
      await execute('BEGIN')
      for (const session of [...Array.from({ length: 1_150 }, () => ended(HOUR)), ...kept]) await store.create(session)
      await execute('COMMIT')
      const [first, second, third] = [await store.sweep(), await store.sweep(), await store.sweep()]
      t.ok(first > 900 && first <= 1000, String(first))
      t.equal(first + second, 1_150)
      t.equal(third, 0, 'and begins anew')
      t.strictSame(await store.list('ann'), [kept[1]])
      await execute(`DROP TABLE ${table}`)
    })

    t.test('of two subjects whose numbers are the same to JavaScript, each has its sessions', async (t) => {
      const { store, execute, table } = await create(t, { subjectType: 'bigint' })
      await store.migrate()
      const [first, second] = [sampleSession({ subject: '9007199254740992' }), sampleSession({ subject: '9007199254740993' })]
      await store.create(first)
      await store.create(second)
      t.strictSame(await store.list(first.subject), [first])
      t.equal(await store.deleteAll(second.subject), 1)
      t.strictSame(await store.find(first.id), first)
      await execute(`DROP TABLE ${table}`)
    })

    t.test('deleteAll ends what has expired too, and does not count it', async (t) => {
      let now = Date.now()
      const { store, execute, table } = await create(t, { now: () => now })
      await store.migrate()
      const session = sampleSession({ subject: 'ann', expiresAt: now })
      await store.create(session)
      t.equal(await store.deleteAll('ann'), 0)
      store.useClock(() => --now)
      t.equal(await store.find(session.id), null)
      await execute(`DROP TABLE ${table}`)
    })

    t.test('no placeholder is used twice, no value is undefined, and each form says the same', async (t) => {
      for (const placeholders of ['$n', '?'] as const) {
        const { run, asked } = recorder()
        const store = sqlStore(run, { dialect, placeholders })
        const session = sampleSession()
        await store.create(session)
        await store.find(session.id)
        await store.rotate(session.id, session.current, sampleRotation(session), Date.now())
        await store.delete(session.id, undefined)
        await store.delete(session.id, session.current)
        await store.list(session.subject)
        await store.deleteAll(session.subject, undefined)
        await store.sweep()
        for (const { strings, text, values } of asked) {
          t.notOk(values.includes(undefined as unknown as null))
          t.equal(strings.length, values.length + 1)
          t.strictSame(strings.raw, [...strings])
          const marks = placeholders === '?' ? values.map(() => '?') : values.map((_, index) => `$${index + 1}`)
          t.equal(strings.reduce((before, part, index) => before + (marks[index - 1] as string) + part), text)
        }
      }
    })
  })
}

test('no statement of a migration has what an ORM takes for a placeholder', async (t) => {
  for (const dialect of DIALECTS) {
    for (const text of migrationSql({ dialect, subjectType: 'bigint', references: { table: 'users', column: 'id' } })) t.notMatch(text, /[$?]/, dialect)
  }
})

test('through a transaction of the app', { skip: SKIP.postgres }, async (t) => {
  const pool = new pg.Pool({ connectionString: urlOf(postgres) })
  const table = scratchName()
  const store = sqlStore(overPg(pool), { dialect: 'postgres', table })
  await store.migrate()
  t.teardown(async () => {
    await pool.query(`DROP TABLE ${table}`)
    await pool.end()
  })
  const client = await pool.connect()
  const session = sampleSession()
  for (const end of ['ROLLBACK', 'COMMIT']) {
    await client.query('BEGIN')
    await store.with(overPg(client)).create(session)
    t.equal(await store.find(session.id), null)
    await client.query(end)
    t.strictSame(await store.find(session.id), end === 'COMMIT' ? session : null)
  }
  client.release()
})

test('a client that rejects with nothing is not asked again', async (t) => {
  const { run, asked } = failing(undefined)
  const [{ status }] = await Promise.allSettled([sqlStore(run, { dialect: 'postgres' }).find('x')])
  t.equal(status, 'rejected')
  t.equal(asked.tries, 1)
})

test('in a transaction of the app nothing is tried again, and elsewhere what the error of the driver says', async (t) => {
  const deadlock = Object.assign(new Error('deadlock'), { code: '40P01' })
  const ERRORS = {
    'of a driver': deadlock,
    'of Drizzle': new Error('Failed query', { cause: deadlock }),
    'of Sequelize': Object.assign(new Error('deadlock'), { name: 'SequelizeDatabaseError', parent: deadlock, original: deadlock }),
    'of Prisma': Object.assign(new Error('Raw query failed'), {
      code: 'P2010', meta: { driverAdapterError: new Error('TransactionWriteConflict', { cause: { kind: 'TransactionWriteConflict', originalCode: '40P01' } }) }
    })
  }
  for (const [name, error] of Object.entries(ERRORS)) {
    const { run, asked } = failing(error)
    const store = sqlStore(run, { dialect: 'postgres' })
    await t.rejects(store.find('x'), error)
    t.equal(asked.tries, 5, name)
    asked.tries = 0
    await t.rejects(store.with(run).find('x'), error)
    t.equal(asked.tries, 1, name)
  }
})

test('another error is not tried again', async (t) => {
  const { run, asked } = failing(Object.assign(new Error('syntax'), { code: 'P2010', meta: {} }))
  await t.rejects(sqlStore(run, { dialect: 'postgres' }).find('x'), { message: 'syntax' })
  t.equal(asked.tries, 1)
})

test('the clock of the plugin counts in a transaction, too', async (t) => {
  const { run, asked } = recorder()
  const store = sqlStore(run, { dialect: 'postgres' })
  const inside = store.with(run)
  store.useClock(() => 5.5)
  await inside.find('x')
  t.strictSame(asked.at(-1)?.values, ['x', 5])
})

test('an answer that is none is refused, with what to resolve to', async (t) => {
  for (const answer of [null, [], { rows: {} }, { count: 1 }]) {
    const { run } = recorder(answer)
    await t.rejects(sqlStore(run, { dialect: 'sqlite' }).find('x'), refused(/^sqlStore: .* came back for a query that returns rows: resolve to \{ rows \}/))
  }
  for (const answer of [null, { rows: [] }, { count: '1' }, { count: NaN }, { count: -1 }, { count: -1n }]) {
    const { run } = recorder(answer)
    await t.rejects(sqlStore(run, { dialect: 'mysql' }).delete('x'), refused(/^sqlStore: .* with the count .* came back for a query that returns a count: resolve to \{ count \}/))
  }
  const renaming: RunSql = async () => ({ rows: [{ columnCount: 1 }] })
  await t.rejects(sqlStore(renaming, { dialect: 'mysql' }).find('x'), refused(/^sqlStore: the client does not answer .*renames nothing/))
  await t.rejects(sqlStore(async () => ({ rows: [] }), { dialect: 'mysql' }).find('x'), refused(/renames nothing/))
})

test('what MySQL could not tell from another subject is refused', async (t) => {
  const { run, asked } = recorder()
  const store = sqlStore(run, { dialect: 'mysql' })
  const subject = 'ä'.repeat(2049)
  await t.rejects(store.create(sampleSession({ subject })), { name: 'TypeError', message: /^sqlStore: a subject with a NUL or a lone surrogate, or one of more than 4096 bytes, cannot be stored$/ })
  t.strictSame(await store.list(subject), [])
  t.equal(asked.length, 0)
  await t.rejects(sqlStore(run, { dialect: 'postgres', subjectType: 'uuid' }).create(sampleSession({ subject })), { message: /the subject is not of the type uuid/ })
  await t.rejects(sqlStore(run, { dialect: 'postgres' }).create(sampleSession({ subject: '\0' })), { message: /a NUL or a lone surrogate cannot/ })
})

test('refuses bad options', async (t) => {
  const { run } = recorder()
  const bad: Array<[object | undefined, RegExp]> = [
    [undefined, /sqlStore\.dialect is missing: give "postgres", "mysql", "sqlite"/],
    [{ dialect: 'mssql' }, /sqlStore\.dialect is "mssql": give "postgres", "mysql", "sqlite"/],
    [{ dialect: 'mysql', placeholder: '?' }, /sqlStore\.placeholder is unknown: did you mean placeholders\?/],
    [{ dialect: 'mysql', placeholders: ':n' }, /sqlStore\.placeholders is ":n": give "\$n", "\?"/],
    [{ dialect: 'mysql', table: 'a`b' }, /sqlStore\.table is "a`b"/],
    [{ dialect: 'mysql', schema: '' }, /sqlStore\.schema is ""/],
    [{ dialect: 'mysql', subjectType: 'varchar' }, /sqlStore\.subjectType is "varchar": give "text", "uuid", "bigint", "integer"/],
    [{ dialect: 'mysql', references: 'users' }, /sqlStore\.references is a string: give an object with schema, table, column, onDelete/],
    [{ dialect: 'mysql', references: { table: 'users' } }, /sqlStore\.references\.column is undefined/],
    [{ dialect: 'mysql', references: { table: 'users', column: 'id', onDelete: 'set null' } }, /sqlStore\.references\.onDelete is "set null": give "cascade", "restrict"/],
    [{ dialect: 'mysql', now: 5 }, /sqlStore\.now is 5/],
    [{ dialect: 'mysql', sweepInterval: 5 }, /sqlStore\.sweepInterval is unknown: give the plugin/]
  ]
  for (const [options, message] of bad) t.throws(() => sqlStore(run, options as SqlStoreOptions), refused(message))
  t.throws(() => sqlStore({} as RunSql, { dialect: 'mysql' }), refused(/sqlStore was given an object: give a function/))
  t.throws(() => sqlStore(run, { dialect: 'mysql' }).with({} as RunSql), refused(/sqlStore was given an object: give a function/))
})

test('the migration for a tool of the app', async (t) => {
  t.match(migrationSql({ dialect: 'postgres', schema: 'app', references: { schema: 'auth', table: 'users', column: 'id', onDelete: 'restrict' }, subjectType: 'uuid' })[0],
    /subject uuid NOT NULL,[^]*FOREIGN KEY \(subject\) REFERENCES "auth"\."users" \("id"\) ON DELETE RESTRICT/)
  t.match(migrationSql({ dialect: 'sqlite', schema: 'other', table: 't' }), [/^CREATE TABLE IF NOT EXISTS "other"\."t" /, /^CREATE INDEX IF NOT EXISTS "other"\."t_subject" ON "t"/])
  t.equal(migrationSql({ dialect: 'mysql' }).length, 1)
  t.throws(() => migrationSql({} as SqlStoreOptions), refused(/migrationSql\.dialect is missing/))
})
