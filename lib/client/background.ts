import type { Page, PageEvent } from './page.ts'
import type { Renewal } from './renewal.ts'
import type { State } from './state.ts'

// The clock is looked at each second: so a laptop that was asleep, a clock that was set, and lifetimes beyond the 24.8 days
// of the longest timer need no code of their own.
const INTERVAL = 1000 // ms

const EVENTS = ['visibilitychange', 'pageshow', 'online']

/**
 * Refreshes before anybody has to wait for it: while the tab is visible, or always.
 *
 * @returns stops it; undefined where there is nothing to stop
 */
export function startBackground (page: Page, autoRefresh: boolean | 'always', state: State, renewal: Renewal): (() => void) | undefined {
  if (!autoRefresh) return undefined

  function check (event?: PageEvent): void {
    const isAllowed = autoRefresh === 'always' || page.document.visibilityState === 'visible'
    if (isAllowed && isDue(state, event)) renewal.renewInBackground()
  }

  const timer = page.setInterval(check, INTERVAL)
  // Captured, since the document's own events need not bubble up to the window.
  for (const type of EVENTS) page.addEventListener(type, check, true)
  return () => {
    page.clearInterval(timer)
    for (const type of EVENTS) page.removeEventListener(type, check, true)
  }
}

function isDue (state: State, event: PageEvent | undefined): boolean {
  // A page from the back/forward cache has not heard what the other tabs have told meanwhile.
  if (event?.persisted) return true
  // The pause after a failure ends where there is a network again.
  if (event?.type === 'online' && state.snapshot.error && state.allowExtra()) return true
  return state.refreshAt <= Date.now()
}
