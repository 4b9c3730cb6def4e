import { rm } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'
import { DATABASE_URL, HAND_WRITTEN_TABLE, MYSQL_URL, PREFIX, REDIS_URL, SQLITE_FOLDER, TABLE } from './services.js'

/** Removes the data of the benchmarks, because the servers exit without cleaning up. */
export async function removeTraces () {
  const redis = new Redis(REDIS_URL)
  for await (const keys of redis.scanStream({ match: `${PREFIX}*`, count: 1000 })) {
    if (keys.length > 0) await redis.unlink(keys)
  }
  redis.disconnect()

  const client = new pg.Client({ connectionString: DATABASE_URL })
  await client.connect()
  await client.query(`DROP TABLE IF EXISTS ${TABLE}, ${HAND_WRITTEN_TABLE}`)
  await client.end()

  const connection = await createConnection(MYSQL_URL)
  await connection.query(`DROP TABLE IF EXISTS ${TABLE}`)
  await connection.end()

  await rm(SQLITE_FOLDER, { recursive: true, force: true })
}
