import { MemoryStore } from '../../../index.ts'

/** One size a process: a garbage collection looks at all sessions, and would be charged to the smaller store as well. */
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
