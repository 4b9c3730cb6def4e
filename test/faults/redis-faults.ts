import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startRedis, until, type OwnService } from '../fixtures/services.ts'
import type { Fault } from './campaign.ts'
import { demand, processFaults } from './common-faults.ts'

/** Keeps the data across a crash, and starts replication without waiting for more replicas. */
export const DURABLE = ['--appendonly', 'yes', '--repl-diskless-sync-delay', '0']

/** @param first the first server, started with `DURABLE`; the returned `stop` stops the server that is current at the end */
export function redisFaults (first: OwnService): { faults: Fault[], stop: () => Promise<void> } {
  let current = first

  const faults: Fault[] = [
    ...processFaults(() => current),
    {
      name: 'scripts flushed',
      signs: [],
      async strike ({ rob }) {
        await ask(current, (redis) => redis.config('RESETSTAT'))
        rob()
        for (let flushes = 0; flushes < 20; flushes++) {
          await ask(current, (redis) => redis.script('FLUSH'))
          await sleep(20)
        }
        await ask(current, async (redis) => demand(/cmdstat_eval:/.test(await redis.info('commandstats')), 'no script had to be taught again'))
      }
    },
    {
      name: 'failover to a replica that lacks writes',
      signs: ['recovered'],
      losesWrites: true,
      async strike ({ wire, rob, goOn, scale }) {
        const { port } = new URL(current.url)
        const replica = await startRedis(...DURABLE, '--replicaof', '127.0.0.1', port)
        if (typeof replica === 'string') throw new Error(replica)
        await ask(replica, (redis) => until(async () => /master_link_status:up/.test(await redis.info('replication'))))
        await sleep(UNTIL_CAUGHT_UP)
        await ask(replica, (redis) => redis.call('REPLICAOF', 'NO', 'ONE'))
        await goOn()
        await current.stop()
        current = replica
        rob()
        await sleep(scale.outage)
        wire.leadTo(replica.url)
      }
    }
  ]
  return { faults, stop: () => current.stop() }
}

const UNTIL_CAUGHT_UP = 200 // ms

async function ask (service: OwnService, question: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(service.url)
  try {
    await question(redis)
  } finally {
    redis.disconnect()
  }
}
