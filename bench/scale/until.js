import { setTimeout as sleep } from 'node:timers/promises'

/** Polls until the condition is true, without a limit: copying ten million sessions to another server takes minutes. */
export async function until (isSo) {
  while (!await isSo()) await sleep(100)
}
