const PAUSE = 3000 // ms

/**
 * Detects when an unavailable server is available again.
 *
 * @param {() => Promise<unknown>} ask sends a request. The page reports its result with `begin` and `end`.
 * @param {() => void} onEnd
 */
export function createOutage (ask, onEnd) {
  let timer

  return {
    isOn: () => timer !== undefined,

    begin () {
      timer ??= setInterval(() => ask().catch(() => {}), PAUSE)
    },

    end () {
      if (timer === undefined) return
      clearInterval(timer)
      timer = undefined
      onEnd()
    }
  }
}
