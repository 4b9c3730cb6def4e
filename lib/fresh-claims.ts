import type { AnyRequest } from '../types/decorators.ts'
import type { Session, SessionClaims } from '../types/session.ts'
import { copyClaims } from './claims.ts'
import type { Config } from './config.ts'
import { withDeadline } from './deadline.ts'
import { StoreUnavailableError } from './errors.ts'

/**
 * The claims for a refreshed access token, or null where the host wants the session ended.
 *
 * @throws what the host's `claims` throws where that has a status of its own, StoreUnavailableError where it has none
 *   or takes too long, TypeError for claims of another subject or with reserved names
 */
export type FreshClaims = (session: Session, request: AnyRequest) => Promise<SessionClaims | null>

export function createFreshClaims ({ claims: hostClaims, storeTimeout }: Config): FreshClaims {
  if (hostClaims === undefined) return async (session) => session.claims

  return async function freshClaims (session, request) {
    const { subject } = session
    const claims = await ask(async () => await hostClaims(session, request), storeTimeout)
    if (claims === null) return null
    const copy = copyClaims('claims', claims)
    if (copy.sub === subject) return copy
    throw new TypeError('claims: "sub" is not the subject of the session')
  }
}

async function ask<Answer> (call: () => Promise<Answer>, timeout: number): Promise<Answer> {
  try {
    return await withDeadline(timeout, call())
  } catch (error) {
    if (typeof (error as { statusCode?: unknown } | null | undefined)?.statusCode === 'number') throw error
    // The host's database was away, say: a client that hears 503 tries again, one that hears 500 logs its user out.
    throw new StoreUnavailableError({ cause: error })
  }
}
