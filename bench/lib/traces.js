import { Redis } from 'ioredis'
import pg from 'pg'
import { DATABASE_URL, PREFIX, REDIS_URL, TABLE } from './services.js'

/** The servers are ended at once, so that what they stored is removed here. */
export async function removeTraces () {
  const redis = new Redis(REDIS_URL)
  for await (const keys of redis.scanStream({ match: `${PREFIX}*`, count: 1000 })) {
    if (keys.length > 0) await redis.unlink(keys)
  }
  redis.disconnect()

  const client = new pg.Client({ connectionString: DATABASE_URL })
  await client.connect()
  await client.query(`DROP TABLE IF EXISTS ${TABLE}`)
  await client.end()
}
