import { MemoryStore } from '../../../index.ts'

/** Needs a process per size: a garbage collection visits all sessions, and would otherwise slow down the smaller store too. */
export async function open () {
  return {
    facts: {},
    async load (sessions) {
      const store = new MemoryStore({ maxSessions: Math.max(1000, 2 * sessions.size) })
      const before = usedMemory()
      for (let number = 0; number < sessions.size; number++) await store.create(JSON.parse(JSON.stringify(sessions.at(number))))
      return { store, bytes: (usedMemory() - before) / sessions.size }
    },
    async close () {}
  }
}

function usedMemory () {
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
