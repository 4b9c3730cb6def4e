import type { AccessTokenClaims } from '../../types/claims.ts'
import type { AnyRequest } from '../../types/requests.ts'
import type { Session } from '../../types/session.ts'
import { AccessTokenMissingError, SessionEndedError } from '../errors.ts'
import type { GuardedStore, OpenStore } from '../sessions/guarded-store.ts'
import { findAlive } from '../sessions/alive.ts'
import type { AnyReply, Hook } from './hooks.ts'
import type { Refuse } from './refusals.ts'
import { challenged, orRetryLater } from './replies.ts'
import type { VerifiedClaims } from './verified-claims.ts'

/**
 * The session of verified claims, if it is still alive. Fails closed.
 *
 * @throws SessionEndedError, StoreUnavailableError
 */
export type DemandAlive = (request: AnyRequest, reply: AnyReply, store: GuardedStore, claims: AccessTokenClaims) => Promise<Session>

export function createDemandAlive (now: () => number, refuse: Refuse): DemandAlive {
  return async function demandAlive (request, reply, store, { sub: subject, sid: sessionId }) {
    const session = await orRetryLater(reply, findAlive(store, sessionId, subject, now()))
    if (session === null) throw challenged(reply, refuse(request, 'session', 'revoked', new SessionEndedError(), { sessionId, subject }))
    return session
  }
}

/**
 * The claims of a request whose session is still alive. Fails closed.
 *
 * @throws AccessTokenMissingError, SessionEndedError, StoreUnavailableError
 */
export type DemandSession = (request: AnyRequest, reply: AnyReply, store: GuardedStore) => Promise<AccessTokenClaims>

export function createDemandSession (verifiedClaims: VerifiedClaims, demandAlive: DemandAlive): DemandSession {
  return async function demandSession (request, reply, store) {
    const claims = verifiedClaims.get(request)
    // If authenticate did not run before, it is not known whose session to look up.
    if (claims === null) throw challenged(reply, new AccessTokenMissingError())
    await demandAlive(request, reply, store, claims)
    return claims
  }
}

/** The hook after `authenticate` on sensitive routes: it detects that an access token has outlived its session. */
export function createRequireSession (demandSession: DemandSession, openStore: OpenStore): Hook {
  return async function requireSession (request, reply) {
    await demandSession(request, reply, openStore('session', request))
  }
}
