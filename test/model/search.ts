import { decode, encode } from './encoding.ts'
import { frameOf, movesOf } from './moves.ts'
import type { Move } from './moves.ts'
import { MANY } from './setting.ts'
import type { Setting, Stolen } from './setting.ts'
import { tell } from './story.ts'
import { afterLogin, beforeMove } from './world.ts'

export interface Finding {
  /** How many worlds were visited. */
  worlds: number
  /** The shortest path to a client that must log in again although there is no thief, or null if there is none. */
  logout: string[] | null
  /**
   * The number of refreshes by the victim after which a thief no longer gets a token, and its next attempt ends the session.
   * 0 if it never gets one. Infinity if it still gets tokens after `MANY` refreshes.
   */
  foundWithin: number
  /** The shortest path to the last token that the thief gets. */
  theft: string[] | null
  /** The shortest path to an old token that is accepted after its session has ended, or null if there is none. */
  revival: string[] | null
  /** The shortest path to a thief whose token is accepted although the session is bound, or null if there is none. */
  pierced: string[] | null
}

/**
 * Visits every reachable world, in breadth-first order.
 *
 * @param promised stops the search if a thief is not detected within this number of refreshes
 */
export function search (setting: Setting, promised = MANY): Finding {
  const frame = frameOf(setting)
  const start = encode(setting.moves ? beforeMove(frame, setting.losesCookies > 0) : afterLogin(frame, setting.losesCookies > 0, setting.registers))
  const cameFrom = new Map<string, string>([[start, '']])
  const finding: Finding = { worlds: 1, logout: null, foundWithin: 0, theft: null, revival: null, pierced: null }

  for (let frontier = [start], next: string[] = []; frontier.length > 0; frontier = next, next = []) {
    for (const text of frontier) {
      const world = decode(text)
      for (const move of movesOf(world, setting, frame)) {
        if (move.logsOut) return { ...finding, worlds: cameFrom.size, logout: story(text, move) }
        if (move.revives) return { ...finding, worlds: cameFrom.size, revival: story(text, move) }
        if (move.pierces) return { ...finding, worlds: cameFrom.size, pierced: story(text, move) }
        if (move.steals && world.refreshes + 1 > finding.foundWithin) {
          finding.foundWithin = world.refreshes + 1
          finding.theft = story(text, move)
          if (finding.foundWithin > promised) return { ...finding, worlds: cameFrom.size, foundWithin: finding.foundWithin > MANY ? Infinity : finding.foundWithin }
        }
        if (move.next === null) continue
        const reached = encode(move.next.world)
        if (cameFrom.has(reached)) continue
        cameFrom.set(reached, text)
        next.push(reached)
      }
    }
  }
  return { ...finding, worlds: cameFrom.size }

  function story (last: string, end: Move): string[] {
    const moves = [end]
    for (let to = last, from = cameFrom.get(to); from; to = from, from = cameFrom.get(to)) {
      const reached = to
      moves.push(movesOf(decode(from), setting, frame).find(({ next }) => next !== null && encode(next.world) === reached)!)
    }
    return tell(moves.reverse())
  }
}

/** `foundWithin` for each kind of stolen token. */
export function findThieves (setting: Setting): Record<Stolen, number> {
  const within = (thief: Stolen): number => search({ ...setting, thief }).foundWithin
  return { live: within('live'), 'just used': within('just used'), older: within('older') }
}
