import { overlapOf, STORE_TIMEOUT, type Report } from './campaign.ts'
import type { Theft } from './theft.ts'

/**
 * A request can wait for the store twice: for the compare-and-set and, once that has returned, for the record. The rest is slack for
 * a busy machine; timeouts.test.ts has tighter limits.
 */
const SLOWEST_503 = 2 * STORE_TIMEOUT + 7_000 // ms
const ROUNDED_BY = 1_000 // ms; a token's time of issue is in whole seconds
const RESUMED_WITHIN = 60_000 // ms; on a busy machine, PostgreSQL is slow to accept all connections again
/** How many new tokens both the thief and the victim can receive. If one of them is idle, the other can receive more. */
const MAX_RENEWALS = 3

/** Lists the problems of a report; empty if there are none. */
export function problemsOf ({ client, fault, tally, thefts, resumed }: Report): string[] {
  const slowest = tally.percentile(1)
  const why = slowest < overlapOf(client) - ROUNDED_BY ? '' : `, where an answer took ${Math.round(slowest)} ms: the machine is too busy for this overlap`
  const problems = [...tally.falseLogouts.map((answer) => `logged out: ${answer}${why}`), ...tally.errors.map((answer) => `answered: ${answer}`)]
  const demand = (isSo: boolean, otherwise: string): void => { if (!isSo) problems.push(otherwise) }
  for (const sign of fault.signs) demand(tally[sign] > 0, `the fault was not felt: ${sign} is 0`)
  demand(tally.hangs === 0, `${tally.hangs} requests were never answered`)
  demand(tally.bad503 === 0, `${tally.bad503} answers of 503 set a cookie or had no Retry-After`)
  demand(tally.slowest503 <= SLOWEST_503, `a 503 took ${Math.round(tally.slowest503)} ms`)
  demand(resumed <= RESUMED_WITHIN, `it took ${Math.round(resumed)} ms until everyone was served again`)
  demand(thefts.length > 0, 'nobody was robbed')
  for (const theft of thefts) demand(isFoundInTime(theft, fault.losesWrites === true), `a theft was not found in time: ${JSON.stringify(theft)}`)
  return problems
}

function isFoundInTime ({ booty, isFound, thief, victim }: Theft, losesWrites: boolean): boolean {
  if (!isFound) return false
  return booty === 'old' && !losesWrites ? thief === 0 : Math.min(thief, victim) <= MAX_RENEWALS
}
