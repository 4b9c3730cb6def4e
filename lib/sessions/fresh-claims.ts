import type { AnyRequest } from '../../types/requests.ts'
import type { Session, SessionClaims } from '../../types/session.ts'
import type { Config } from '../config.ts'
import { askHost } from './ask-host.ts'
import { copyClaims } from './claims.ts'
import type { GuardedStore } from './guarded-store.ts'

/**
 * The claims for a refreshed access token, or null if the host wants the session to end.
 *
 * @param store the store whose time limit applies to `claims`, too
 * @throws what `askHost` throws, and TypeError for claims of another subject or with reserved names
 */
export type FreshClaims = (session: Session, request: AnyRequest, store: GuardedStore) => Promise<SessionClaims | null>

export function createFreshClaims ({ claims: hostClaims }: Config): FreshClaims {
  if (hostClaims === undefined) return async (session) => session.claims

  return async function freshClaims (session, request, store) {
    const { subject } = session
    const claims = await askHost(store, () => hostClaims(session, request))
    if (claims === null || claims === undefined) return null // a lookup that found nobody
    const copy = copyClaims('claims', claims)
    if (copy.sub === subject) return copy
    throw new TypeError('claims: "sub" is not the subject of the session')
  }
}
