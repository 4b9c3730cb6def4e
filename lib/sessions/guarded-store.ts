import type { Session, TokenStore } from '../../types/session.ts'
import { StoreUnavailableError } from '../errors.ts'
import { withDeadline } from './deadline.ts'

/** A TokenStore of which every failure and every hang is a StoreUnavailableError (503), so that no one takes it for "not there". */
export type GuardedStore = Omit<TokenStore, 'useClock' | 'close'>

/** @param timeout milliseconds */
export function guardStore (store: TokenStore, timeout: number): GuardedStore {
  function guard<Value> (call: () => Promise<Value>): Promise<Value> {
    return withDeadline(timeout, call, unavailable)
  }

  return {
    create: (session) => guard(async () => await store.create(session)),
    find: (id) => guard(async () => orNull(await store.find(id))),
    rotate: (id, expected, next, now) => guard(async () => orNull(await store.rotate(id, expected, next, now))),
    delete: (id, expected) => guard(async () => await store.delete(id, expected)),
    list: (subject) => guard(async () => demandArray(await store.list(subject))),
    deleteAll: (subject, exceptId) => guard(async () => await store.deleteAll(subject, exceptId))
  }
}

function unavailable (cause: unknown): Error {
  return new StoreUnavailableError({ cause })
}

/** A custom store may say "not there" with undefined. */
function orNull (answer: Session | null): Session | null {
  return answer ?? null
}

/** A custom store that forgets to return its rows is a store that failed: "no sessions" would be a lie. */
function demandArray (answer: Session[]): Session[] {
  if (Array.isArray(answer)) return answer
  throw new TypeError('list of the store answered with no array')
}
