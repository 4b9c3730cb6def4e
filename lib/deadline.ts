/**
 * What `answer` settles to, or a rejection once the time is up. A late answer is dropped; where it was a write that came
 * through after all, the rotation rules heal it.
 *
 * @param milliseconds how long it may take
 */
export function withDeadline<Value> (milliseconds: number, answer: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(milliseconds)), milliseconds)
    answer.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      })
  })
}

export class DeadlineError extends Error {
  constructor (milliseconds: number) {
    super(`no answer within ${milliseconds} ms`)
  }
}
