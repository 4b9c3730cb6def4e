import { HOUR, LONGEST, toMilliseconds, toWholeSeconds } from '../checks/durations.ts'
import { checkFields, checkFunction, checkOneOf, show } from '../checks/fields.ts'
import type { AccessTokenConfig, Key, RefreshTokenConfig, RotationWindows } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { createKey, createKeys, deriveRefreshKey, isHmac } from '../tokens/keys.ts'
import { REFRESH_TOKEN_HABITS } from './habits.ts'

const NAMES = ['expiresIn', 'maxAge', 'secret', 'rotation', 'overlap', 'retryWindow', 'recoveryWindow', 'transport', 'extract']
const WINDOWS = ['overlap', 'retryWindow', 'recoveryWindow'] as const
// Chromium writes a cookie to the disk within 30 seconds. The token that a crash restores must still be accepted, so its
// successor must not have been confirmed (test/model/crash.test.ts).
const DEFAULT_OVERLAP = 45_000

/**
 * @param accessToken has the keys of `secret`, from which the keys of the refresh tokens are derived
 * @throws InvalidOptionError
 */
export function parseRefreshToken (value: unknown, accessToken: AccessTokenConfig): RefreshTokenConfig {
  const fields = checkFields('refreshToken', value, NAMES, REFRESH_TOKEN_HABITS)
  const { maxAge = '30d' } = fields
  const transport = checkOneOf('refreshToken.transport', fields.transport, ['cookie', 'body', 'both'] as const, 'cookie')
  if (transport === 'body' && accessToken.cookie !== null) {
    throw new InvalidOptionError(`accessToken.transport is ${show(accessToken.transport)}, but refreshToken.transport is "body", for clients without a cookie jar: give refreshToken.transport "cookie" or "both", or leave accessToken.transport out`)
  }
  return {
    keys: refreshKeys(fields.secret, accessToken.keys),
    windows: parseWindows(fields, accessToken.expiresIn * 1000),
    maxAge: toWholeSeconds('refreshToken.maxAge', maxAge, LONGEST),
    transport,
    extract: checkExtract(fields.extract as RefreshTokenConfig['extract'], transport)
  }
}

function checkExtract (extract: RefreshTokenConfig['extract'], transport: RefreshTokenConfig['transport']): RefreshTokenConfig['extract'] {
  if (extract === undefined || transport !== 'cookie') return checkFunction('refreshToken.extract', extract)
  throw new InvalidOptionError('refreshToken.extract is given, but refresh tokens travel only in the cookie: give refreshToken.transport "body" or "both", or leave the option out')
}

/** The first signs. */
function refreshKeys (secret: unknown, accessKeys: readonly Key[]): Key[] {
  if (accessKeys[0]?.canSign !== true) {
    if (secret === undefined) return []
    throw new InvalidOptionError('refreshToken.secret is given, but the first secret is a public key and signs nothing: leave the option out, or give { private, public }')
  }
  if (secret === undefined && !accessKeys.every(isHmac)) {
    throw new InvalidOptionError('refreshToken.secret is undefined beside an asymmetric secret: give a string or Buffer of at least 32 random bytes')
  }
  // Tokens from before the app changed to a key pair or to a refreshToken.secret remain valid, so nobody is logged out.
  const derived = accessKeys.filter(isHmac).map(deriveRefreshKey)
  if (secret === undefined) return derived

  const keys = createKeys('refreshToken.secret', secret, (option, one) => createKey(option, one as Buffer))
  if (!keys.every(isHmac)) {
    throw new InvalidOptionError('refreshToken.secret is a key pair, but only this app reads its refresh tokens: give a string or Buffer of at least 32 random bytes')
  }
  if (keys.some(({ kid }) => accessKeys.some((key) => key.kid === kid))) {
    throw new InvalidOptionError('refreshToken.secret is the same as secret: give another one, or leave it out to have it derived')
  }
  return [...keys, ...derived]
}

/** @param accessLife milliseconds */
function parseWindows (fields: Record<string, unknown>, accessLife: number): RotationWindows {
  const rotation = checkOneOf('refreshToken.rotation', fields.rotation, [true, false, 'strict'] as const, true)
  const expiresIn = toMilliseconds('refreshToken.expiresIn', fields.expiresIn === undefined ? '7d' : fields.expiresIn, LONGEST)
  if (expiresIn < 1000 || !Number.isFinite(expiresIn)) {
    throw new InvalidOptionError(`refreshToken.expiresIn is ${show(fields.expiresIn)}, less than a second or infinite: give, for example, "7d"`)
  }
  const [overlap, retryWindow, recoveryWindow] = WINDOWS.map((name) => toMilliseconds(`refreshToken.${name}`, fields[name] === undefined ? 0 : fields[name], name === 'overlap' ? HOUR : LONGEST)) as [number, number, number]
  if (rotation === 'strict') {
    const open = [overlap, retryWindow, recoveryWindow].findIndex((window) => window > 0)
    if (open === -1) return { expiresIn, overlap, retryWindow, recoveryWindow, rotate: true }
    const name = WINDOWS[open] as string
    throw new InvalidOptionError(`refreshToken.${name} is ${show(fields[name])}, but refreshToken.rotation is "strict", which has no windows: leave one of them out`)
  }
  if (overlap >= expiresIn) {
    throw new InvalidOptionError(`refreshToken.overlap is ${show(fields.overlap)}, not shorter than refreshToken.expiresIn (${expiresIn / 1000} s): give less`)
  }
  // A victim that refreshes within the overlap confirms no token, so its thief is not detected.
  if (overlap > accessLife) {
    throw new InvalidOptionError(`refreshToken.overlap is ${show(fields.overlap)}, longer than accessToken.expiresIn (${accessLife / 1000} s), so thieves would be detected late: give less, or longer access tokens`)
  }
  return {
    expiresIn,
    overlap: fields.overlap === undefined ? Math.min(DEFAULT_OVERLAP, accessLife, expiresIn / 2) : overlap,
    retryWindow: fields.retryWindow === undefined ? Infinity : retryWindow,
    recoveryWindow: fields.recoveryWindow === undefined ? 86_400_000 : recoveryWindow,
    rotate: rotation
  }
}
