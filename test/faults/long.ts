// The long campaign: `npm run test:faults [-- ioredis node-redis pg mysql2 sqlite]`. Prints a table. Exits with 1 if any problem was found.
import { findMysql } from '../fixtures/mysql.ts'
import { startPostgres, type OwnPostgres } from '../fixtures/postgres-server.ts'
import { startRedis, type Missing, type OwnService } from '../fixtures/services.ts'
import { LONG, STORE_TIMEOUT, type Report, type Target } from './campaign.ts'
import { WIRE_FAULTS } from './common-faults.ts'
import { mysqlFaults } from './mysql-faults.ts'
import { postgresFaults } from './postgres-faults.ts'
import { DURABLE, redisFaults } from './redis-faults.ts'
import { runCampaigns, type Targets } from './run-campaigns.ts'
import { sqliteFaults } from './sqlite-faults.ts'
import { printTable } from './table.ts'
import { problemsOf } from './verdict.ts'

/** failovers.ts covers the clusters. */
const TARGETS: Targets = {
  ioredis: redisTarget,
  'node-redis': redisTarget,
  async pg () {
    const postgres: OwnPostgres | Missing = await startPostgres()
    return typeof postgres === 'string' ? postgres : withWire({ url: postgres.url, ...postgresFaults(postgres) })
  },
  async mysql2 () {
    const mysql = await findMysql()
    return typeof mysql === 'string' ? mysql : withWire(await mysqlFaults(mysql.url))
  },
  sqlite: sqliteFaults
}

async function redisTarget (): Promise<Target | Missing> {
  const redis: OwnService | Missing = await startRedis(...DURABLE)
  return typeof redis === 'string' ? redis : withWire({ url: redis.url, ...redisFaults(redis) })
}

function withWire (target: Target): Target {
  return { ...target, faults: [...WIRE_FAULTS, ...target.faults] }
}

const reports: Report[] = []
await runCampaigns(TARGETS, LONG, async (campaign, client, fault) => {
  console.log(`${client}: ${fault.name} …`)
  reports.push(await campaign.run(fault))
})

printTable(reports)
console.log(`\n4 processes, 200 browsers, storeTimeout ${STORE_TIMEOUT} ms; each fault ${LONG.rounds} times, a store that goes away for ${LONG.outage / 1000} s`)
for (const report of reports) {
  for (const problem of problemsOf(report)) {
    console.log(`FAILED ${report.client}, ${report.fault.name}: ${problem}`)
    process.exitCode = 1
  }
}
