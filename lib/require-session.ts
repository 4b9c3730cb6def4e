import type { Sessions } from '../types/decorators.ts'
import type { AccessTokens } from './access-token.ts'
import { AccessTokenMissingError, SessionEndedError } from './errors.ts'
import type { Hook } from './hooks.ts'
import { challenged, orRetryLater } from './replies.ts'

/** The hook behind `authenticate` on sensitive routes: an access token outlives its session, this notices. Fails closed. */
export function createRequireSession (accessTokens: AccessTokens, sessions: Sessions): Hook {
  return async function requireSession (request, reply) {
    const user: unknown = request.user
    // Without authenticate before it, or where the host has put another object there, nothing says whose session to ask for.
    if (!accessTokens.isOurs(user)) throw challenged(reply, new AccessTokenMissingError())
    const session = await orRetryLater(reply, sessions.find(user.sid))
    if (session?.subject !== user.sub) throw challenged(reply, new SessionEndedError())
  }
}
