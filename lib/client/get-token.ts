import { abortable } from './abortable.ts'
import { readClaims, timeLeft } from './access-token.ts'
import type { Addresses } from './addresses.ts'
import type { Renewal } from './renewal.ts'
import type { State } from './state.ts'
import type { AuthClient, GetTokenOptions } from './types.ts'

// Of a token's lifetime: even a new token might not be valid for longer.
const LARGEST_SHARE = 0.9

/** Returns an access token that is currently valid, for the URL to which it will be sent. */
export function createGetToken (state: State, addresses: Addresses, renewal: Renewal): AuthClient['getToken'] {
  return async function getToken (options: GetTokenOptions = {}) {
    const { url, rejected, force, signal } = options
    if (url !== undefined) {
      const target = addresses.locate(url)
      if (!addresses.isTrusted(target)) return null
      if (addresses.usesCookie(target)) {
        // A login waits for a refresh in progress, whose late response could overwrite the cookie that the login sets.
        await abortable(renewal.idle(), signal)
        return null
      }
    }

    const user = rejected ? readClaims(rejected).sub : state.token?.claims.sub
    const before = state.snapshot
    if (force) await abortable(renewal.renewNow(), signal)
    else if (before.status !== 'signed-out' && !isGood(options)) {
      await abortable(renewal.renew(Boolean(rejected)), signal)
      if (state.snapshot === before) return null
    }
    // An action of Alice must not be carried out in Bob's name.
    if (user && state.token && state.token.claims.sub !== user) {
      throw new Error('Another user has signed in meanwhile, so the request was not sent')
    }
    return state.token?.accessToken ?? null
  }

  function isGood ({ minValidity, rejected }: GetTokenOptions): boolean {
    const { token } = state
    if (!token || token.accessToken === rejected) return false
    const needed = minValidity ?? Math.min(5, token.expiresIn / 4)
    return timeLeft(token) > 1000 * Math.min(needed, token.expiresIn * LARGEST_SHARE)
  }
}
