// `npm run test:failovers [-- ioredis-cluster node-redis-cluster pg sqlite]`: failovers under load of a Redis Cluster, of PostgreSQL
// with a standby, and of an SQLite file shared by four processes. Prints the figures of docs/scale.md as a table. Exits with 1 if
// any problem was found.
import { leaveNothing } from '../fixtures/leave-nothing.ts'
import { startPostgres } from '../fixtures/postgres-server.ts'
import { SHORT, STORE_TIMEOUT, type Report } from './campaign.ts'
import { clusterFaults } from './cluster-faults.ts'
import { NO_FAULT } from './no-fault.ts'
import { runCampaigns, type Targets } from './run-campaigns.ts'
import { sqliteFaults } from './sqlite-faults.ts'
import { standbyFaults } from './standby-faults.ts'
import { problemsOf } from './verdict.ts'

const ROUNDS = 3
const LONGEST_WAIT = STORE_TIMEOUT + 1_000 // ms

const TARGETS: Targets = {
  'ioredis-cluster': () => clusterFaults(true),
  'node-redis-cluster': () => clusterFaults(false),
  async pg () {
    const postgres = await startPostgres()
    return typeof postgres === 'string' ? postgres : { url: postgres.url, ...standbyFaults(postgres) }
  },
  async sqlite () {
    const { faults, ...target } = await sqliteFaults()
    return { ...target, faults: [NO_FAULT, ...faults.slice(0, 1)] }
  }
}

leaveNothing()
console.log(['store', 'fault', 'round', 'seconds', 'refreshes/s', '503', '503 for', 'p50', 'p99', 'longest', 'all served after', 'recovered', 'false log-outs', 'reuse found'].join(' | '))
await runCampaigns(TARGETS, { ...SHORT, rounds: 1 }, async (campaign, client, fault) => {
  for (let round = 1; round <= ROUNDS; round++) {
    const start = performance.now()
    const report = await campaign.run(fault)
    print(client, round, report, performance.now() - start)
    for (const problem of allProblemsOf(report)) {
      console.log(`FAILED: ${problem}`)
      process.exitCode = 1
    }
  }
})

/** Times in ms. */
function print (client: string, round: number, { fault, tally, thefts, resumed }: Report, took: number): void {
  const numbers = [tally.last503 - tally.first503, tally.percentile(0.5), tally.percentile(0.99), tally.percentile(1), resumed].map(Math.round)
  const found = `${thefts.filter(({ isFound }) => isFound).length} of ${thefts.length}`
  console.log([
    client, fault.name, round, (took / 1000).toFixed(1), Math.round(1000 * tally.refreshes / took), tally.unavailable, ...numbers, tally.recovered, tally.falseLogouts.length, found
  ].join(' | '))
}

function allProblemsOf (report: Report): string[] {
  const { fault, tally } = report
  const problems = problemsOf(report)
  if (tally.percentile(1) > LONGEST_WAIT) problems.push(`someone waited for ${Math.round(tally.percentile(1))} ms`)
  if (fault.losesNothing === true && tally.recovered > 0) problems.push(`${tally.recovered} rotations were lost`)
  return problems
}
