import { setTimeout as sleep } from 'node:timers/promises'
import type { OwnService } from '../fixtures/services.ts'
import type { Fault, Scene } from './campaign.ts'

const UNDER_WAY = 200 // ms; the time for requests to accumulate

/** Injects the fault at the worst moment: the store has executed the commands, but the app has not received the replies. */
async function amidRequests ({ wire }: Scene, strike: () => Promise<unknown> | unknown): Promise<void> {
  wire.holdAnswers()
  await sleep(UNDER_WAY)
  await strike()
  wire.release()
}

/** @throws Error if the fault had no effect, because the test would then prove nothing */
export function demand (isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise)
}

/** Faults of connections, for any store. */
export const WIRE_FAULTS: Fault[] = [
  {
    name: 'browsers hang up amid requests',
    signs: ['lostConnections'],
    async strike (scene) {
      scene.rob()
      // Not `/chain`, whose `overlap` is 0: a message that outlives the overlap is treated as a thief's.
      await amidRequests(scene, () => scene.connections.hangUp('/tabs/auth/'))
    }
  },
  {
    name: 'store connections cut amid requests',
    signs: [],
    async strike (scene) {
      scene.rob()
      await amidRequests(scene, () => demand(scene.wire.cut() > 0, 'no connection was cut'))
    }
  }
]

/** Faults of the app's processes and of the store's server. */
export function processFaults (store: () => OwnService): Fault[] {
  return [
    {
      name: 'kill -9 of a process amid requests',
      signs: ['lostConnections'],
      async strike (scene, round) {
        const index = round % scene.fleet.size
        await amidRequests(scene, () => scene.fleet.kill(index))
        scene.rob()
        await scene.fleet.restart(index)
      }
    },
    {
      name: 'store paused (SIGSTOP)',
      signs: ['unavailable'],
      async strike ({ scale, rob }) {
        await store().pause()
        rob()
        await sleep(scale.outage)
        await store().resume()
      }
    },
    {
      name: 'store killed and restarted',
      signs: ['unavailable'],
      async strike (scene) {
        await amidRequests(scene, () => store().crash())
        scene.rob()
        await sleep(scene.scale.outage)
        await store().restart()
      }
    }
  ]
}
