import type { RunSql } from './query.ts'

const TRIES = 5

/** For statements that are each a transaction of their own: nothing was written, so the same statement can be tried again. */
export function retried (run: RunSql, transient: readonly unknown[]): RunSql {
  return async function retry (query) {
    for (let tries = 1; tries < TRIES; tries++) {
      try {
        return await run(query)
      } catch (error) {
        if (!codesOf(error).some((code) => transient.includes(code))) throw error
      }
    }
    return await run(query)
  }
}

/** An ORM's error has the driver's error as its cause. */
function codesOf (error: unknown): unknown[] {
  const { code, cause } = (error ?? {}) as { code?: unknown, cause?: unknown }
  return cause === undefined ? [code] : [code, ...codesOf(cause)]
}
