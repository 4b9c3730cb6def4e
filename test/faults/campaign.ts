import { setTimeout as sleep } from 'node:timers/promises'
import type { Kind, Surroundings } from './browser.ts'
import type { ClientName } from './clients.ts'
import { Crowd } from './crowd.ts'
import { Fleet } from './fleet.ts'
import { Connections } from './http.ts'
import { Tally } from './tally.ts'
import { steal, type Booty, type Theft } from './theft.ts'
import { Wire } from './wire.ts'

/** How far the campaign goes: short in the test suite, long by `npm run test:faults`. */
export interface Scale {
  /** How long a store stays away. Milliseconds; more than `storeTimeout`. */
  outage: number
  /** How often each fault strikes. */
  rounds: number
  /** Who is robbed of what, while the fault goes on and again when it is over. */
  thefts: Array<[victims: Kind, booty: Booty]>
  /** How many of each. */
  victims: number
}

// To find a live token of a victim with tabs takes some times the overlap.
export const SHORT: Scale = { outage: 800, rounds: 1, thefts: [['chain', 'live'], ['chain', 'old'], ['tabs', 'old']], victims: 2 }
export const LONG: Scale = { outage: 3_000, rounds: 3, thefts: [...SHORT.thefts, ['tabs', 'live']], victims: 4 }

const PROCESSES = 4
const BROWSERS = 200
export const STORE_TIMEOUT = 500 // ms

/**
 * Milliseconds in which a tab may still send the token that another tab has replaced. The rules take whatever is on its way for longer, less the
 * second that a token's time of issue is rounded by, for a thief's. A process waits for a locked SQLite file and does nothing else meanwhile, so
 * that there a message can live for as long as the file is locked.
 */
export function overlapOf (client: ClientName): number {
  return client === 'sqlite' ? 7_000 : 3_000
}

/** What a fault has at hand. */
export interface Scene {
  wire: Wire
  fleet: Fleet
  connections: Connections
  scale: Scale
  /** Thieves set to work; called by the fault when everything is at its worst. */
  rob: () => void
  /** Waits until browsers have used up some tokens, whose writes can then be lost. */
  goOn: () => Promise<void>
}

export interface Fault {
  name: string
  /** What must be seen of it, else it did not strike. */
  signs: Array<'unavailable' | 'lostConnections' | 'recovered'>
  /** Writes are lost: an old token may then look like a live one until it is used beside it. */
  losesWrites?: boolean
  /** Every write that was answered is there afterwards. */
  losesNothing?: boolean
  strike: (scene: Scene, round: number) => Promise<void>
}

export interface Report {
  client: ClientName
  fault: Fault
  tally: Tally
  thefts: Theft[]
  /** Milliseconds from the end of the fault until everyone had refreshed, the longest of all rounds. */
  resumed: number
}

/** Four processes, one store behind a wire, and 200 browsers that go on and on. */
export class Campaign {
  readonly wire: Wire
  readonly #client: ClientName
  readonly #around: Surroundings
  readonly #crowd: Crowd
  readonly #scale: Scale

  constructor (client: ClientName, storeUrl: string, scale: Scale) {
    this.#client = client
    this.#scale = scale
    this.wire = new Wire(storeUrl)
    const fleet = new Fleet({ STORE_CLIENT: client, STORE_SETTINGS: 'README', STORE_TIMEOUT: `${STORE_TIMEOUT}ms`, OVERLAP: `${overlapOf(client)}ms` })
    this.#around = { fleet, connections: new Connections(), tally: new Tally() }
    this.#crowd = new Crowd(BROWSERS, this.#around)
    fleet.onRecovered = () => { this.#around.tally.recovered++ }
  }

  async start (): Promise<void> {
    await this.wire.open()
    await this.#around.fleet.start(PROCESSES, this.wire.url)
    await this.#crowd.start()
    await this.#someHistory()
  }

  async run (fault: Fault): Promise<Report> {
    const tally = this.#around.tally = new Tally()
    const thefts: Theft[] = []
    let resumed = 0
    for (let round = 0; round < this.#scale.rounds; round++) {
      const thieving: Array<Promise<Theft>> = []
      const rob = (): void => { thieving.push(...this.#rob()) }
      const { wire, fleet, connections } = { wire: this.wire, ...this.#around }
      await fault.strike({ wire, fleet, connections, scale: this.#scale, rob, goOn: () => this.#crowd.goOn() }, round)
      const end = performance.now()
      rob()
      await this.#crowd.haveRefreshedSince(end)
      resumed = Math.max(resumed, performance.now() - end)
      thefts.push(...await Promise.all(thieving))
      await this.#crowd.replaceRobbed()
      await this.#someHistory()
    }
    return { client: this.#client, fault, tally, thefts, resumed }
  }

  async stop (): Promise<void> {
    await this.#crowd.stop()
    this.#around.connections.close()
    await this.#around.fleet.stop()
    await this.wire.close()
  }

  #rob (): Array<Promise<Theft>> {
    const { thefts, victims } = this.#scale
    return thefts.flatMap(([kind, booty]) => this.#crowd.choose(kind, victims).map((victim) => steal(victim, booty, this.#around)))
  }

  /** Until there are old tokens to be stolen. */
  async #someHistory (): Promise<void> {
    while (this.#crowd.choose('chain', Infinity).length < BROWSERS / 4) await sleep(50)
  }
}
