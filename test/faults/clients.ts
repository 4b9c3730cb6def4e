import type { TokenStore } from '../../index.ts'
import { postgresStore } from '../../lib/stores/postgres/index.ts'
import { redisStore } from '../../lib/stores/redis/index.ts'
import { until } from '../fixtures/services.ts'

export type ClientName = 'ioredis' | 'node-redis' | 'pg'

/** `defaults`: with a listener for errors and nothing else. `README`: as the README says. */
export type Settings = 'defaults' | 'README'

export interface OpenStore {
  store: TokenStore
  close: () => unknown
}

/** A store over a client of its own, that is connected. */
export async function openStore (client: ClientName, url: string, settings: Settings): Promise<OpenStore> {
  return await OPEN[client](url, settings)
}

// Imported where they are used: a process of the app needs one of them, and shall start fast.
const OPEN: Record<ClientName, (url: string, settings: Settings) => Promise<OpenStore>> = {
  async ioredis (url, settings) {
    const { Redis } = await import('ioredis')
    const redis = new Redis(url, settings === 'README' ? { commandTimeout: 1000, maxRetriesPerRequest: 1, socketTimeout: 2000 } : {})
    redis.on('error', () => {})
    await until(() => redis.ping().then(() => true, () => false))
    return { store: redisStore(redis), close: () => redis.disconnect() }
  },

  async 'node-redis' (url, settings) {
    const { createClient } = await import('redis')
    const redis = createClient(settings === 'README'
      ? {
          url, disableOfflineQueue: true, pingInterval: 1000, socket: { socketTimeout: 2000, reconnectStrategy: (retries) => Math.min(retries * 100, 1000) }
        }
      : { url })
    redis.on('error', () => {})
    await redis.connect()
    return { store: redisStore(redis), close: () => redis.destroy() }
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
  }
}
