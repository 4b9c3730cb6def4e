import type { FastifyBaseLogger } from 'fastify'
import type { TokenStore } from '../../types/session.ts'

export interface Sweeper {
  start (): void
  /** Stops for good, without waiting for a sweep that is in progress. */
  stop (): void
}

/**
 * Repeatedly has the store remove expired sessions, without keeping the process alive. Each pause is 0.5 to 1.5 times the interval,
 * so that processes that started together do not load a database at the same time. It begins when the previous sweep has ended, so
 * that two sweeps never overlap.
 *
 * @param interval milliseconds
 */
export function createSweeper (store: TokenStore, interval: number, log: FastifyBaseLogger): Sweeper {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let failing = false

  function schedule (): void {
    timer = setTimeout(tick, interval * (0.5 + Math.random())).unref()
  }

  async function tick (): Promise<void> {
    try {
      await store.sweep?.()
      failing = false
    } catch (err) {
      complain(err)
    }
    if (!stopped) schedule()
  }

  /** One warning is enough while the database is unavailable: no user waits for a sweep, and the next one catches up. */
  function complain (err: unknown): void {
    if (stopped) return // the connections may be closed already
    log[failing ? 'debug' : 'warn']({ err }, 'the store could not remove expired sessions; the next sweep tries again')
    failing = true
  }

  return {
    start () {
      if (store.sweep !== undefined) schedule()
    },
    stop () {
      stopped = true
      clearTimeout(timer)
    }
  }
}
