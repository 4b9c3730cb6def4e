import { AuthUnavailableError, isSessionOver } from './errors.ts'
import type { Exclusively } from './lock.ts'
import { requestToken } from './requests.ts'
import type { Session } from './session.ts'
import type { State } from './state.ts'
import type { Tabs } from './tabs.ts'
import type { Transport } from './transport.ts'
import type { AuthSnapshot } from './types.ts'

/** Makes one refresh at a time, which all callers share. */
export interface Renewal {
  /**
   * Resolves when the state is up to date, through a refresh of this tab or a message from another one.
   *
   * @throws AuthUnavailableError
   */
  readonly renewNow: () => Promise<void>
  /**
   * Does the same, but during the pause after a failure it throws the error of that failure.
   *
   * @param isExtra whether the token is not due yet: such a refresh is skipped if there were too many of them recently
   */
  readonly renew: (isExtra?: boolean) => Promise<void>
  /** Like `renewNow`, but does not throw: a failure is reported in the snapshot. */
  readonly renewInBackground: () => void
  /** Starts another refresh after the one in progress, during which another session may have begun. */
  readonly renewAgain: () => void
  /** Resolves when no refresh is in progress, whether the last one succeeded or not. */
  readonly idle: () => Promise<void>
}

export function createRenewal (state: State, session: Session, tabs: Tabs, exclusively: Exclusively, post: Transport): Renewal {
  let running: Promise<void> | null = null

  function start (): Promise<void> {
    const asked = state.snapshot
    const done = exclusively((waited) => refresh(asked, waited)).finally(() => {
      if (running === done) running = null
    })
    return done
  }

  /** @param asked the snapshot when the refresh was requested: if it has changed since, there is nothing left to do */
  async function refresh (asked: AuthSnapshot, waited: boolean): Promise<void> {
    if (waited && state.snapshot === asked) await tabs.nextMessage()
    if (state.snapshot !== asked) return
    // If the user has signed in or out since the request was sent, its response is ignored.
    try {
      const token = await requestToken(post)
      if (state.snapshot === asked) session.begin('refreshed', token)
    } catch (error) {
      if (state.snapshot !== asked) return
      if (isSessionOver(error)) return session.end()
      if (error instanceof AuthUnavailableError) state.fail(error)
      throw error
    }
  }

  async function renewNow (): Promise<void> {
    running ??= start()
    await running
  }

  function renewInBackground (): void {
    renewNow().catch(() => {})
  }

  return {
    async renew (isExtra) {
      if (!running) {
        const { error } = state.snapshot
        const secondsLeft = (state.refreshAt - Date.now()) / 1000
        if (error && secondsLeft > 0) {
          error.retryAfter = secondsLeft
          throw error
        }
        if (isExtra && !state.allowExtra()) return
      }
      await renewNow()
    },
    renewNow,
    renewInBackground,
    renewAgain () {
      running = null
      renewInBackground()
    },
    async idle () {
      await Promise.allSettled([running])
    }
  }
}
