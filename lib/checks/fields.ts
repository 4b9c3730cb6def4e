import { InvalidOptionError } from '../errors.ts'
import { isObject, isText, withoutPrototype } from '../json.ts'
import { distance, nearest } from './nearest.ts'

/** How many entries a Map can safely hold. V8 allows twice as many, but above this, adding and deleting entries can throw. */
export const LARGEST_MAP: number = 2 ** 23

type Fields = Record<string, unknown>

/** Advice for names from other packages, for which the most similar name would be misleading. */
export type Habits = ReadonlyMap<string, string>

const NO_HABITS: Habits = new Map()

/**
 * The option group as an object without a prototype, empty if it is not given, so that nothing that an attacker wrote to
 * `Object.prototype` through another package counts as an option. Refuses unknown names.
 */
export function checkFields (option: string, value: unknown, known: readonly string[], habits: Habits = NO_HABITS): Fields {
  if (value === undefined) return withoutPrototype({})
  if (!isObject(value)) {
    // A string is not shown, because it may be a misplaced secret (refreshToken: process.env.SECRET).
    const given = typeof value === 'string' ? 'a string' : show(value)
    throw new InvalidOptionError(`${option} is ${given}: give an object with ${known.join(', ')}`)
  }
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown === undefined) return withoutPrototype(value)
  const path = option === 'options' ? unknown : `${option}.${unknown}`
  throw new InvalidOptionError(`${path} is unknown: ${habits.get(unknown) ?? suggest(unknown, known)}`)
}

/**
 * The options of a call that a host makes at run time, as an object without a prototype. A misspelled name must not be
 * ignored: `{ everwhere: true }` would end one session instead of all of them.
 *
 * @param call what is called, for the error
 * @throws TypeError for a name that is not known and for anything but an object
 */
export function checkCallOptions<Options extends object> (
  call: string, options: Options, known: ReadonlyArray<keyof Options & string>, habits: Habits = NO_HABITS
): Options {
  if (!isObject(options)) throw new TypeError(`${call}: the options are ${show(options)}: give an object`)
  const unknown = Object.keys(options).find((name) => !(known as readonly string[]).includes(name))
  if (unknown === undefined) return withoutPrototype(options)
  throw new TypeError(`${call}: the option ${show(unknown)} is unknown: ${habits.get(unknown) ?? suggest(unknown, known)}`)
}

/** The most similar name, or all names if less than half of the letters match. */
function suggest (name: string, known: readonly string[]): string {
  const best = nearest(name, known)
  const isNear = distance(name.toLowerCase(), best.toLowerCase()) <= Math.max(name.length, best.length) / 2
  return isNear ? `did you mean ${best}?` : `give ${known.join(', ')}`
}

/** @throws TypeError for anything but true, false and undefined */
export function checkCallFlag (call: string, name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  throw new TypeError(`${call}: ${name} is ${show(value)}: give true or false`)
}

export function checkBoolean (option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  throw new InvalidOptionError(`${option} is ${show(value)}: give true or false`)
}

export function checkText (option: string, value: unknown): string | undefined {
  if (value === undefined || isText(value)) return value
  throw new InvalidOptionError(`${option} is ${show(value)}: give a non-empty string`)
}

export function checkFunction<Type> (option: string, value: Type): Type {
  if (value === undefined || typeof value === 'function') return value
  throw new InvalidOptionError(`${option} is ${show(value)}: give a function`)
}

export function checkOneOf<Choice, Fallback extends Choice | undefined> (option: string, value: unknown, choices: readonly Choice[], fallback: Fallback): Choice | Fallback {
  if (value === undefined) return fallback
  if (choices.includes(value as Choice)) return value as Choice
  throw new InvalidOptionError(`${option} is ${show(value)}: give ${choices.map(show).join(', ')}`)
}

/** A value as an error message may show it: a string is quoted and truncated; of an object, only the type is shown. */
export function show (value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
