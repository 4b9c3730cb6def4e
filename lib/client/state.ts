import type { AccessToken } from './access-token.ts'
import type { AuthUnavailableError } from './errors.ts'
import { unknownSnapshot } from './snapshot.ts'
import type { AuthSnapshot } from './types.ts'

/** Node.js does not have `reportError`. */
const platform = globalThis as { reportError?: (error: unknown) => void }

const LONGEST_PAUSE = 30 // seconds
const EXTRAS = 3
const EXTRAS_WINDOW = 30_000 // ms

interface Snapshot extends AuthSnapshot {
  readonly error: AuthUnavailableError | null
}

/** What this tab knows. Only its methods change it, and subscribers are notified of each change. */
export interface State {
  /** A new object after each change, so a caller that keeps the old one can detect changes. */
  readonly snapshot: Snapshot
  readonly token: AccessToken | null
  /** When the next refresh is due, in ms. After a failure, no requests are sent until then. */
  readonly refreshAt: number
  /** @param isNew whether the user has signed in; false after a refresh */
  readonly signIn: (token: AccessToken, isNew: boolean) => void
  readonly signOut: () => void
  /** Records a failed refresh, which does not end the session. The pause after it doubles each time, or is as long as the server says. */
  readonly fail: (error: AuthUnavailableError) => void
  /**
   * Whether another refresh is allowed although the token is not due: at most three in half a minute are. An unstable network, or an
   * API that refuses all tokens, must not cause endless refreshes.
   */
  readonly allowExtra: () => boolean
  readonly subscribe: (onChange: () => void) => () => void
}

/** @param leeway how long before its expiry a token is refreshed, in seconds */
export function createState (leeway: number): State {
  let snapshot: Snapshot = unknownSnapshot
  let token: AccessToken | null = null
  let refreshAt = Infinity
  let failures = 0
  let extras = 0
  let extrasSince = 0 // ms
  const listeners = new Set<() => void>()

  function publish (next: Snapshot): void {
    snapshot = next
    // Iterates over a copy, since a listener may subscribe again while it is called.
    for (const listener of [...listeners]) if (listeners.has(listener)) listener()
  }

  return {
    get snapshot () { return snapshot },
    get token () { return token },
    get refreshAt () { return refreshAt },

    signIn (next, isNew) {
      if (isNew) extras = 0
      const { claims, expiresAt, expiresIn } = next
      // Delayed at random by up to a quarter of the leeway, so that tabs and users do not all refresh at once.
      refreshAt = expiresAt - Math.min(leeway, expiresIn / 4) * 1000 * (1 - Math.random() / 4)
      token = next
      failures = 0
      publish({ status: 'signed-in', claims, expiresAt, error: null })
    },

    signOut () {
      refreshAt = Infinity
      token = null
      failures = 0
      publish({ ...unknownSnapshot, status: 'signed-out' })
    },

    fail (error) {
      const pause = Math.min(2 ** failures, LONGEST_PAUSE) * (1 - Math.random() / 2)
      error.retryAfter = Math.max(error.retryAfter, pause)
      refreshAt = Date.now() + error.retryAfter * 1000
      failures++
      publish({ ...snapshot, error })
    },

    allowExtra () {
      const now = Date.now()
      if (Math.abs(now - extrasSince) > EXTRAS_WINDOW) {
        extrasSince = now
        extras = 0
      }
      return extras++ < EXTRAS
    },

    subscribe (onChange) {
      // A separate function for each subscription, so that a listener that is added twice can be removed twice.
      const listener = (): void => {
        try {
          onChange()
        } catch (error) {
          platform.reportError?.(error)
        }
      }
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
}
