import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import t from 'tap'
import { redisStore } from '../../lib/stores/redis/index.ts'
import { startRedisCluster } from '../fixtures/services.ts'
import { httpSuite } from './suite.ts'

const cluster = await startRedisCluster()
const skip = typeof cluster === 'string' && cluster
const urls = typeof cluster === 'string' ? [] : cluster.urls

t.test('over a Redis Cluster of three nodes', { skip }, async (t) => {
  t.teardown(async () => { if (typeof cluster !== 'string') await cluster.stop() })

  t.test('with ioredis', async (t) => {
    const client = new Cluster(urls)
    t.teardown(() => client.disconnect())
    httpSuite(t, () => redisStore(client, { prefix: 'i:' }))
  })

  t.test('with node-redis', async (t) => {
    const client = createCluster({ rootNodes: urls.map((url) => ({ url })) })
    await client.connect()
    t.teardown(() => client.destroy())
    httpSuite(t, () => redisStore(client, { prefix: 'n:' }))
  })
})
