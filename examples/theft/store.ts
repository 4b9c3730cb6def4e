import { MemoryStore } from '../../index.ts'
import type { Session, TokenStore } from '../../index.ts'

export interface DemoStore extends TokenStore {
  /** Simulates a failover of a store that replicates asynchronously. Resolves to whether there was a write to lose. */
  loseLastWrite (id: string): Promise<boolean>
}

/** Like a MemoryStore, but without its warning at boot that sessions end with the process, which is fine for a demo. */
export function createDemoStore (now: () => number): DemoStore {
  const memory = new MemoryStore({ now })
  /** The record before the last rotation. */
  let before: Session | null = null
  return {
    create: (session) => memory.create(session),
    find: (id) => memory.find(id),
    async rotate (id, expected, next, now) {
      const session = await memory.find(id)
      const rotated = await memory.rotate(id, expected, next, now)
      if (rotated !== null) before = session
      return rotated
    },
    delete: (id, expected) => memory.delete(id, expected),
    list: (subject) => memory.list(subject),
    deleteAll: (subject, exceptId) => memory.deleteAll(subject, exceptId),
    sweep: () => memory.sweep(),
    async loseLastWrite (id) {
      const session = before
      if (session?.id !== id || !await memory.delete(id)) return false
      before = null
      await memory.create(session)
      return true
    }
  }
}
