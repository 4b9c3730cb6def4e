import { statSync } from 'node:fs'
import { test } from 'tap'
import { migrationSql, sqliteStore, type SqliteDatabase, type SqliteStoreOptions } from '../../lib/stores/sqlite/index.ts'
import { HOUR, sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { createApp } from '../fixtures/app.ts'
import { driver, openFile } from '../fixtures/sqlite.ts'

const refused = (message: RegExp) => ({ code: 'FST_JWT_INVALID_OPTION', message })

test(`keeps the contract with ${driver.name}`, async (t) => {
  const { db } = await openFile(t)
  const store = sqliteStore(db)
  await store.migrate()
  testStore((name, check) => t.test(name, check), () => store)
})

test('keeps the contract in memory', async (t) => {
  const db = driver.open(':memory:')
  t.teardown(() => db.close())
  const store = sqliteStore(db)
  await store.migrate()
  testStore((name, check) => t.test(name, check), () => store)
})

test('the file is in WAL mode, and a connection that would not wait for a lock waits for a second', async (t) => {
  const { db, file } = await openFile(t)
  db.exec('PRAGMA busy_timeout = 0')
  sqliteStore(db)
  t.match(db.prepare('PRAGMA journal_mode').all(), [{ journal_mode: 'wal' }])
  t.match(db.prepare('PRAGMA busy_timeout').all(), [{ timeout: 1000 }])

  const other = driver.open(file)
  other.exec('PRAGMA busy_timeout = 77')
  sqliteStore(other)
  t.match(other.prepare('PRAGMA busy_timeout').all(), [{ timeout: 77 }], 'as the host has set it')
  other.close()
})

test('the log goes into the file in small pieces, unless the host has set another size', async (t) => {
  const { db, file } = await openFile(t)
  const store = sqliteStore(db)
  await store.migrate()
  t.match(db.prepare('PRAGMA wal_autocheckpoint').all(), [{ wal_autocheckpoint: 64 }])
  for (let i = 0; i < 200; i++) await store.create(sampleSession())
  const { size } = statSync(`${file}-wal`)
  t.ok(size < 100 * 4_096, `the log has ${size} bytes`)

  const other = driver.open(file)
  other.exec('PRAGMA wal_autocheckpoint = 77')
  sqliteStore(other)
  t.match(other.prepare('PRAGMA wal_autocheckpoint').all(), [{ wal_autocheckpoint: 77 }])
  other.close()
})

test('a file that cannot be in WAL mode is refused', async (t) => {
  const { db } = await openFile(t)
  const onNetwork = { prepare: (text: string) => db.prepare(text.replace('WAL', 'DELETE')) }
  t.throws(() => sqliteStore(onNetwork), refused(/the journal mode stays delete: give a file on a local disk/))
})

test('a rotation is one statement, and each statement is prepared once', async (t) => {
  const { db } = await openFile(t)
  await sqliteStore(db).migrate()
  const prepared: string[] = []
  const store = sqliteStore({ prepare: (text) => { prepared.push(text); return db.prepare(text) } })
  const session = sampleSession()
  await store.create(session)
  prepared.length = 0
  const next = sampleRotation(session)
  t.ok(await store.rotate(session.id, session.current, next, Date.now()))
  t.match(prepared, [/^UPDATE "jwt_refresh_sessions" .* RETURNING /])
  t.ok(await store.rotate(session.id, next.current, sampleRotation({ ...session, ...next }), Date.now()))
  t.equal(prepared.length, 1)
})

test('a file that is locked is a 503, and nobody is logged out', async (t) => {
  const { db, file } = await openFile(t)
  db.exec('PRAGMA busy_timeout = 1')
  const store = sqliteStore(db)
  await store.migrate()
  const { clock, login } = await createApp(t, { store })
  const tab = await login()
  const other = driver.open(file)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  clock.now += HOUR
  const response = await tab.refresh()
  t.match({ status: response.statusCode, cookie: response.headers['set-cookie'] }, { status: 503, cookie: undefined })
  other.exec('COMMIT')
  t.equal((await tab.refresh()).statusCode, 200)
})

test('where the file may not grow nobody can log in, and refreshes and logouts go on', async (t) => {
  const { db } = await openFile(t)
  const store = sqliteStore(db)
  await store.migrate()
  const { app, clock, login } = await createApp(t, { store })
  const tab = await login()
  const { page_count: pages } = db.prepare('PRAGMA page_count').all()[0] as { page_count: number }
  db.prepare(`PRAGMA max_page_count = ${pages}`).all()
  const refusedLogin = await app.inject({ method: 'POST', url: '/login', payload: { sub: 'late', claim: 'x'.repeat(50_000) } })
  t.equal(refusedLogin.statusCode, 503)
  clock.now += HOUR
  t.equal((await tab.refresh()).statusCode, 200)
  t.equal((await tab.logout()).statusCode, 204)
  db.prepare('PRAGMA max_page_count = 1000000').all()
  t.ok((await login({ sub: 'late' })).cookie)
})

test('a sweep gives requests their turns', async (t) => {
  const { db } = await openFile(t)
  const store = sqliteStore(db)
  await store.migrate()
  for (let i = 0; i < 500; i++) await store.create(sampleSession({ expiresAt: Date.now() - 2 * HOUR }))
  let turns = 0
  let isSweeping = true
  const count = (): void => {
    turns++
    if (isSweeping) setImmediate(count)
  }
  setImmediate(count)
  t.equal(await store.sweep(), 500)
  isSweeping = false
  t.ok(turns >= 5, `${turns} turns`)
})

test('a transaction of the app', async (t) => {
  const { db, file } = await openFile(t)
  const store = sqliteStore(db)
  await store.migrate()
  const other = driver.open(file)
  t.teardown(() => other.close())
  const session = sampleSession()
  other.exec('BEGIN')
  await store.with(other).create(session)
  t.equal(await store.find(session.id), null)
  other.exec('COMMIT')
  t.strictSame(await store.find(session.id), session)
})

test('the migration for a tool of the app', async (t) => {
  const { db } = await openFile(t)
  db.exec(migrationSql({ table: 'devices' }))
  const store = sqliteStore(db, { table: 'devices' })
  const session = sampleSession()
  await store.create(session)
  t.strictSame(await store.find(session.id), session)
})

test('refuses what is no such database, and bad options', async (t) => {
  const later = { prepare: () => ({ all: async () => [], run: async () => ({}) }) }
  for (const db of [undefined, null, {}, 'file.db', later]) {
    t.throws(() => sqliteStore(db as unknown as SqliteDatabase), refused(/^sqliteStore was given .*: give a DatabaseSync of node:sqlite, or a database of better-sqlite3/))
  }
  const { db } = await openFile(t)
  t.throws(() => sqliteStore(db).with({} as SqliteDatabase), refused(/^sqliteStore was given nothing with a method prepare/))
  t.throws(() => sqliteStore(db, { tabel: 'x' } as SqliteStoreOptions), refused(/sqliteStore\.tabel is unknown: did you mean table\?/))
  t.throws(() => sqliteStore(db, { table: 'a b' }), refused(/sqliteStore\.table/))
  t.throws(() => migrationSql({ tabel: 'x' } as SqliteStoreOptions), refused(/migrationSql\.tabel/))
})
