const LONGEST_TIMER = 2 ** 31 - 1 // ms; a longer one would fire at once

/**
 * Settles as the work does, or rejects with a TimeoutError even if the work ignores its signal. The signal uses its own timer,
 * because not every page has `AbortSignal.timeout`, which does not accept Infinity either.
 *
 * @param timeout in seconds
 */
export function inTime<Value> (timeout: number, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    const timer = setTimeout(() => {
      reject(Object.assign(new Error(`It took longer than ${timeout} seconds`), { name: 'TimeoutError' }))
      controller.abort()
    }, Math.min(timeout * 1000, LONGEST_TIMER))
    work(controller.signal).then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
