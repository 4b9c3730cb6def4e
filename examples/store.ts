import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { TokenStore } from '../index.ts'
// An app of yours: import { postgresStore } from 'fastify-jwt-refresh/postgres', and so on
import { postgresStore } from '../lib/stores/postgres/index.ts'
import { redisStore } from '../lib/stores/redis/index.ts'
import { sqliteStore, type SqliteDatabase } from '../lib/stores/sqlite/index.ts'
import { lockFolder } from './data-folder.ts'

/** The part of it that is used here: the types of Node.js 20 have none. */
interface SqliteModule {
  DatabaseSync: new (file: string) => SqliteDatabase & { exec: (sql: string) => void, close: () => void }
}

/**
 * Where the sessions live: in Redis (`REDIS_URL`), else in PostgreSQL (`DATABASE_URL`), else in the folder: in an
 * SQLite file where Node.js has `node:sqlite` (22.13 and later), else in an embedded PostgreSQL.
 *
 * @param app closes, in its onClose hook, what is opened here
 */
export async function createStore (app: FastifyInstance, folder: string): Promise<TokenStore> {
  const { REDIS_URL, DATABASE_URL } = process.env
  if (REDIS_URL) return inRedis(app, REDIS_URL)
  if (DATABASE_URL) return inPostgres(app, DATABASE_URL)
  const sqlite = process.getBuiltinModule('node:sqlite') as SqliteModule | undefined
  return sqlite === undefined ? embedded(app, folder) : inFile(app, folder, sqlite)
}

// Each client is imported where it is used: an app needs only one of them.

async function inRedis (app: FastifyInstance, url: string): Promise<TokenStore> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, { commandTimeout: 1000, maxRetriesPerRequest: 1, socketTimeout: 2000 })
  client.on('error', (error) => app.log.error(error)) // without a listener ioredis prints them
  app.addHook('onClose', async () => client.disconnect())
  return redisStore(client, { prefix: 'example:' })
}

async function inPostgres (app: FastifyInstance, connectionString: string): Promise<TokenStore> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString, connectionTimeoutMillis: 5000, query_timeout: 1000 })
  pool.on('error', (error) => app.log.error(error)) // without a listener a lost idle connection ends the process
  app.addHook('onClose', () => pool.end())
  const store = postgresStore(pool)
  await store.migrate()
  return store
}

/** An app for Node.js 22.13 or later alone would import `DatabaseSync` of `node:sqlite`. */
async function inFile (app: FastifyInstance, folder: string, { DatabaseSync }: SqliteModule): Promise<TokenStore> {
  await mkdir(folder, { recursive: true })
  const db = new DatabaseSync(join(folder, 'sessions.db'))
  app.addHook('onClose', () => db.close())
  db.exec('PRAGMA synchronous = NORMAL')
  const store = sqliteStore(db)
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
