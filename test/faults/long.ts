// The long campaign: `npm run test:faults [-- ioredis node-redis pg mysql2 sqlite]`. Prints a table. Exits with 1 if any problem was found.
import { findMysql } from '../fixtures/mysql.ts'
import { startPostgres, type OwnPostgres } from '../fixtures/postgres-server.ts'
import { startRedis, type Missing, type OwnService } from '../fixtures/services.ts'
import { Campaign, LONG, STORE_TIMEOUT, type Fault, type Report } from './campaign.ts'
import type { ClientName } from './clients.ts'
import { WIRE_FAULTS } from './common-faults.ts'
import { mysqlFaults } from './mysql-faults.ts'
import { postgresFaults } from './postgres-faults.ts'
import { DURABLE, redisFaults } from './redis-faults.ts'
import { sqliteFaults } from './sqlite-faults.ts'
import { printTable } from './table.ts'
import { problemsOf } from './verdict.ts'

interface Target {
  url: string
  faults: Fault[]
  stop: () => Promise<void>
}

/** failovers.ts covers the clusters. */
type Client = Exclude<ClientName, 'ioredis-cluster' | 'node-redis-cluster'>

const TARGETS: Record<Client, () => Promise<Target | Missing>> = {
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

const chosen = process.argv.slice(2)
const clients = chosen.length > 0 ? chosen : Object.keys(TARGETS)
const reports: Report[] = []
for (const client of clients) {
  const target = await TARGETS[client as Client]()
  if (typeof target === 'string') {
    console.log(`${client} is left out: ${target}`)
    process.exitCode = 1
    continue
  }
  const campaign = new Campaign(client as ClientName, target.url, LONG)
  try {
    await campaign.start()
    for (const fault of target.faults) {
      console.log(`${client}: ${fault.name} …`)
      reports.push(await campaign.run(fault))
    }
  } finally {
    await campaign.stop()
    await target.stop()
  }
}

printTable(reports)
console.log(`\n4 processes, 200 browsers, storeTimeout ${STORE_TIMEOUT} ms; each fault ${LONG.rounds} times, a store that goes away for ${LONG.outage / 1000} s`)
for (const report of reports) {
  for (const problem of problemsOf(report)) {
    console.log(`FAILED ${report.client}, ${report.fault.name}: ${problem}`)
    process.exitCode = 1
  }
}
