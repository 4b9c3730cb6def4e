import { fileURLToPath } from 'node:url'
import type { TokenStore } from '../../index.ts'
import { mysqlStore } from '../../lib/stores/mysql/index.ts'
import { postgresStore } from '../../lib/stores/postgres/index.ts'
import { redisStore } from '../../lib/stores/redis/index.ts'
import { sqliteStore } from '../../lib/stores/sqlite/index.ts'
import { until } from '../fixtures/services.ts'

export type ClientName = 'ioredis' | 'node-redis' | 'ioredis-cluster' | 'node-redis-cluster' | 'pg' | 'mysql2' | 'sqlite'

/** `defaults`: only an error listener is added. `README`: configured as in README.md and docs/stores.md. */
export type Settings = 'defaults' | 'README'

export interface OpenStore {
  store: TokenStore
  close: () => unknown
}

/** Connects a new client and returns a store that uses it. */
export async function openStore (client: ClientName, url: string, settings: Settings): Promise<OpenStore> {
  return await OPEN[client](url, settings)
}

const IOREDIS = {
  commandTimeout: 1000,
  maxRetriesPerRequest: 1,
  socketTimeout: 2000,
  reconnectOnError: (error: Error) => error.message.includes('READONLY') ? 2 as const : false
}

// As in docs/scale.md.
const IOREDIS_CLUSTER = {
  redisOptions: { commandTimeout: 1000, maxRetriesPerRequest: 1, socketTimeout: 2000 },
  slotsRefreshTimeout: 1000
}
const NODE_REDIS_CLUSTER = { defaults: { disableOfflineQueue: true } }

// Each client is imported only when it is used, so that the processes of the app start fast.
const OPEN: Record<ClientName, (url: string, settings: Settings) => Promise<OpenStore>> = {
  async ioredis (url, settings) {
    const { Redis } = await import('ioredis')
    const redis = new Redis(url, settings === 'README' ? IOREDIS : {})
    redis.on('error', () => {})
    await until(() => redis.ping().then(() => true, () => false))
    return { store: redisStore(redis), close: () => redis.disconnect() }
  },

  async 'node-redis' (url, settings) {
    if (settings === 'README') {
      const { connectRedis } = await import('../fixtures/connect-redis.ts')
      const { client, close } = await connectRedis(url, () => {})
      return { store: redisStore(client), close }
    }
    const { createClient } = await import('redis')
    const redis = createClient({ url })
    redis.on('error', () => {})
    await redis.connect()
    return { store: redisStore(redis), close: () => redis.destroy() }
  },

  async 'ioredis-cluster' (url, settings) {
    const { Cluster } = await import('ioredis')
    const cluster = new Cluster([url], settings === 'README' ? IOREDIS_CLUSTER : {})
    cluster.on('error', () => {})
    await until(() => cluster.ping().then(() => true, () => false))
    return { store: redisStore(cluster), close: () => cluster.disconnect() }
  },

  async 'node-redis-cluster' (url, settings) {
    const { createCluster } = await import('redis')
    const cluster = createCluster({ rootNodes: [{ url }], ...(settings === 'README' && NODE_REDIS_CLUSTER) })
    cluster.on('error', () => {})
    await cluster.connect()
    return { store: redisStore(cluster), close: () => cluster.destroy() }
  },

  async pg (url, settings) {
    const { default: pg } = await import('pg')
    const pool = new pg.Pool(settings === 'README'
      ? { connectionString: url, max: 5, connectionTimeoutMillis: 5000, query_timeout: 1000 }
      : { connectionString: url })
    pool.on('error', () => {})
    const store = postgresStore(pool)
    await store.migrate()
    return { store, close: () => pool.end() }
  },

  async mysql2 (uri, settings) {
    const { createPool } = await import('mysql2/promise')
    const pool = createPool(settings === 'README' ? { uri, connectTimeout: 5000 } : { uri })
    const store = mysqlStore(pool)
    await store.migrate()
    return { store, close: () => pool.end() }
  },

  async sqlite (url, settings) {
    const { driver } = await import('../fixtures/sqlite.ts')
    const db = driver.open(fileURLToPath(url))
    const store = sqliteStore(db)
    if (settings === 'README') db.exec('PRAGMA synchronous = NORMAL')
    await store.migrate()
    return { store, close: () => db.close() }
  }
}
