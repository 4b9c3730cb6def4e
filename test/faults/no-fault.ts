import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './campaign.ts'

/** The baseline for the other faults. */
export const NO_FAULT: Fault = {
  name: 'none',
  signs: [],
  async strike ({ rob }) {
    rob()
    await sleep(5_000)
  }
}
