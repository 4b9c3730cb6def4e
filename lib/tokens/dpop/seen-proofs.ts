import { hash } from 'node:crypto'

const MOST = 100_000 // proofs in each of the two sets; at most 20 MB

/**
 * Remembers the proofs that this process has accepted, so that none is accepted twice while it is fresh. The number is bounded: when
 * there are too many, the oldest are forgotten early. Other processes do not know these proofs; only nonces limit replays to all
 * processes.
 */
export interface SeenProofs {
  /** Whether this is the first proof by that key with that id. */
  isFirst (jkt: string, jti: string): boolean
}

/** @param life how long a proof must be remembered, in milliseconds */
export function createSeenProofs (life: number, now: () => number, most: number = MOST): SeenProofs {
  // Two sets take turns: each proof stays in one of them for at least one life and at most two, without a search for expired proofs.
  let recent = new Set<string>()
  let older = new Set<string>()
  let since = now()

  function takeTurns (): void {
    const age = now() - since
    if (age < life && recent.size < most) return
    older = age < 2 * life ? recent : new Set()
    recent = new Set()
    since = now()
  }

  return {
    isFirst (jkt, jti) {
      takeTurns()
      const id = hash('sha256', `${jkt}.${jti}`, 'base64url')
      if (recent.has(id) || older.has(id)) return false
      recent.add(id)
      return true
    }
  }
}
