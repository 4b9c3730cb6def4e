import type { Locks, Page } from './page.ts'

/**
 * Runs a task when the one before it has ended, here or in another tab if that can be had. `waited` tells it that another
 * tab has just run one.
 */
export type Exclusively = (task: (waited: boolean) => Promise<void>) => Promise<void>

/**
 * Between tabs Web Locks save requests; nothing depends on them. So a tab that was frozen with the lock in its hand does not
 * stop the others for longer than `timeout`, in ms, and no lock is ever stolen.
 */
export function createLock (name: string, timeout: number, page: Page | undefined): Exclusively {
  const locks = page?.navigator.locks as Locks
  let last: Promise<unknown> = Promise.resolve()

  return function exclusively (task) {
    let running: Promise<void> | undefined
    const run = (waited: boolean): Promise<void> => (running ??= task(waited))
    const done = last.then(async () => {
      try {
        await locks.request(name, { ifAvailable: true }, (lock) => lock && run(false))
        await (running ?? locks.request(name, { signal: AbortSignal.timeout(timeout) }, () => run(true)))
      } catch {
        // There are no locks, or not in time, or not for a page like this one (a sandboxed frame); or the task has failed.
      }
      await run(false)
    })
    last = done.catch(() => {})
    return done
  }
}
