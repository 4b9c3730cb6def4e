import { abortable } from './abortable.ts'
import { readClaims, timeLeft } from './access-token.ts'
import type { Addresses } from './addresses.ts'
import type { Renewal } from './renewal.ts'
import type { State } from './state.ts'
import type { AuthClient, GetTokenOptions } from './types.ts'

/** An access token that is good now, for the URL that it is to be sent to. */
export function createGetToken (state: State, addresses: Addresses, renewal: Renewal): AuthClient['getToken'] {
  return async function getToken (options: GetTokenOptions = {}) {
    const { url, rejected, force, signal } = options
    if (url !== undefined) {
      const target = addresses.locate(url)
      if (!addresses.isTrusted(target)) return null
      if (addresses.usesCookie(target)) {
        // A login waits: the late answer to a refresh could take away the cookie that the login sets.
        await abortable(renewal.idle(), signal)
        return null
      }
    }

    const user = rejected ? readClaims(rejected).sub : state.token?.claims.sub
    if (force) await abortable(renewal.renewNow(), signal)
    else if (state.snapshot.status !== 'signed-out' && !isGood(options)) await abortable(renewal.renew(), signal)
    // What Alice has clicked must not happen in Bob's name.
    if (user && state.token && state.token.claims.sub !== user) {
      throw new Error('Another user has signed in meanwhile, so the request was not sent')
    }
    return state.token?.accessToken ?? null
  }

  function isGood ({ minValidity, rejected }: GetTokenOptions): boolean {
    const { token } = state
    if (!token || token.accessToken === rejected) return false
    return timeLeft(token) > 1000 * (minValidity ?? Math.min(5, token.expiresIn / 4))
  }
}
