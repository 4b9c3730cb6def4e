import { setTimeout as sleep } from 'node:timers/promises'
import type { Kind, Surroundings } from './browser.ts'
import type { ClientName } from './clients.ts'
import { Crowd } from './crowd.ts'
import { Fleet } from './fleet.ts'
import { Connections } from './http.ts'
import { Tally } from './tally.ts'
import { steal, type Booty, type Theft } from './theft.ts'
import { Wire } from './wire.ts'

/** The size of a campaign: short in the test suite, long with `npm run test:faults`. */
export interface Scale {
  /** How long a store is unavailable, in milliseconds. Must be longer than `storeTimeout`. */
  outage: number
  /** How many times each fault is injected. */
  rounds: number
  /** Which tokens are stolen from which browsers, both during the fault and after it. */
  thefts: Array<[victims: Kind, booty: Booty]>
  /** The number of victims for each entry of `thefts`. */
  victims: number
}

// It takes several times the overlap to detect the theft of a live token from a browser with tabs.
export const SHORT: Scale = { outage: 800, rounds: 1, thefts: [['chain', 'live'], ['chain', 'old'], ['tabs', 'old']], victims: 2 }
export const LONG: Scale = { outage: 3_000, rounds: 3, thefts: [...SHORT.thefts, ['tabs', 'live']], victims: 4 }

const PROCESSES = 4
const BROWSERS = 200
export const STORE_TIMEOUT = 500 // ms

/**
 * How long, in milliseconds, a tab may still send a token that another tab has replaced. If a message is in flight for longer than
 * this, minus the second to which a token's time of issue is rounded, the rules treat it as a thief's. A process that waits for a
 * locked SQLite file does nothing else, so with SQLite a message can be in flight for as long as the file is locked.
 */
export function overlapOf (client: ClientName): number {
  return client === 'sqlite' ? 7_000 : 3_000
}

/** What a fault can act on. */
export interface Scene {
  wire: Wire
  fleet: Fleet
  connections: Connections
  scale: Scale
  /** Starts the thieves. Each fault calls it at the worst moment. */
  rob: () => void
  /** Waits until browsers have used some tokens, so that there are writes to lose. */
  goOn: () => Promise<void>
}

export interface Fault {
  name: string
  /** Effects that must be observed; otherwise the fault was not injected. */
  signs: Array<'unavailable' | 'lostConnections' | 'recovered'>
  /** Writes are lost. An old token may then look like a live one until both are used. */
  losesWrites?: boolean
  /** Every acknowledged write survives. */
  losesNothing?: boolean
  strike: (scene: Scene, round: number) => Promise<void>
}

/** A store to which a campaign does harm. */
export interface Target {
  url: string
  faults: Fault[]
  stop: () => Promise<void>
}

export interface Report {
  client: ClientName
  fault: Fault
  tally: Tally
  thefts: Theft[]
  /** Milliseconds from the end of the fault until every browser has refreshed; the maximum over all rounds. */
  resumed: number
}

/** Four processes, a store behind a `Wire`, and 200 browsers that refresh continuously. */
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

  /** Waits until there are old tokens to steal. */
  async #someHistory (): Promise<void> {
    while (this.#crowd.choose('chain', Infinity).length < BROWSERS / 4) await sleep(50)
  }
}
