/** The promise's outcome, or the signal's reason if that comes first. What the promise stands for goes on. */
export function abortable<Value> (promise: Promise<Value>, signal: AbortSignal | null | undefined): Promise<Value> {
  return new Promise((resolve, reject) => {
    promise.then(resolve, reject)
    if (signal?.aborted) reject(signal.reason)
    signal?.addEventListener('abort', () => reject(signal.reason))
  })
}
