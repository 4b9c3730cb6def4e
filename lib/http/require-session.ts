import type { Sessions } from '../../types/decorators.ts'
import { AccessTokenMissingError, SessionEndedError } from '../errors.ts'
import type { Hook } from './hooks.ts'
import { challenged, orRetryLater } from './replies.ts'
import type { VerifiedClaims } from './verified-claims.ts'

/** The hook behind `authenticate` on sensitive routes: an access token outlives its session, this notices. Fails closed. */
export function createRequireSession (verifiedClaims: VerifiedClaims, sessions: Sessions): Hook {
  return async function requireSession (request, reply) {
    const claims = verifiedClaims.get(request)
    // Without authenticate before it nothing says whose session to ask for.
    if (claims === null) throw challenged(reply, new AccessTokenMissingError())
    const session = await orRetryLater(reply, sessions.find(claims.sid))
    if (session?.subject !== claims.sub) throw challenged(reply, new SessionEndedError())
  }
}
