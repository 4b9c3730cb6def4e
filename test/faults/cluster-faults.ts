import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { redisStore } from '../../lib/stores/redis/index.ts'
import { sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { ask, moveSlots, startReplicatedCluster, untilInSync, untilMaster, type ClusterNode, type Shard } from '../fixtures/redis-cluster.ts'
import type { Missing } from '../fixtures/services.ts'
import type { Fault, Scene, Target } from './campaign.ts'
import { demand } from './common-faults.ts'
import { NO_FAULT } from './no-fault.ts'

const OTHER_SESSIONS = 30_000
const SLOTS = 1_000 // of a master's 5461
const DOWN = 1_000 // ms from the takeover by the replica to the return of the old master

/**
 * Faults of a cluster with three masters and three replicas. The clients connect to its nodes directly, so they do not use `Wire`.
 *
 * @param noticesSilence whether the client closes a connection that no longer responds; node-redis waits forever
 */
export async function clusterFaults (noticesSilence: boolean): Promise<Target | Missing> {
  const cluster = await startReplicatedCluster()
  if (typeof cluster === 'string') return cluster
  const [first, second, third] = cluster.shards as [Shard, Shard, Shard]
  await fill(first.master.url)

  const faults: Fault[] = [
    NO_FAULT,
    {
      name: 'planned failover (CLUSTER FAILOVER)',
      signs: [],
      async strike ({ rob }) {
        rob()
        await ask(second.replica, (redis) => redis.call('CLUSTER', 'FAILOVER'))
        await untilMaster(second.replica)
        swap(second)
        await untilInSync(second)
        await sleep(DOWN)
      }
    },
    {
      name: 'resharding: 1000 slots move to another master',
      signs: [],
      async strike ({ rob }) {
        rob()
        const slots = await slotsOf(second)
        const moved = await moveSlots(slots.slice(0, SLOTS), second.master, third.master, cluster.shards.map(({ master }) => master))
        demand(moved > SLOTS, `${moved} keys were moved`)
      }
    },
    {
      name: 'kill -9 of a master, whose replica takes over',
      signs: ['unavailable'],
      losesWrites: true,
      strike: (scene) => takeOver(scene, second, (master) => master.crash(), (master) => master.restart())
    }
  ]
  const silence: Fault = {
    name: 'a master falls silent (SIGSTOP), its replica takes over',
    signs: ['unavailable'],
    losesWrites: true,
    strike: (scene) => takeOver(scene, third, (master) => master.pause(), (master) => master.resume())
  }
  return { url: first.master.url, faults: noticesSilence ? [...faults, silence] : faults, stop: cluster.stop }
}

/** The master fails, its replica takes over, and the old master returns as a replica. */
async function takeOver ({ rob, goOn }: Scene, shard: Shard, fail: (node: ClusterNode) => unknown, recover: (node: ClusterNode) => unknown): Promise<void> {
  await goOn()
  const { master } = shard
  await fail(master)
  rob()
  await untilMaster(shard.replica)
  swap(shard)
  await sleep(DOWN)
  await recover(master)
  await untilInSync(shard)
}

function swap (shard: Shard): void {
  [shard.master, shard.replica] = [shard.replica, shard.master]
}

/** The numbers of the slots that the master serves. */
async function slotsOf ({ master }: Shard): Promise<number[]> {
  const nodes = String(await ask(master, (redis) => redis.call('CLUSTER', 'NODES')))
  const [line = ''] = nodes.split('\n').filter((one) => one.includes('myself'))
  return line.split(' ').slice(8).flatMap((range) => {
    const [from = NaN, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}

/** Creates sessions, so that resharding has keys to move. */
async function fill (url: string): Promise<void> {
  const client = new Cluster([url])
  const store = redisStore(client)
  for (let written = 0; written < OTHER_SESSIONS; written += 1000) {
    await Promise.all(Array.from({ length: 1000 }, () => store.create(sampleSession())))
  }
  client.disconnect()
}
