import t from 'tap'
import { redisStore } from '../../lib/stores/redis/index.ts'
import { createPrefix, urlOf } from '../fixtures/scratch.ts'
import { findRedis } from '../fixtures/services.ts'
import { propertySuite } from './suite.ts'

const service = await findRedis()

t.test('over Redis', { skip: typeof service === 'string' && service }, async (t) => {
  t.teardown(async () => { if (typeof service !== 'string') await service.stop() })
  const { redis, prefix } = createPrefix(t, urlOf(service))
  propertySuite(t, 25, () => redisStore(redis, { prefix }))
})
