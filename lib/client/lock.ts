import { inTime } from './in-time.ts'
import type { Locks } from './page.ts'

/**
 * A piece of work that only one tab does at a time.
 *
 * @param waited whether another tab has just done the like
 */
export type Task = (waited: boolean) => Promise<void>

/** Runs a task when the one before it has ended: here always, in other tabs where the browser has locks. */
export type Exclusively = (task: Task) => Promise<void>

/**
 * Between tabs, Web Locks save requests; nothing depends on them. So a tab that was frozen while it held the lock delays the
 * others once, for `timeout` seconds, and no lock is ever stolen.
 */
export function createLock (name: string, timeout: number, locks: Locks | undefined): Exclusively {
  let last: Promise<void> = Promise.resolve()

  async function runLocked (task: Task): Promise<void> {
    let running: Promise<void> | undefined
    const runOnce = (waited: boolean): Promise<void> => {
      running ??= task(waited)
      return running
    }
    try {
      await inTime(timeout, async (signal) => {
        await locks?.request(name, { ifAvailable: true }, (lock) => lock && runOnce(false))
        if (!running) await locks?.request(name, { signal }, () => runOnce(true))
      })
    } catch {
      // The lock was not granted in time, or locks are denied to this page (a sandboxed frame), or the task has failed.
    }
    // Locks that do not work are not waited for again.
    if (!running) locks = undefined
    // A task that has already run is not run again: this is its outcome.
    await runOnce(false)
  }

  return function exclusively (task) {
    const done = last.then(() => runLocked(task))
    last = done.catch(() => {})
    return done
  }
}
