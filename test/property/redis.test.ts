import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import t from 'tap'
import { redisStore } from '../../lib/stores/redis.ts'
import { findRedis } from '../fixtures/services.ts'
import { propertySuite } from './suite.ts'

const service = await findRedis()
const skip = typeof service === 'string' && service
const prefix = `property-${randomBytes(8).toString('hex')}:`

t.test('over Redis', { skip }, async (t) => {
  const client = new Redis(typeof service === 'string' ? '' : service.url)
  t.teardown(async () => {
    for (const key of await client.keys(`${prefix}*`)) await client.del(key)
    client.disconnect()
    if (typeof service !== 'string') await service.stop()
  })
  propertySuite(t, 25, () => redisStore(client, { prefix }))
})
