import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { TokenStore } from '../index.ts'
// In your app: import { postgresStore } from 'fastify-jwt-refresh/postgres'
import { postgresStore } from '../lib/stores/postgres/index.ts'
import { redisStore } from '../lib/stores/redis/index.ts'
import { sqliteStore, type SqliteDatabase } from '../lib/stores/sqlite/index.ts'
import { lockFolder } from './data-folder.ts'

/** The part of `node:sqlite` that is used here. The types of Node.js 20 do not include it. */
interface SqliteModule {
  DatabaseSync: new (file: string) => SqliteDatabase & { exec: (sql: string) => void, close: () => void }
}

/**
 * Chooses the store: Redis if `REDIS_URL` is set, PostgreSQL if `DATABASE_URL` is set. Otherwise a database in the folder: an
 * SQLite file if Node.js has `node:sqlite` (22.13 and later), or an embedded PostgreSQL.
 *
 * @param app its onClose hook closes the connections
 */
export async function createStore (app: FastifyInstance, folder: string): Promise<TokenStore> {
  const { REDIS_URL, DATABASE_URL } = process.env
  if (REDIS_URL) return inRedis(app, REDIS_URL)
  if (DATABASE_URL) return inPostgres(app, DATABASE_URL)
  const sqlite = process.getBuiltinModule('node:sqlite') as SqliteModule | undefined
  return sqlite === undefined ? embedded(app, folder) : inFile(app, folder, sqlite)
}

// Each client is imported only when it is used, because an app needs only one of them.

async function inRedis (app: FastifyInstance, url: string): Promise<TokenStore> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, { commandTimeout: 1000, maxRetriesPerRequest: 1, socketTimeout: 2000 })
  client.on('error', (error) => app.log.error(error)) // without a listener, ioredis prints errors to the console
  app.addHook('onClose', async () => client.disconnect())
  return redisStore(client, { prefix: 'example:' })
}

async function inPostgres (app: FastifyInstance, connectionString: string): Promise<TokenStore> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString, connectionTimeoutMillis: 5000, query_timeout: 1000 })
  pool.on('error', (error) => app.log.error(error)) // without a listener, a lost idle connection would crash the process
  app.addHook('onClose', () => pool.end())
  const store = postgresStore(pool)
  await store.migrate()
  return store
}

/** An app that requires Node.js 22.13 or later can import `DatabaseSync` from `node:sqlite`. */
async function inFile (app: FastifyInstance, folder: string, { DatabaseSync }: SqliteModule): Promise<TokenStore> {
  await mkdir(folder, { recursive: true })
  const db = new DatabaseSync(join(folder, 'sessions.db'))
  app.addHook('onClose', () => db.close())
  const store = sqliteStore(db)
  db.exec('PRAGMA synchronous = NORMAL')
  await store.migrate()
  return store
}

async function embedded (app: FastifyInstance, folder: string): Promise<TokenStore> {
  const unlock = await lockFolder(folder)
  const { PGlite } = await import('@electric-sql/pglite')
  const db = await PGlite.create(join(folder, 'postgres'))
  app.addHook('onClose', async () => {
    await db.close()
    await unlock()
  })
  const store = postgresStore(db)
  await store.migrate()
  return store
}
