import { InvalidOptionError } from '../errors.ts'
import { own } from '../json.ts'

/** The plugin sweeps its store, so stores have no timers, which one app could stop for another. */
export function refuseSweepInterval (owner: string, options: unknown): void {
  if (own(Object(options), 'sweepInterval') === undefined) return
  throw new InvalidOptionError(`${owner}.sweepInterval is unknown: give the plugin the option sweepInterval, since the plugin sweeps its store`)
}
