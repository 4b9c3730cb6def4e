/** Settles as the promise does, or rejects with the signal's reason if that comes first. The promise's work goes on. */
export function abortable<Value> (promise: Promise<Value>, signal: AbortSignal | null | undefined): Promise<Value> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    // A signal may live as long as the page: its listener is removed when the promise has settled.
    const settled = new AbortController()
    promise.then(resolve, reject).finally(() => settled.abort())
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { signal: settled.signal })
  })
}
