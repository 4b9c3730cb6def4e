import type { RefreshTokenConfig } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { createKey, deriveRefreshKey, isHmac } from '../keys.ts'
import type { Key } from '../keys.ts'
import type { RotationWindows } from '../rotation.ts'
import { checkFields, checkOneOf } from './check.ts'
import { toMilliseconds, toWholeSeconds } from './duration.ts'
import { createKeys } from './secrets.ts'

const NAMES = ['expiresIn', 'maxAge', 'secret', 'rotation', 'overlap', 'retryWindow', 'recoveryWindow', 'transport']
const WINDOWS = ['overlap', 'retryWindow', 'recoveryWindow'] as const
const DEFAULT_OVERLAP = 10_000

/**
 * @param accessKeys the keys of `secret`, of which the refresh tokens' keys are derived where they have none of their own
 * @throws InvalidOptionError
 */
export function parseRefreshToken (value: unknown, accessKeys: readonly Key[]): RefreshTokenConfig {
  const fields = checkFields('refreshToken', value, NAMES)
  return {
    keys: refreshKeys(fields.secret, accessKeys),
    windows: parseWindows(fields),
    maxAge: toWholeSeconds('refreshToken.maxAge', fields.maxAge ?? '30d'),
    transport: checkOneOf('refreshToken.transport', fields.transport, ['cookie', 'body', 'both'] as const, 'cookie')
  }
}

function refreshKeys (secret: unknown, accessKeys: readonly Key[]): Key[] {
  if (accessKeys[0]?.canSign !== true) {
    if (secret === undefined) return []
    throw new InvalidOptionError('refreshToken.secret is given, but the first secret is a public key and signs nothing: leave the option out, or give { private, public }')
  }
  if (secret === undefined && !accessKeys.every(isHmac)) {
    throw new InvalidOptionError('refreshToken.secret is undefined beside an asymmetric secret: give a string or Buffer of at least 32 random bytes')
  }
  if (secret === undefined) return accessKeys.map(deriveRefreshKey)

  const keys = createKeys('refreshToken.secret', secret, (option, one) => createKey(option, one as Buffer))
  if (!keys.every(isHmac)) {
    throw new InvalidOptionError('refreshToken.secret is a key pair, but only this app reads its refresh tokens: give a string or Buffer of at least 32 random bytes')
  }
  if (keys.some(({ kid }) => accessKeys.some((key) => key.kid === kid))) {
    throw new InvalidOptionError('refreshToken.secret is the same as secret: give another one, or leave it out and it is derived')
  }
  return keys
}

function parseWindows (fields: Record<string, unknown>): RotationWindows {
  const rotation = checkOneOf('refreshToken.rotation', fields.rotation, [true, false, 'strict'] as const, true)
  const expiresIn = toMilliseconds('refreshToken.expiresIn', fields.expiresIn ?? '7d')
  if (expiresIn < 1000 || !Number.isFinite(expiresIn)) {
    throw new InvalidOptionError('refreshToken.expiresIn is less than a second or endless: give, for example, "7d"')
  }
  const [overlap, retryWindow, recoveryWindow] = WINDOWS.map((name) => toMilliseconds(`refreshToken.${name}`, fields[name] ?? 0)) as [number, number, number]
  if (rotation === 'strict') {
    const open = WINDOWS.find((name) => fields[name] !== undefined && fields[name] !== 0)
    if (open === undefined) return { expiresIn, overlap, retryWindow, recoveryWindow, rotate: true }
    throw new InvalidOptionError(`refreshToken.${open} is given, but refreshToken.rotation is "strict", which has no windows: leave one of them out`)
  }
  if (overlap >= expiresIn) {
    throw new InvalidOptionError(`refreshToken.overlap is not shorter than refreshToken.expiresIn (${expiresIn / 1000} s): give less`)
  }
  return {
    expiresIn,
    overlap: fields.overlap === undefined ? Math.min(DEFAULT_OVERLAP, expiresIn / 2) : overlap,
    retryWindow: fields.retryWindow === undefined ? Infinity : retryWindow,
    recoveryWindow: fields.recoveryWindow === undefined ? 86_400_000 : recoveryWindow,
    rotate: rotation
  }
}
