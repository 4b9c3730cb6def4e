import type { Settings } from './options.ts'
import type { Page, PageEvent } from './page.ts'
import type { Renewal } from './renewal.ts'
import type { State } from './state.ts'
import type { Tabs } from './tabs.ts'

// The clock is checked every second, so a laptop that was asleep, a clock that was changed, and lifetimes beyond the 24.8 days of
// the longest timer need no special code.
const INTERVAL = 1000 // ms

const EVENTS = ['visibilitychange', 'pageshow', 'online']
const ACTIVITY = ['pointerdown', 'pointermove', 'keydown', 'touchstart', 'wheel']

export interface Background {
  /** Called when the user is active in another tab. */
  readonly noteActivity: () => void
  readonly stop: () => void
}

/**
 * Refreshes ahead of time, so that no request has to wait: while the tab is visible, or always, and while the user is active.
 *
 * @returns undefined if background refreshes are off
 */
export function startBackground (page: Page, { autoRefresh, idleAfter }: Settings, state: State, renewal: Renewal, tabs: Tabs): Background | undefined {
  if (!autoRefresh) return undefined

  let activeAt = Date.now()
  const types = idleAfter < Infinity ? [...EVENTS, ...ACTIVITY] : EVENTS

  function noteActivity (): void {
    activeAt = Date.now()
  }

  function check (event?: PageEvent): void {
    const inactive = Date.now() - activeAt
    if (event && ACTIVITY.includes(event.type)) {
      if (inactive >= INTERVAL) tabs.tell('active')
      return noteActivity()
    }
    const isSeen = autoRefresh === 'always' || page.document.visibilityState === 'visible'
    if (isSeen && inactive <= idleAfter * 1000 && isDue(state, event)) renewal.renewInBackground()
  }

  const timer = page.setInterval(check, INTERVAL)
  // Captured, since events of the document may not bubble up to the window.
  for (const type of types) page.addEventListener(type, check, true)
  return {
    noteActivity,
    stop () {
      page.clearInterval(timer)
      for (const type of types) page.removeEventListener(type, check, true)
    }
  }
}

function isDue (state: State, event: PageEvent | undefined): boolean {
  // A page from the back/forward cache has missed the messages of other tabs.
  if (event?.persisted) return true
  // When the network is back, the pause after a failure ends.
  if (event?.type === 'online' && state.snapshot.error && state.allowExtra()) return true
  return state.refreshAt <= Date.now()
}
