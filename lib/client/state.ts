import type { AccessToken } from './access-token.ts'
import type { AuthUnavailableError } from './errors.ts'
import { unknownSnapshot } from './snapshot.ts'
import type { AuthSnapshot } from './types.ts'

/** Node.js has none. */
const platform = globalThis as { reportError?: (error: unknown) => void }

const LONGEST_PAUSE = 30 // seconds
const EXTRAS = 3
const EXTRAS_WINDOW = 30_000 // ms

interface Snapshot extends AuthSnapshot {
  readonly error: AuthUnavailableError | null
}

/** What this tab knows. It is changed by its methods only, and each change is told to the subscribers. */
export interface State {
  /** A new object at each change: whoever keeps the old one can tell whether anything has changed since. */
  readonly snapshot: Snapshot
  readonly token: AccessToken | null
  /** When the next refresh is due, in ms. After a failure the server is left alone until then. */
  readonly refreshAt: number
  /** @param isNew whether the user has signed in, rather than that the token was refreshed */
  readonly signIn: (token: AccessToken, isNew: boolean) => void
  readonly signOut: () => void
  /** A refresh has failed: the session stays as it was. The pause after it is doubled each time, or as long as the server says. */
  readonly fail: (error: AuthUnavailableError) => void
  /**
   * Whether another refresh is allowed although the token is not due: three are in half a minute. An unstable network, or an API
   * that refuses all of our tokens, must not cause endless refreshes.
   */
  readonly allowExtra: () => boolean
  readonly subscribe: (onChange: () => void) => () => void
}

/** @param leeway how long before its end a token is refreshed, in seconds */
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
    // Over a copy: a listener may subscribe again while it is called.
    for (const listener of [...listeners]) if (listeners.has(listener)) listener()
  }

  return {
    get snapshot () { return snapshot },
    get token () { return token },
    get refreshAt () { return refreshAt },

    signIn (next, isNew) {
      if (isNew) extras = 0
      const { claims, expiresAt, expiresIn } = next
      // Up to a quarter of the leeway later, by chance, so that tabs and users do not all ask at once.
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
