import { createClient } from 'redis'
import t from 'tap'
import { redisStore } from '../../lib/stores/redis/index.ts'
import { createPrefix, urlOf } from '../fixtures/scratch.ts'
import { findRedis } from '../fixtures/services.ts'
import { httpSuite } from './suite.ts'

const service = await findRedis()

t.test('over Redis with ioredis', { skip: typeof service === 'string' && service }, async (t) => {
  t.teardown(async () => { if (typeof service !== 'string') await service.stop() })
  const { redis, prefix } = createPrefix(t, urlOf(service))
  httpSuite(t, () => redisStore(redis, { prefix: `${prefix}i:` }))

  t.test('over Redis with node-redis', async (t) => {
    const client = createClient({ url: urlOf(service) })
    await client.connect()
    t.teardown(() => client.destroy())
    httpSuite(t, () => redisStore(client, { prefix: `${prefix}n:` }))
  })
})
