/** The promise's outcome, or the signal's reason if that comes first. What the promise stands for goes on. */
export function abortable<Value> (promise: Promise<Value>, signal: AbortSignal | null | undefined): Promise<Value> {
  return new Promise((resolve, reject) => {
    // A signal may live as long as the page, and must not collect a listener a refresh.
    const settled = new AbortController()
    promise.then(resolve, reject).finally(() => settled.abort())
    if (signal?.aborted) reject(signal.reason)
    signal?.addEventListener('abort', () => reject(signal.reason), settled)
  })
}
