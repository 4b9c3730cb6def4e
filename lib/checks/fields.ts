import { InvalidOptionError } from '../errors.ts'
import { isObject, isText } from '../json.ts'

/** How many entries a Map holds safely: V8's takes twice as many, but with more than this it can throw where they come and go. */
export const LARGEST_MAP: number = 2 ** 23

type Fields = Record<string, unknown>

/** The option group as an object, empty where it is not given. Refuses a name that it does not know. */
export function checkFields (option: string, value: unknown, known: readonly string[]): Fields {
  if (value === undefined) return {}
  if (!isObject(value)) {
    // A text may be a secret at the wrong place (refreshToken: process.env.SECRET), and is not shown.
    const given = typeof value === 'string' ? 'a string' : show(value)
    throw new InvalidOptionError(`${option} is ${given}: give an object with ${known.join(', ')}`)
  }
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown === undefined) return value
  const path = option === 'options' ? unknown : `${option}.${unknown}`
  throw new InvalidOptionError(`${path} is unknown: did you mean ${nearest(unknown, known)}?`)
}

/**
 * The options of a call that a host makes at run time. A misspelled name must not pass in silence: `{ everwhere: true }`
 * would end one session where all were to be ended.
 *
 * @param call what is called, for the error
 * @throws TypeError for a name that is not known and for anything but an object
 */
export function checkCallOptions<Options extends object> (call: string, options: Options, known: ReadonlyArray<keyof Options & string>): Options {
  if (!isObject(options)) throw new TypeError(`${call}: the options are ${show(options)}: give an object`)
  const unknown = Object.keys(options).find((name) => !(known as readonly string[]).includes(name))
  if (unknown === undefined) return options
  throw new TypeError(`${call}: the option ${show(unknown)} is unknown: did you mean ${nearest(unknown, known)}?`)
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
  throw new InvalidOptionError(`${option} is ${show(value)}: give a non-empty text`)
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

/** A value as an error message may show it: a text quoted and cut, anything but a primitive by its type alone. */
export function show (value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || value === undefined) return String(value)
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

/** The known name with the smallest edit distance (Levenshtein), letter case aside. */
function nearest (name: string, known: readonly string[]): string {
  const wanted = name.toLowerCase()
  let best = known[0] as string
  for (const one of known) {
    if (distance(wanted, one.toLowerCase()) < distance(wanted, best.toLowerCase())) best = one
  }
  return best
}

function distance (a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
