import t from 'tap'
import { Campaign, SHORT } from './campaign.ts'
import { sqliteFaults } from './sqlite-faults.ts'
import { problemsOf } from './verdict.ts'

t.test('4 processes and 200 browsers on an SQLite file', async (t) => {
  const { url, faults, stop } = await sqliteFaults()
  const campaign = new Campaign('sqlite', url, SHORT)
  t.teardown(async () => {
    await campaign.stop()
    await stop()
  })
  await campaign.start()
  for (const fault of faults) {
    await t.test(fault.name, async (t) => t.strictSame(problemsOf(await campaign.run(fault)), []))
  }
})
