import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../fixtures/services.ts'
import type { Fleet } from './fleet.ts'
import { HangError, type Answer, type Connections } from './http.ts'
import type { Tally } from './tally.ts'

/**
 * `chain`: one tab that refreshes repeatedly with an `overlap` of 0, so that every refresh confirms its token.
 * `tabs`: two tabs that share a cookie and refresh at any time, with an `overlap` that distinguishes them from a thief.
 */
export type Kind = 'chain' | 'tabs'

const TABS: Record<Kind, number> = { chain: 1, tabs: 2 }
const PAUSE: Record<Kind, number> = { chain: 700, tabs: 1200 } // ms, on average
const BEFORE_A_RETRY = 1_000 // ms, on average; the value of Retry-After
const PATIENCE = 3 // the next pause as a multiple of the last response time, so that a slow server gets fewer requests
const LONGEST_PAUSE = 3_000 // ms, on average

export interface Surroundings {
  fleet: Fleet
  connections: Connections
  /** The tally of the current fault. */
  tally: Tally
}

/** A browser with one session. It keeps the last cookie that it received, and retries with it after a failure. */
export class Browser {
  readonly kind: Kind
  readonly #around: Surroundings
  /** The refresh token, or undefined if the user has to log in again. */
  cookie: string | undefined
  /** Earlier refresh tokens, the most recent one last. */
  readonly #past: string[] = []
  /** When the last successful refresh was sent. */
  lastRefresh = 0
  /** A thief has a token of the session, so that a log-out is correct. */
  isRobbed = false
  /** How many new refresh tokens it has received since the thief's first successful refresh. */
  renewals = 0
  countFrom = Infinity
  #isOpen = true

  constructor (kind: Kind, around: Surroundings, cookie?: string) {
    this.kind = kind
    this.#around = around
    this.cookie = cookie
  }

  get isLoggedIn (): boolean {
    return this.cookie !== undefined
  }

  /** The generation of the current token. */
  get generation (): number {
    return this.cookie === undefined ? 0 : generation(this.cookie)
  }

  /** A replaced token whose successor has been used, so that only a thief can still send it. */
  get oldToken (): string | undefined {
    return this.#past.findLast((token) => generation(token) <= this.generation - 2)
  }

  async login (sub: string): Promise<void> {
    // Retries after a pause: the app can be overloaded when all of its processes first connect to a database.
    await until(async () => {
      const { status, cookie } = await this.#around.connections.post(this.#around.fleet.pick(), `/${this.kind}/login`, { body: { sub } })
      if (status === 200) this.cookie = cookie
      else await sleep(spread(BEFORE_A_RETRY))
      return status === 200
    })
    this.#past.length = this.renewals = 0
    this.isRobbed = false
    this.countFrom = Infinity
  }

  /** Refreshes in all tabs until the browser is closed or logged out. */
  async run (): Promise<void> {
    await Promise.all(Array.from({ length: TABS[this.kind] }, async () => {
      while (this.#isOpen && this.isLoggedIn) await sleep(spread(await this.#refresh()))
    }))
  }

  close (): void {
    this.#isOpen = false
  }

  /** Resolves to the number of milliseconds to wait before the next refresh. */
  async #refresh (): Promise<number> {
    const sent = performance.now()
    try {
      const answer = await this.#around.connections.post(this.#around.fleet.pick(), `/${this.kind}/auth/refresh`, { cookie: this.cookie as string })
      this.#take(answer, sent)
      return answer.status === 200 ? Math.min(Math.max(PAUSE[this.kind], PATIENCE * answer.took), LONGEST_PAUSE) : BEFORE_A_RETRY
    } catch (error) {
      this.#around.tally.lost(error instanceof HangError)
      return BEFORE_A_RETRY
    }
  }

  #take (answer: Answer, sent: number): void {
    this.#around.tally.answered(answer, this.isRobbed)
    if (answer.status === 200) this.lastRefresh = Math.max(this.lastRefresh, sent)
    if (answer.status === 403) this.cookie = undefined
    if (answer.cookie === undefined || this.cookie === undefined) return
    if (sent > this.countFrom) this.renewals++
    this.#past.push(this.cookie)
    this.cookie = answer.cookie
  }
}

function generation (token: string): number {
  return JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()).gen
}

/** Adds jitter, so that the browsers do not refresh in lockstep. */
function spread (milliseconds: number): number {
  return milliseconds * (0.5 + Math.random())
}
