import { InvalidOptionError } from '../errors.ts'
import { own } from '../json.ts'

/** The plugin sweeps its store, so that no store has timers which one app stops for another. */
export function refuseSweepInterval (owner: string, options: unknown): void {
  if (own(Object(options), 'sweepInterval') === undefined) return
  throw new InvalidOptionError(`${owner}.sweepInterval is unknown: give the plugin the option sweepInterval, it sweeps its store`)
}
