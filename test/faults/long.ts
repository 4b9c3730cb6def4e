// The long form: `npm run test:faults [-- ioredis node-redis pg]`. Prints a table; ends with 1 where anything was wrong.
import { startPostgres, type OwnPostgres } from '../fixtures/postgres-server.ts'
import { startRedis, type Missing, type OwnService } from '../fixtures/services.ts'
import { Campaign, LONG, STORE_TIMEOUT, type Fault, type Report } from './campaign.ts'
import type { ClientName } from './clients.ts'
import { WIRE_FAULTS } from './common-faults.ts'
import { postgresFaults } from './postgres-faults.ts'
import { DURABLE, redisFaults } from './redis-faults.ts'
import { printTable } from './table.ts'
import { problemsOf } from './verdict.ts'

interface Target {
  url: string
  faults: Fault[]
  stop: () => Promise<void>
}

const TARGETS: Record<ClientName, () => Promise<Target | Missing>> = {
  ioredis: redisTarget,
  'node-redis': redisTarget,
  async pg () {
    const postgres: OwnPostgres | Missing = await startPostgres()
    return typeof postgres === 'string' ? postgres : { url: postgres.url, ...postgresFaults(postgres) }
  }
}

async function redisTarget (): Promise<Target | Missing> {
  const redis: OwnService | Missing = await startRedis(...DURABLE)
  return typeof redis === 'string' ? redis : { url: redis.url, ...redisFaults(redis) }
}

const chosen = process.argv.slice(2)
const clients = chosen.length > 0 ? chosen : Object.keys(TARGETS)
const reports: Array<[client: string, report: Report]> = []
for (const client of clients) {
  const target = await TARGETS[client as ClientName]()
  if (typeof target === 'string') {
    console.log(`${client} is left out: ${target}`)
    process.exitCode = 1
    continue
  }
  const campaign = new Campaign(client as ClientName, target.url, LONG)
  try {
    await campaign.start()
    for (const fault of [...WIRE_FAULTS, ...target.faults]) {
      console.log(`${client}: ${fault.name} …`)
      reports.push([client, await campaign.run(fault)])
    }
  } finally {
    await campaign.stop()
    await target.stop()
  }
}

printTable(reports)
console.log(`\n4 processes, 200 browsers, storeTimeout ${STORE_TIMEOUT} ms; each fault ${LONG.rounds} times, a store that goes away for ${LONG.outage / 1000} s`)
for (const [client, report] of reports) {
  for (const problem of problemsOf(report)) {
    console.log(`FAILED ${client}, ${report.fault.name}: ${problem}`)
    process.exitCode = 1
  }
}
