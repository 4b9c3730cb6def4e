import { hash } from 'node:crypto'

const MOST = 100_000 // proofs in each of the two sets; 20 MB at worst

/**
 * The proofs that this process has accepted, so that none is accepted twice while it is fresh. Bounded: when there are too many, the
 * oldest are forgotten early. Other processes do not know them; only nonces make a proof's life short everywhere.
 */
export interface SeenProofs {
  /** Whether it is the first proof of that key with that id. */
  isFirst (jkt: string, jti: string): boolean
}

/** @param life milliseconds: how long a proof must be remembered */
export function createSeenProofs (life: number, now: () => number, most: number = MOST): SeenProofs {
  // Two sets take turns: each proof stays in one of them for one life at least and two at most, and none has to be looked for to expire.
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
