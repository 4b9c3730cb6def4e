import { setTimeout as sleep } from 'node:timers/promises'
import { Browser, type Surroundings } from './browser.ts'
import { Tally } from './tally.ts'

const PATIENCE = 60_000 // ms; only a thief who is not found takes so long, or a starved machine
const LOOK_EVERY = 5 // ms

/** A thief's copy is `live`, the token that its victim will use next, or `old`, one that was replaced and used since. */
export type Booty = 'live' | 'old'

export interface Theft {
  booty: Booty
  /** The session was ended for both. */
  isFound: boolean
  /** How many new tokens each was given until then: the thief from the start, the victim once the thief was let in. */
  thief: number
  victim: number
}

/** A thief uses what it stole again and again, beside its victim, until the session has ended for both. */
export async function steal (victim: Browser, booty: Booty, { fleet, connections }: Surroundings): Promise<Theft> {
  victim.isRobbed = true
  const copy = (booty === 'live' ? victim.cookie : victim.oldToken) as string
  const thief = new Browser(victim.kind, { fleet, connections, tally: new Tally() }, copy)
  thief.isRobbed = true
  thief.countFrom = 0
  const thieving = thief.run()

  const deadline = performance.now() + PATIENCE
  while ((thief.isLoggedIn || victim.isLoggedIn) && performance.now() < deadline) {
    if (thief.lastRefresh > 0 && victim.countFrom === Infinity) victim.countFrom = performance.now()
    await sleep(LOOK_EVERY)
  }
  const isFound = !thief.isLoggedIn && !victim.isLoggedIn
  thief.close()
  await thieving
  return { booty, isFound, thief: thief.renewals, victim: victim.renewals }
}
