import t from 'tap'
import { startPostgres } from '../fixtures/postgres-server.ts'
import { Campaign, SHORT } from './campaign.ts'
import { postgresFaults } from './postgres-faults.ts'
import { problemsOf } from './verdict.ts'

const postgres = await startPostgres()

t.test('4 processes, 200 browsers and a PostgreSQL with faults', { skip: typeof postgres === 'string' && postgres }, async (t) => {
  if (typeof postgres === 'string') return
  const { faults, stop } = postgresFaults(postgres)
  const campaign = new Campaign('pg', postgres.url, SHORT)
  t.teardown(async () => {
    await campaign.stop()
    await stop()
  })
  await campaign.start()
  // Faults of connections are the same for every store. redis.test.ts and the long campaign inject them.
  for (const fault of faults) {
    await t.test(fault.name, async (t) => t.strictSame(problemsOf(await campaign.run(fault)), []))
  }
})
