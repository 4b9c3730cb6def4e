import pg from 'pg'
import type { OwnPostgres } from '../fixtures/postgres-server.ts'
import { until } from '../fixtures/services.ts'
import type { Fault, Scene } from './campaign.ts'
import { NO_FAULT } from './no-fault.ts'

/** @param first the first server; the returned `stop` stops the server that is current at the end */
export function standbyFaults (first: OwnPostgres): { faults: Fault[], stop: () => Promise<void> } {
  let current = first

  /** The primary crashes under load, and the standby is promoted immediately: only the time of PostgreSQL and its clients counts. */
  async function promote ({ wire, rob, goOn }: Scene, isSynchronous: boolean): Promise<void> {
    const standby = await current.startStandby()
    await untilThere("state = 'streaming'")
    await ask(current, `ALTER SYSTEM SET synchronous_standby_names = '${isSynchronous ? '*' : ''}'`)
    await ask(current, 'SELECT pg_reload_conf()')
    await untilThere(`sync_state = '${isSynchronous ? 'sync' : 'async'}'`)
    await goOn()
    await current.crash()
    rob()
    await standby.promote()
    wire.leadTo(standby.url)
    wire.cut()
    await current.stop()
    current = standby
  }

  async function untilThere (condition: string): Promise<void> {
    await until(async () => (await ask(current, `SELECT FROM pg_stat_replication WHERE ${condition}`)).length > 0)
  }

  const faults: Fault[] = [
    NO_FAULT,
    {
      name: 'primary killed, an asynchronous standby is promoted',
      signs: [],
      losesWrites: true,
      strike: (scene) => promote(scene, false)
    },
    {
      name: 'primary killed, a synchronous standby is promoted',
      signs: [],
      losesNothing: true,
      strike: (scene) => promote(scene, true)
    }
  ]
  return { faults, stop: () => current.stop() }
}

async function ask ({ url }: OwnPostgres, query: string): Promise<unknown[]> {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query(query)
  await client.end()
  return rows
}
