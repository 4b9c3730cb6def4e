import { AuthUnavailableError, isSessionOver } from './errors.ts'
import type { Exclusively } from './lock.ts'
import { requestToken } from './requests.ts'
import type { Session } from './session.ts'
import type { State } from './state.ts'
import type { Tabs } from './tabs.ts'
import type { Transport } from './transport.ts'
import type { AuthSnapshot } from './types.ts'

/** One refresh at a time, for everybody who asks. */
export interface Renewal {
  /**
   * Resolves when the state is up to date, by a refresh of this tab or by what another one has told.
   *
   * @throws AuthUnavailableError
   */
  readonly renewNow: () => Promise<void>
  /**
   * The same, but during the pause after a failure it throws the error of that failure.
   *
   * @param isExtra a refresh although the token is not due: skipped if there were too many of them lately
   */
  readonly renew: (isExtra?: boolean) => Promise<void>
  /** As `renewNow`, for nobody in particular: a failure is in the snapshot. */
  readonly renewInBackground: () => void
  /** Another session may have begun while a refresh was under way: another refresh follows it. */
  readonly renewAgain: () => void
  /** Resolves when the refresh that is under way has ended, however it ends. */
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

  /** @param asked the snapshot when the refresh was asked for: once it has changed, there is nothing left to do */
  async function refresh (asked: AuthSnapshot, waited: boolean): Promise<void> {
    if (waited && state.snapshot === asked) await tabs.nextMessage()
    if (state.snapshot !== asked) return
    // An answer to a request from before a sign-in or sign-out says nothing after it.
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
