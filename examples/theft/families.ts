import type { Token } from './token.ts'

export type Player = 'victim' | 'thief'

/** An event in the life of a session, as displayed on the page. */
export interface Step {
  /** Milliseconds since the epoch, by the demo's clock. */
  at: number
  action: 'login' | 'register' | 'refresh' | 'copy' | 'wait' | 'lose'
  /** null if time has passed or if the store has lost a write. */
  player: Player | null
  /** The token that was presented or copied. */
  token?: string
  /** The token that was issued. */
  issued?: string
  /** The rule by which it was accepted or refused. */
  rule?: string
  /** The response that the player received. */
  status?: number
  code?: string
}

/** All refresh tokens that descend from one login, and their history. */
export interface Family {
  tokens: Array<Token & { holders: Player[] }>
  steps: Step[]
}

export interface Families {
  find (sessionId: string): Family | null
  /** Records a step, and who received a token by it. */
  add (sessionId: string, step: Step, token?: Token | null): void
}

const KEPT = 50

/** Keeps the families of the latest logins. */
export function createFamilies (): Families {
  const families = new Map<string, Family>()

  function familyOf (sessionId: string): Family {
    const known = families.get(sessionId)
    if (known !== undefined) return known
    const [oldest] = families.keys()
    if (oldest !== undefined && families.size === KEPT) families.delete(oldest)
    const family: Family = { tokens: [], steps: [] }
    families.set(sessionId, family)
    return family
  }

  return {
    find: (sessionId) => families.get(sessionId) ?? null,
    add (sessionId, step, token = null) {
      const { tokens, steps } = familyOf(sessionId)
      const { player } = step
      steps.push(step)
      if (token === null || player === null) return
      const known = tokens.find(({ id }) => id === token.id)
      if (known === undefined) tokens.push({ ...token, holders: [player] })
      else if (!known.holders.includes(player)) known.holders.push(player)
    }
  }
}
