import { toMilliseconds } from '../checks/durations.ts'
import { show } from '../checks/fields.ts'
import { InvalidOptionError } from '../errors.ts'

const TEN_DAYS = 864_000_000 // a timer of more than 24 days fires at once

/**
 * @returns milliseconds
 * @throws TypeError for less than a millisecond or more than ten days.
 */
export function checkSweepInterval (owner: string, value: number | string = 10): number {
  const milliseconds = toMilliseconds(`${owner}.sweepInterval`, value)
  if (milliseconds >= 1 && milliseconds <= TEN_DAYS) return milliseconds
  throw new InvalidOptionError(`${owner}.sweepInterval is ${show(value)}: give between a millisecond and ten days`)
}

/**
 * Sweeps again and again without keeping the process alive, after 0.5 to 1.5 of the interval each time:
 * processes that started together shall not load a database together.
 * @param interval milliseconds
 * @returns stops it, for good
 */
export function startSweeping (sweep: () => unknown, interval: number): () => void {
  let stopped = false
  let timer = schedule()

  function schedule (): NodeJS.Timeout {
    return setTimeout(tick, interval * (0.5 + Math.random())).unref()
  }

  async function tick (): Promise<void> {
    try {
      await sweep()
    } catch {
      // The database is away. Nobody waits for a sweep, and the next one does what this one left.
    }
    if (!stopped) timer = schedule()
  }

  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
