import { StoreUnavailableError } from '../errors.ts'

const MAX_CALLS = 32

export interface CallLimits<Value> {
  /** For how many milliseconds the caller still waits. */
  timeLeft: number
  /** Checked when it is the call's turn: false if nobody waits for its answer. */
  isWanted: () => boolean
  /** Called with the answer if it comes too late for the caller. */
  onLate?: ((value: Value) => void) | undefined
  /** Called with the error of the call, unless it was never started because nobody waits for it. */
  teller?: { tellFailure (cause: unknown): void } | undefined
}

interface Entry {
  begin: () => void
  isRunning: boolean
  /** Whether its caller has got an answer. */
  isOver: boolean
}

/**
 * Makes at most 32 store calls at a time, and none that nobody waits for any more. Database clients queue calls without a limit. If
 * a database is slower than its load, nearly all of its work is then for callers that have already got a 503: of 40 statements per
 * second for 150 callers, 3 were in time without this limit, and all 40 with it.
 *
 * The latest call goes first, because it has the most time left. In the order of arrival, each call would start
 * just before its time is up.
 */
export class StoreQueue {
  #running = 0
  readonly #waiting: Entry[] = []

  /**
   * Resolves as `call` does. A call that has started continues when its time is up: if it is a write that succeeds after
   * all, the rotation rules tolerate it.
   *
   * @throws StoreUnavailableError if the call rejects, takes too long, or has not started in time
   */
  run<Value> (call: () => Promise<Value>, { timeLeft, isWanted, onLate, teller }: CallLimits<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const entry: Entry = { begin, isRunning: false, isOver: false }
      const timer = setTimeout(() => {
        entry.isOver = true
        reject(unavailable(new Error('no answer in time'), teller))
        this.#abandon(entry, timeLeft)
      }, timeLeft)
      const end = (): void => {
        clearTimeout(timer)
        this.#leave(entry)
      }
      const enter = (): void => {
        entry.isRunning = true
        this.#running++
      }

      function begin (): void {
        if (!isWanted()) {
          clearTimeout(timer)
          return reject(unavailable(new Error('the caller has gone')))
        }
        enter()
        call().then(
          (value) => {
            end()
            if (entry.isOver) onLate?.(value)
            else resolve(value)
          },
          (cause) => {
            end()
            reject(unavailable(cause, teller))
          })
      }

      this.#waiting.push(entry)
      this.#beginNext()
    })
  }

  #beginNext (): void {
    while (this.#running < MAX_CALLS) {
      const entry = this.#waiting.pop()
      if (entry === undefined) return
      if (!entry.isOver) entry.begin()
    }
  }

  #leave (entry: Entry): void {
    if (!entry.isRunning) return
    entry.isRunning = false
    this.#running--
    this.#beginNext()
  }

  /** The time of its caller is up. Database clients may never settle a promise, so its slot is freed after a while. */
  #abandon (entry: Entry, patience: number): void {
    if (entry.isRunning) setTimeout(() => this.#leave(entry), patience).unref()
    while (this.#waiting[0]?.isOver === true) this.#waiting.shift()
  }
}

function unavailable (cause: unknown, teller?: CallLimits<unknown>['teller']): Error {
  teller?.tellFailure(cause)
  return new StoreUnavailableError({ cause })
}
