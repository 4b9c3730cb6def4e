import type { Answer } from './http.ts'

/** What came of the requests while one fault went on. */
export class Tally {
  refreshes = 0
  unavailable = 0
  slowest503 = 0
  /** When the first and the last 503 came. */
  first503 = 0
  last503 = 0
  /** 503 that took the cookie or forgot to say when to come back. */
  bad503 = 0
  lostConnections = 0
  hangs = 0
  readonly falseLogouts: string[] = []
  /** Neither 200, 503 nor a log-out: a 500, say. */
  readonly errors: string[] = []
  recovered = 0
  readonly #times: number[] = []

  answered (answer: Answer, isRobbed: boolean): void {
    const { status, took } = answer
    this.#times.push(took)
    if (status === 200) this.refreshes++
    else if (status === 503) this.#unavailable(answer)
    else if (status !== 403) this.errors.push(`${status} ${answer.body}`)
    else if (!isRobbed) this.falseLogouts.push(`${status} ${answer.body}`)
  }

  lost (isHang: boolean): void {
    if (isHang) this.hangs++
    else this.lostConnections++
  }

  /** Milliseconds within which that share of the answers came. */
  percentile (share: number): number {
    const sorted = this.#times.toSorted((a, b) => a - b)
    return sorted[Math.ceil(sorted.length * share) - 1] ?? 0
  }

  #unavailable ({ took, cookie, retryAfter }: Answer): void {
    this.unavailable++
    this.last503 = performance.now()
    this.first503 ||= this.last503
    this.slowest503 = Math.max(this.slowest503, took)
    if (cookie !== undefined || retryAfter === undefined) this.bad503++
  }
}
