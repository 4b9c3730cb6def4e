const PAUSE = 3000 // ms

/**
 * Notices when a server that did not answer is back.
 *
 * @param {() => Promise<unknown>} ask sends a request. The page says what became of it, by `begin` and `end`.
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
