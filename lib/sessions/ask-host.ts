import { StoreUnavailableError } from '../errors.ts'
import { withDeadline } from './deadline.ts'
import type { GuardedStore } from './guarded-store.ts'

/**
 * Calls a function of the host and returns its result.
 *
 * @param store the store whose time limit applies to the host, too
 * @throws the host's own error if it has a `statusCode`, otherwise StoreUnavailableError
 */
export async function askHost<Answer> (store: GuardedStore, ask: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await withDeadline(store.timeLeft, async () => await ask())
  } catch (cause) {
    if (typeof (cause as { statusCode?: unknown } | null | undefined)?.statusCode === 'number') throw cause
    store.tellFailure(cause)
    // The host's database may be down: a client that gets a 503 tries again, but one that gets a 500 logs its user out.
    throw new StoreUnavailableError({ cause })
  }
}
