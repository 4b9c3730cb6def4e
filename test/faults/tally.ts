import type { Answer } from './http.ts'

/** Counts the results of the requests during one fault. */
export class Tally {
  refreshes = 0
  unavailable = 0
  slowest503 = 0
  /** When the first and the last 503 were received. */
  first503 = 0
  last503 = 0
  /** Responses with 503 that changed the cookie or had no Retry-After. */
  bad503 = 0
  lostConnections = 0
  hangs = 0
  readonly falseLogouts: string[] = []
  /** Responses other than 200, 403 and 503. */
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

  /** The response time, in milliseconds, that this share of the requests did not exceed. */
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
