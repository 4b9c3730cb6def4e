import type { Session, TokenStore } from '../types/session.ts'
import { withDeadline } from './deadline.ts'
import { StoreUnavailableError } from './errors.ts'

/** A TokenStore of which every failure and every hang is a StoreUnavailableError (503), so that no one takes it for "not there". */
export type GuardedStore = Omit<TokenStore, 'useClock' | 'close'>

/** @param timeout milliseconds */
export function guardStore (store: TokenStore, timeout: number): GuardedStore {
  async function guard<Value> (call: () => Promise<Value>): Promise<Value> {
    try {
      return await withDeadline(timeout, call)
    } catch (cause) {
      throw new StoreUnavailableError({ cause })
    }
  }
  // A custom store may say "not there" with undefined.
  const orNull = (call: () => Promise<Session | null>) => async (): Promise<Session | null> => await call() ?? null

  return {
    create: (session) => guard(() => store.create(session)),
    find: (id) => guard(orNull(() => store.find(id))),
    rotate: (id, expected, next, now) => guard(orNull(() => store.rotate(id, expected, next, now))),
    delete: (id, expected) => guard(() => store.delete(id, expected)),
    list: (subject) => guard(async () => demandArray(await store.list(subject))),
    deleteAll: (subject, exceptId) => guard(() => store.deleteAll(subject, exceptId))
  }
}

/** A custom store that forgets to return its rows is a store that failed: "no sessions" would be a lie. */
function demandArray (answer: Session[]): Session[] {
  if (Array.isArray(answer)) return answer
  throw new TypeError('list of the store answered with no array')
}
