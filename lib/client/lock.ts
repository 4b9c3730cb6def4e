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
 * Between tabs, Web Locks save requests; nothing depends on them. So a tab that was frozen while it held the lock does not
 * stop the others for longer than `timeout`, in ms, and no lock is ever stolen.
 */
export function createLock (name: string, timeout: number, locks: Locks | undefined): Exclusively {
  let last: Promise<void> = Promise.resolve()

  return function exclusively (task) {
    const done = last.then(() => locks ? runLocked(locks, name, timeout, task) : task(false))
    last = done.catch(() => {})
    return done
  }
}

async function runLocked (locks: Locks, name: string, timeout: number, task: Task): Promise<void> {
  let running: Promise<void> | undefined
  const runOnce = (waited: boolean): Promise<void> => {
    running ??= task(waited)
    return running
  }
  try {
    await locks.request(name, { ifAvailable: true }, (lock) => lock && runOnce(false))
    if (!running) await locks.request(name, { signal: AbortSignal.timeout(timeout) }, () => runOnce(true))
  } catch {
    // The lock was not granted in time, or locks are denied to this page (a sandboxed frame), or the task has failed.
  }
  // Without the lock if need be. A task that has run already is not run again: this is its outcome.
  await runOnce(false)
}
