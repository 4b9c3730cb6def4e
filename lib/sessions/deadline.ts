/**
 * What `call` resolves, or a rejection once the time is up. A late answer is dropped; where it was a write that came
 * through after all, the rotation rules heal it.
 *
 * @param milliseconds how long it may take
 * @param call an async function, so that what a host's code throws at once is a rejection too
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
    super(`no answer within ${milliseconds} ms`)
  }
}
