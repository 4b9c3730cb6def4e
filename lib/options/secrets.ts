import { InvalidOptionError } from '../errors.ts'
import type { Key } from '../keys.ts'

/**
 * The keys of an option that takes one secret or an array of them.
 *
 * @throws InvalidOptionError for an empty array and for a key that comes twice
 */
export function createKeys (option: string, value: unknown, create: (option: string, secret: unknown) => Key): Key[] {
  if (!Array.isArray(value)) return [create(option, value)]
  if (value.length === 0) throw new InvalidOptionError(`${option} is an empty array: give at least one secret, the newest first`)
  const keys = value.map((secret, index) => create(`${option}[${index}]`, secret))
  keys.forEach(({ kid }, index) => {
    const first = keys.findIndex((key) => key.kid === kid)
    if (first !== index) throw new InvalidOptionError(`${option}[${index}] is the same as ${option}[${first}]: give each secret once`)
  })
  return keys
}
