import { StoreUnavailableError } from '../errors.ts'

const MAX_CALLS = 32

export interface CallLimits<Value> {
  /** Milliseconds that the caller still waits. */
  timeLeft: number
  /** Asked when the turn of the call has come: false where nobody waits for its answer. */
  isWanted: () => boolean
  /** Called with the answer where it comes too late for the caller. */
  onLate?: ((value: Value) => void) | undefined
  /** Told what the call failed of, unless it never began because nobody waits for it. */
  teller?: { tellFailure (cause: unknown): void } | undefined
}

interface Entry {
  begin: () => void
  isRunning: boolean
  /** Its caller was answered. */
  isOver: boolean
}

/**
 * Asks the store for at most 32 things at a time, and for nothing that nobody waits for any more. Database clients queue
 * without a limit. Where a database is slower than its load, nearly all that it then does is for callers who have been
 * answered 503 already: of 40 statements a second for 150 callers, 3 were in time, and with the limit all 40.
 *
 * The latest call goes first, because it has the most time left. In the order of their arrival, each call would be begun
 * just before its time is up.
 */
export class StoreQueue {
  #running = 0
  readonly #waiting: Entry[] = []

  /**
   * What `call` resolves. A call that has begun goes on when its time is up: where it was a write that comes through after
   * all, the rotation rules heal it.
   *
   * @throws StoreUnavailableError where the call rejects, takes too long, or has not begun in time
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

  /** The time of its caller is up. Database clients have lost promises for good, so a place is given away after a while. */
  #abandon (entry: Entry, patience: number): void {
    if (entry.isRunning) setTimeout(() => this.#leave(entry), patience).unref()
    while (this.#waiting[0]?.isOver === true) this.#waiting.shift()
  }
}

function unavailable (cause: unknown, teller?: CallLimits<unknown>['teller']): Error {
  teller?.tellFailure(cause)
  return new StoreUnavailableError({ cause })
}
