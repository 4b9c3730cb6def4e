// The stores that the benchmarks measure. Tables, files and keys have names of their own.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { importEntry } from './build.js'
import { DATABASE_URL, MYSQL_URL, PREFIX, REDIS_URL, SQLITE_FOLDER, TABLE } from './services.js'
import { session } from './session.js'

/** `node:sqlite` if Node.js has it (22.13), otherwise libsql, which has the interface of better-sqlite3. */
export const SQLITE_DRIVER = process.getBuiltinModule('node:sqlite') === undefined ? 'libsql' : 'node:sqlite'

/** Each function takes its own options, and `folder` to use the build of another checkout. */
export const stores = {
  async memory ({ sessions = 0, folder }) {
    const { MemoryStore } = await importEntry('.', folder)
    const store = new MemoryStore()
    for (let i = 0; i < sessions; i++) await store.create(session(`filler ${i}`))
    return store
  },
  async ioredis ({ client: options, folder }) {
    const { redisStore } = await importEntry('./redis', folder)
    const { Redis } = await import('ioredis')
    const client = new Redis(REDIS_URL, options ?? {})
    return await counted(client, 'sendCommand', 1, () => redisStore(client, { prefix: PREFIX }))
  },
  async 'node-redis' ({ folder }) {
    const { redisStore } = await importEntry('./redis', folder)
    const { createClient } = await import('redis')
    const client = await createClient({ url: REDIS_URL }).connect()
    return await counted(client, 'evalSha', 1, () => redisStore(client, { prefix: PREFIX }))
  },
  async pg ({ prepare, folder }) {
    const { postgresStore } = await importEntry('./postgres', folder)
    const { default: pg } = await import('pg')
    const pool = new pg.Pool({ connectionString: DATABASE_URL })
    return await counted(pool, 'query', 1, () => migrated(postgresStore(pool, { table: TABLE, prepare })))
  },
  async 'postgres.js' ({ folder }) {
    const { postgresStore } = await importEntry('./postgres', folder)
    const { default: postgres } = await import('postgres')
    const client = { sql: postgres(DATABASE_URL, { onnotice () {} }) }
    const { unsafe } = client.sql
    return await counted(client, 'sql', 1, () => migrated(postgresStore(Object.assign((...query) => client.sql(...query), { unsafe }), { table: TABLE })))
  },
  async mysql2 ({ folder }) {
    const { mysqlStore } = await importEntry('./mysql', folder)
    const { createPool } = await import('mysql2/promise')
    const pool = createPool(MYSQL_URL)
    return await counted(pool, 'execute', 2, () => migrated(mysqlStore(pool, { table: TABLE })))
  },
  async sqlite ({ synchronous, folder }) {
    const { sqliteStore } = await importEntry('./sqlite', folder)
    mkdirSync(SQLITE_FOLDER, { recursive: true })
    const db = await openSqlite(join(SQLITE_FOLDER, `${synchronous}-${process.pid}.db`))
    db.exec(`PRAGMA synchronous = ${synchronous}`)
    return await migrated(sqliteStore(db))
  }
}

export async function openSqlite (file) {
  if (SQLITE_DRIVER === 'node:sqlite') return new (await import('node:sqlite')).DatabaseSync(file)
  const { default: Database } = await import('libsql')
  return new Database(file)
}

async function migrated (store) {
  await store.migrate()
  return store
}

/** Fails if a rotation makes an unexpected number of calls. The first rotation, which loads the script into Redis, is not counted. */
async function counted (client, method, times, makeStore) {
  const ask = client[method]
  let asked = 0
  client[method] = (...args) => {
    asked++
    return ask.apply(client, args)
  }

  const store = await makeStore()
  const one = { ...session('anna'), current: '0' }
  await store.create(one)
  const rotate = (generation) => store.rotate(one.id, String(generation - 1), { ...one, generation, current: String(generation) }, one.createdAt)
  await rotate(1)
  await store.find(one.id) // The first rotation also adds its session to the index in Redis, without waiting for the reply.

  asked = 0
  for (let generation = 2; generation <= 11; generation++) await rotate(generation)
  if (asked !== 10 * times) throw new Error(`10 rotations asked the database ${asked} times`)
  return store
}
