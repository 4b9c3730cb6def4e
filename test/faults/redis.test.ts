import t from 'tap'
import { startRedis } from '../fixtures/services.ts'
import { Campaign, SHORT } from './campaign.ts'
import { WIRE_FAULTS } from './common-faults.ts'
import { DURABLE, redisFaults } from './redis-faults.ts'
import { problemsOf } from './verdict.ts'

const redis = await startRedis(...DURABLE)

t.test('4 processes, 200 browsers and a Redis with faults', { skip: typeof redis === 'string' && redis }, async (t) => {
  if (typeof redis === 'string') return
  const { faults, stop } = redisFaults(redis)
  const campaign = new Campaign('ioredis', redis.url, SHORT)
  t.teardown(async () => {
    await campaign.stop()
    await stop()
  })
  await campaign.start()
  for (const fault of [...WIRE_FAULTS, ...faults]) {
    await t.test(fault.name, async (t) => t.strictSame(problemsOf(await campaign.run(fault)), []))
  }
})
