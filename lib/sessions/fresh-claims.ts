import type { AnyRequest } from '../../types/requests.ts'
import type { Session, SessionClaims } from '../../types/session.ts'
import type { Config } from '../config.ts'
import { StoreUnavailableError } from '../errors.ts'
import { copyClaims } from './claims.ts'
import { withDeadline } from './deadline.ts'
import type { GuardedStore } from './guarded-store.ts'

/**
 * The claims for a refreshed access token, or null where the host wants the session ended.
 *
 * @param store the store whose time limit applies to `claims`, too
 * @throws what the host's `claims` throws if that has a `statusCode` of its own, otherwise StoreUnavailableError
 *   or takes too long, TypeError for claims of another subject or with reserved names
 */
export type FreshClaims = (session: Session, request: AnyRequest, store: GuardedStore) => Promise<SessionClaims | null>

export function createFreshClaims ({ claims: hostClaims }: Config): FreshClaims {
  if (hostClaims === undefined) return async (session) => session.claims

  return async function freshClaims (session, request, store) {
    const { subject } = session
    const claims = await withDeadline(store.timeLeft, async () => await hostClaims(session, request))
      .catch((cause: unknown) => { throw toError(cause, store) })
    if (claims === null || claims === undefined) return null // a lookup that found nobody
    const copy = copyClaims('claims', claims)
    if (copy.sub === subject) return copy
    throw new TypeError('claims: "sub" is not the subject of the session')
  }
}

function toError (cause: unknown, store: GuardedStore): unknown {
  if (typeof (cause as { statusCode?: unknown } | null | undefined)?.statusCode === 'number') return cause
  store.tellFailure(cause)
  // The host's database may be down: a client that gets a 503 tries again, one that gets a 500 logs its user out.
  return new StoreUnavailableError({ cause })
}
