import { HOUR, toMilliseconds } from '../checks/durations.ts'
import { checkBoolean, checkFields, checkOneOf, show } from '../checks/fields.ts'
import type { DpopConfig } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'

const NAMES = ['mode', 'bind', 'nonce', 'window']
const LONGEST_WITHOUT_NONCE = 300_000
const SHORTEST = 1000

/** @throws InvalidOptionError */
export function parseDpop (value: unknown): DpopConfig | null {
  if (value === undefined) return null
  const fields = checkFields('dpop', value, NAMES)
  const mode = checkOneOf('dpop.mode', fields.mode, ['optional', 'required'] as const, 'optional')
  const bind = checkOneOf('dpop.bind', fields.bind, ['refresh', 'all'] as const, 'refresh')
  const needsNonce = checkBoolean('dpop.nonce', fields.nonce, false)
  return { isRequired: mode === 'required', bindsAccessTokens: bind === 'all', needsNonce, window: checkWindow(fields.window, needsNonce) }
}

function checkWindow (value: unknown, needsNonce: boolean): number {
  const window = toMilliseconds('dpop.window', value === undefined ? '60s' : value, HOUR)
  if (window < SHORTEST || window > HOUR * 1000) {
    throw new InvalidOptionError(`dpop.window is ${show(value)}: give between a second and an hour, for example "60s"`)
  }
  if (needsNonce || window <= LONGEST_WITHOUT_NONCE) return window
  // Each process remembers only the proofs that it has seen itself, so another process would accept a stolen proof for all that time.
  throw new InvalidOptionError(`dpop.window is ${show(value)} without dpop.nonce, so a stolen proof could be used for a long time: give five minutes at most, or nonce: true`)
}
