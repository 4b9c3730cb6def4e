import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { OwnPostgres } from '../fixtures/postgres-server.ts'
import type { Fault } from './campaign.ts'
import { demand, processFaults } from './common-faults.ts'

/** @param first the first server; the returned `stop` stops the server that is current at the end */
export function postgresFaults (first: OwnPostgres): { faults: Fault[], stop: () => Promise<void> } {
  let current = first

  const faults: Fault[] = [
    ...processFaults(() => current),
    {
      name: 'connections ended by pg_terminate_backend',
      signs: [],
      async strike ({ rob }) {
        rob()
        for (let blows = 0; blows < 3; blows++) {
          await terminateAll(current)
          await sleep(100)
        }
      }
    },
    {
      name: 'failover to a standby that lacks writes',
      signs: ['recovered'],
      losesWrites: true,
      async strike ({ wire, rob, goOn, scale }) {
        const standby = await current.startStandby()
        await standby.detach()
        await goOn()
        await current.stop()
        current = standby
        rob()
        await sleep(scale.outage)
        await standby.promote()
        wire.leadTo(standby.url)
      }
    }
  ]
  return { faults, stop: () => current.stop() }
}

async function terminateAll ({ url }: OwnPostgres): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  const { rowCount } = await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
  await client.end()
  demand(rowCount !== null && rowCount > 0, 'no backend was there to be terminated')
}
