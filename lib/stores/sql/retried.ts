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

interface Failure {
  code?: unknown
  originalCode?: unknown
  cause?: unknown
  original?: unknown
  meta?: { driverAdapterError?: unknown }
}

/** An ORM's error has the driver's error as its cause, Sequelize's as `original`, and Prisma's in `meta`, with its code as `originalCode`. */
function codesOf (error: unknown): unknown[] {
  const { code, originalCode, cause, original, meta } = (error ?? {}) as Failure
  const inner = cause ?? original ?? meta?.driverAdapterError
  return inner === undefined ? [code, originalCode] : [code, originalCode, ...codesOf(inner)]
}
