import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { test } from 'tap'
import { redisStore } from '../../lib/stores/redis/index.ts'
import { sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { startRedisCluster } from '../fixtures/services.ts'

const cluster = await startRedisCluster()
const skip = typeof cluster === 'string' && cluster
const urls = typeof cluster === 'string' ? [] : cluster.urls

test('redis cluster', { skip }, async (t) => {
  t.teardown(async () => { if (typeof cluster !== 'string') await cluster.stop() })

  t.test('keeps the contract with ioredis', async (t) => {
    const client = new Cluster(urls)
    t.teardown(() => client.disconnect())
    testStore((name, check) => t.test(name, check), () => redisStore(client, { prefix: 'ioredis:' }))
  })

  t.test('keeps the contract with node-redis', async (t) => {
    const client = createCluster({ rootNodes: urls.map((url) => ({ url })) })
    await client.connect()
    t.teardown(() => client.destroy())
    testStore((name, check) => t.test(name, check), () => redisStore(client, { prefix: 'node-redis:' }))
  })

  t.test('spreads the sessions over all nodes', async (t) => {
    const client = new Cluster(urls)
    const store = redisStore(client, { prefix: 'spread:' })
    const subject = 'ann'
    await Promise.all(Array.from({ length: 100 }, () => store.create(sampleSession({ subject }))))
    for (const url of urls) {
      const node = new Redis(url)
      t.ok((await node.keys('spread:s:*')).length > 0)
      node.disconnect()
    }
    t.equal((await store.list(subject)).length, 100)
    t.equal(await store.deleteAll(subject), 100)
    client.disconnect()
  })
})
