import { inTime } from './in-time.ts'
import type { Locks } from './page.ts'

/**
 * Work that only one tab does at a time.
 *
 * @param waited whether another tab has just run such a task
 */
export type Task = (waited: boolean) => Promise<void>

/** Runs a task after the previous one has ended: always within this tab, and across tabs if the browser has locks. */
export type Exclusively = (task: Task) => Promise<void>

/**
 * Web Locks between tabs only save requests; correctness does not depend on them. So a tab that was frozen while it held the lock
 * delays the others only once, for `timeout` seconds, and no lock is ever stolen.
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
    // Do not wait again for locks that do not work.
    if (!running) locks = undefined
    // If the task has already run, this only returns its result.
    await runOnce(false)
  }

  return function exclusively (task) {
    const done = last.then(() => runLocked(task))
    last = done.catch(() => {})
    return done
  }
}
