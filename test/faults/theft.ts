import { setTimeout as sleep } from 'node:timers/promises'
import { Browser, type Surroundings } from './browser.ts'
import { Tally } from './tally.ts'

const PATIENCE = 60_000 // ms; only an undetected thief takes this long, or a machine without free CPU time
const LOOK_EVERY = 5 // ms

/** The stolen token: `live`, the token that the victim will use next, or `old`, one whose successor has already been used. */
export type Booty = 'live' | 'old'

export interface Theft {
  booty: Booty
  /** The session has ended for both. */
  isFound: boolean
  /** The number of new tokens that the thief received, and those of the victim since the thief's first successful refresh. */
  thief: number
  victim: number
}

/** The thief and the victim both keep refreshing until the session has ended for both. */
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
