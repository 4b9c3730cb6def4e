import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../fixtures/services.ts'
import type { Fleet } from './fleet.ts'
import { HangError, type Answer, type Connections } from './http.ts'
import type { Tally } from './tally.ts'

/**
 * `chain`: one tab that refreshes again at once, under an `overlap` of 0, so that every refresh is a confirmation.
 * `tabs`: two tabs that share a cookie and refresh as they please, under an `overlap` that tells them from a thief.
 */
export type Kind = 'chain' | 'tabs'

const TABS: Record<Kind, number> = { chain: 1, tabs: 2 }
const PAUSE: Record<Kind, number> = { chain: 700, tabs: 1200 } // ms, on average
const BEFORE_A_RETRY = 1_000 // ms, on average; what Retry-After says
const PATIENCE = 3 // times what the last answer took: a slow server is not asked as often
const LONGEST_PAUSE = 3_000 // ms, on average

export interface Surroundings {
  fleet: Fleet
  connections: Connections
  /** Of the fault that goes on. */
  tally: Tally
}

/** A browser with one session: it keeps the cookie that it was last given, and after a failure tries again with it. */
export class Browser {
  readonly kind: Kind
  readonly #around: Surroundings
  /** The refresh token; undefined where the page was told to log in again. */
  cookie: string | undefined
  /** What it held before, the latest last. */
  readonly #past: string[] = []
  /** When the last refresh was sent that was answered with a token. */
  lastRefresh = 0
  /** Someone else has a token of its session: when it is logged out, that is right. */
  isRobbed = false
  /** How many new refresh tokens it was given since it was robbed and the thief was let in. */
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

  /** Of the token that it holds. */
  get generation (): number {
    return this.cookie === undefined ? 0 : generation(this.cookie)
  }

  /** A token that was replaced, and whose successor was used: only a thief can still send it. */
  get oldToken (): string | undefined {
    return this.#past.findLast((token) => generation(token) <= this.generation - 2)
  }

  async login (sub: string): Promise<void> {
    // Again where it was too much at once, as when all of the app's processes first connect to a database; not at once, or it stays too much.
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

  /** Refreshes in all its tabs until it is closed or logged out. */
  async run (): Promise<void> {
    await Promise.all(Array.from({ length: TABS[this.kind] }, async () => {
      while (this.#isOpen && this.isLoggedIn) await sleep(spread(await this.#refresh()))
    }))
  }

  close (): void {
    this.#isOpen = false
  }

  /** Resolves how long to wait until the next one, in milliseconds. */
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

/** Spread, so that the browsers do not march in step. */
function spread (milliseconds: number): number {
  return milliseconds * (0.5 + Math.random())
}
