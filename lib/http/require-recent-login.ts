import type { Duration } from '../../types/tokens.ts'
import { DAY, toWholeSeconds } from '../checks/durations.ts'
import { AccessTokenMissingError, LoginTooOldError } from '../errors.ts'
import type { AnyReply, SyncHook } from './hooks.ts'
import { challenged } from './replies.ts'
import type { VerifiedClaims } from './verified-claims.ts'

/** Makes hooks that require a login within the last `maxAge` (RFC 9470, ASVS 5.0 7.5.2). */
export type RequireRecentLogin = (maxAge: Duration) => SyncHook

export function createRequireRecentLogin (verifiedClaims: VerifiedClaims, now: () => number): RequireRecentLogin {
  return function requireRecentLogin (maxAge) {
    if (typeof maxAge === 'object') throw new TypeError("requireRecentLogin makes a hook: call it with a duration, as in [app.authenticate, app.requireRecentLogin('10m')]")
    const seconds = toWholeSeconds('requireRecentLogin: maxAge', maxAge, DAY)

    function check (reply: AnyReply): Error | undefined {
      const claims = verifiedClaims.get(reply.request)
      // If authenticate did not run before, it is not known who must log in again.
      if (claims === null) return challenged(reply, new AccessTokenMissingError())
      const { auth_time: authTime } = claims
      if (authTime !== undefined && now() < (authTime + seconds) * 1000) return undefined
      return challenged(reply, new LoginTooOldError(), `, max_age=${seconds}`)
    }

    return function recentLogin (_request, reply, done) {
      const error = check(reply)
      if (done !== undefined) return done(error)
      if (error !== undefined) throw error
    }
  }
}
