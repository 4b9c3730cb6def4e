import { parse } from '@lukeed/ms'
import { InvalidOptionError } from '../errors.ts'
import { show } from './fields.ts'

const MAX_SECONDS = 1e11 // three thousand years: a sum of times in milliseconds is still exact

// Seconds.
export const MINUTE = 60
export const HOUR: number = 60 * MINUTE
export const DAY: number = 24 * HOUR

export const LONGEST: number = 400 * DAY // no browser keeps a cookie for longer (RFC 6265bis §5.5)

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000]] as const // milliseconds

/**
 * Milliseconds of a duration option, which is a number of seconds or a string with a unit.
 *
 * @param option the option's name, for the error
 * @param likely in seconds: a larger number is refused, since it was probably meant as milliseconds, which other packages expect.
 *   A string or Infinity may exceed it
 * @throws InvalidOptionError also for a string without a unit, which could mean seconds or milliseconds
 */
export function toMilliseconds (option: string, value: unknown, likely: number): number {
  const milliseconds = parseDuration(option, value)
  refuseMilliseconds(option, value, likely)
  return milliseconds
}

/**
 * Seconds of a duration that is written to a token or a cookie, which hold whole seconds only (RFC 7519 §2, RFC 6265 §5.2.2).
 *
 * @param likely as for toMilliseconds
 * @throws InvalidOptionError
 */
export function toWholeSeconds (option: string, value: unknown, likely: number): number {
  const seconds = parseDuration(option, value) / 1000
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > MAX_SECONDS) {
    throw new InvalidOptionError(`${option} is ${show(value)}: give whole seconds, at least one and at most ${MAX_SECONDS}`)
  }
  refuseMilliseconds(option, value, likely)
  return seconds
}

function refuseMilliseconds (option: string, value: unknown, likely: number): void {
  if (typeof value !== 'number' || value <= likely || value === Infinity) return
  throw new InvalidOptionError(`${option} is ${value}, and a number is seconds: give "${inUnits(value)}" if you meant milliseconds, else "${inUnits(value * 1000)}"`)
}

/** In the largest unit that gives a whole number. */
function inUnits (milliseconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => milliseconds % size === 0) ?? ['ms', 1]
  return `${milliseconds / size}${unit}`
}

function parseDuration (option: string, value: unknown): number {
  const milliseconds = typeof value === 'number' ? value * 1000 : parseText(value)
  if (milliseconds !== undefined && milliseconds >= 0) return milliseconds
  throw new InvalidOptionError(`${option} is ${show(value)}: give seconds as a number (900) or a string with its unit ("15m")`)
}

function parseText (value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  if (!/[a-z]$/i.test(value)) return undefined
  // @lukeed/ms does not parse a zero, but knows the units.
  const unit = /^0+( *[a-z]+)$/i.exec(value)?.[1]
  if (unit !== undefined) return parse(`1${unit}`) === undefined ? undefined : 0
  return parse(value)
}
