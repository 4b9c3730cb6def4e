/** Settles as the promise does, or rejects with the signal's reason if that comes first. The work itself is not stopped. */
export function abortable<Value> (promise: Promise<Value>, signal: AbortSignal | null | undefined): Promise<Value> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    // In React Native, signals have no `reason`.
    const abort = (): void => reject(signal.reason ?? new Error('The call was aborted'))
    // A signal may live as long as the page: its listener is removed when the promise has settled.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
  })
}
