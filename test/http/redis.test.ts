import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import t from 'tap'
import { redisStore } from '../../lib/stores/redis.ts'
import { findRedis } from '../fixtures/services.ts'
import { httpSuite } from './suite.ts'

const service = await findRedis()
const skip = typeof service === 'string' && service
const url = typeof service === 'string' ? '' : service.url
const prefix = `http-suite-${randomBytes(8).toString('hex')}:`

t.test('over Redis with ioredis', { skip }, async (t) => {
  const client = new Redis(url)
  t.teardown(async () => {
    for (const key of await client.keys(`${prefix}*`)) await client.del(key)
    client.disconnect()
    if (typeof service !== 'string') await service.stop()
  })
  httpSuite(t, () => redisStore(client, { prefix: `${prefix}i:` }))

  t.test('over Redis with node-redis', async (t) => {
    const client = createClient({ url })
    await client.connect()
    t.teardown(() => client.destroy())
    httpSuite(t, () => redisStore(client, { prefix: `${prefix}n:` }))
  })
})
