import t from 'tap'
import { findMysql } from '../fixtures/mysql.ts'
import { Campaign, SHORT } from './campaign.ts'
import { mysqlFaults } from './mysql-faults.ts'
import { problemsOf } from './verdict.ts'

const mysql = await findMysql()

t.test('4 processes, 200 browsers and a MySQL or MariaDB with faults', { skip: typeof mysql === 'string' && mysql }, async (t) => {
  if (typeof mysql === 'string') return
  const { url, faults, stop } = await mysqlFaults(mysql.url)
  const campaign = new Campaign('mysql2', url, SHORT)
  t.teardown(async () => {
    await campaign.stop()
    await stop()
  })
  await campaign.start()
  for (const fault of faults) {
    await t.test(fault.name, async (t) => t.strictSame(problemsOf(await campaign.run(fault)), []))
  }
})
