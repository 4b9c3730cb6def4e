import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { TokenStore } from '../index.ts'
// An app of yours: import { postgresStore } from 'fastify-jwt-refresh/postgres', and so on
import { postgresStore } from '../lib/stores/postgres/index.ts'
import { redisStore } from '../lib/stores/redis/index.ts'
import { lockFolder } from './data-folder.ts'

/**
 * Where the sessions live: in Redis (`REDIS_URL`), else in PostgreSQL (`DATABASE_URL`), else in an embedded PostgreSQL
 * in the folder.
 *
 * @param app closes, in its onClose hook, what is opened here
 */
export async function createStore (app: FastifyInstance, folder: string): Promise<TokenStore> {
  const { REDIS_URL, DATABASE_URL } = process.env
  if (REDIS_URL) return inRedis(app, REDIS_URL)
  if (DATABASE_URL) return inPostgres(app, DATABASE_URL)
  return embedded(app, folder)
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
