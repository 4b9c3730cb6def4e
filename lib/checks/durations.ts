import { parse } from '@lukeed/ms'
import { InvalidOptionError } from '../errors.ts'
import { show } from './fields.ts'

const MAX_SECONDS = 1e11 // three thousand years: a sum of times in milliseconds is still exact

/**
 * Milliseconds of a duration option: a number is seconds, a text carries its unit.
 *
 * @param option the option's name, for the error
 * @throws InvalidOptionError also for a bare number in a text, which is seconds to one reader and milliseconds to another
 */
export function toMilliseconds (option: string, value: unknown): number {
  const milliseconds = typeof value === 'number' ? value * 1000 : parseText(value)
  if (milliseconds !== undefined && milliseconds >= 0) return milliseconds
  throw new InvalidOptionError(`${option} is ${show(value)}: give seconds as a number (900) or a text with its unit ("15m")`)
}

/** Seconds of a duration that ends up in a token or a cookie, where only whole ones can stand (RFC 7519 §2, RFC 6265 §5.2.2). */
export function toWholeSeconds (option: string, value: unknown): number {
  const seconds = toMilliseconds(option, value) / 1000
  if (Number.isSafeInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS) return seconds
  throw new InvalidOptionError(`${option} is ${show(value)}: give whole seconds, at least one and at most ${MAX_SECONDS}`)
}

function parseText (value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  if (!/[a-z]$/i.test(value)) return undefined
  // @lukeed/ms has no answer to a zero, but knows the units.
  const unit = /^0+( *[a-z]+)$/i.exec(value)?.[1]
  if (unit !== undefined) return parse(`1${unit}`) === undefined ? undefined : 0
  return parse(value)
}
