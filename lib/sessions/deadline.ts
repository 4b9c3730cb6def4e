/**
 * Settles as `call` does, or rejects when the time is up. A late result is ignored: if it is a write that succeeds after all, the
 * rotation rules tolerate it.
 *
 * @param milliseconds how long it may take
 * @param call an async function, so that errors that a host's code throws synchronously are rejections, too
 * @throws DeadlineError, and what `call` rejects with
 */
export function withDeadline<Value> (milliseconds: number, call: () => Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(milliseconds)), milliseconds)
    call().then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (cause) => {
        clearTimeout(timer)
        reject(cause)
      })
  })
}

export class DeadlineError extends Error {
  constructor (milliseconds: number) {
    super(`no answer within ${Math.round(milliseconds)} ms`)
  }
}
