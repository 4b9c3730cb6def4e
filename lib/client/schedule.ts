import type { Page, PageEvent } from './page.ts'

// So a laptop that was asleep, a clock that was set, and lives beyond the 24.8 days of the longest timer need no care.
const INTERVAL = 1000 // ms

/** Asks when a refresh that nobody asked for may be due: once a second, and when the page is shown or has a network again. */
export function createSchedule (page: Page, signal: AbortSignal, check: (event?: PageEvent) => void): void {
  const timer = page.setInterval(check, INTERVAL)
  signal.addEventListener('abort', () => page.clearInterval(timer))
  // Captured, since the document's own events need not come up to the window.
  for (const type of ['visibilitychange', 'pageshow', 'online']) page.addEventListener(type, check, { capture: true, signal })
}
