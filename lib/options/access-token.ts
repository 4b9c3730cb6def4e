import type { Secret } from '../../types/options.ts'
import { DAY, MINUTE, toMilliseconds, toWholeSeconds } from '../checks/durations.ts'
import { checkFields, checkFunction, checkOneOf, checkText, LARGEST_MAP, show } from '../checks/fields.ts'
import type { AccessTokenConfig, CookieConfig, Key } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { isText } from '../json.ts'
import { createKey, createKeys } from '../tokens/keys.ts'
import { parseAccessCookie } from './cookie.ts'
import { ACCESS_TOKEN_HABITS } from './habits.ts'

const NAMES = ['expiresIn', 'issuer', 'audience', 'algorithm', 'clientId', 'clockTolerance', 'cache', 'extract', 'transport', 'cookie']
const ALGORITHMS = ['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA'] as const
const DEFAULT_CACHE = 10_000

/**
 * @param isBound whether access tokens are bound to keys (`dpop.bind`)
 * @param refreshCookie the cookie of the refresh token
 * @throws InvalidOptionError
 */
export function parseAccessToken (secret: unknown, value: unknown, isBound: boolean, refreshCookie: CookieConfig): AccessTokenConfig {
  const fields = checkFields('accessToken', value, NAMES, ACCESS_TOKEN_HABITS)
  const { expiresIn = '15m', clockTolerance = 0 } = fields
  const algorithm = checkOneOf('accessToken.algorithm', fields.algorithm, ALGORITHMS, undefined)
  const keys = createKeys('secret', secret, (option, one) => createKey(option, one as Secret, algorithm))
  const { algorithm: signsWith } = keys[0] as Key
  if (algorithm !== undefined && algorithm !== signsWith) {
    throw new InvalidOptionError(
      `accessToken.algorithm is ${show(algorithm)}, but the first secret is a key for ${signsWith}: leave the option out, or give a key that fits`)
  }
  const transport = checkOneOf('accessToken.transport', fields.transport, ['body', 'cookie', 'both'] as const, 'body')
  if (transport === 'body' && fields.cookie !== undefined) {
    throw new InvalidOptionError('accessToken.cookie is given, but access tokens travel only in the body: give accessToken.transport "cookie" or "both", or leave the option out')
  }
  if (transport !== 'body' && isBound) {
    throw new InvalidOptionError(`accessToken.transport is ${show(transport)}, but dpop.bind is "all", and a browser sends no proof with a cookie: give dpop.bind "refresh", or leave accessToken.transport out`)
  }
  return {
    keys,
    expiresIn: toWholeSeconds('accessToken.expiresIn', expiresIn, DAY),
    issuer: checkText('accessToken.issuer', fields.issuer),
    audience: checkAudience(fields.audience),
    clientId: checkText('accessToken.clientId', fields.clientId),
    isBound,
    clockTolerance: checkTolerance(toMilliseconds('accessToken.clockTolerance', clockTolerance, 10 * MINUTE)),
    cache: checkCache(fields.cache),
    extract: checkFunction('accessToken.extract', fields.extract as AccessTokenConfig['extract']),
    transport,
    cookie: transport === 'body' ? null : parseAccessCookie(fields.cookie, refreshCookie)
  }
}

function checkAudience (value: unknown): string | string[] | undefined {
  if (!Array.isArray(value)) return checkText('accessToken.audience', value)
  if (value.length > 0 && value.every(isText)) return [...value]
  throw new InvalidOptionError('accessToken.audience is an array that is empty or contains something other than non-empty strings: give one or more strings')
}

function checkTolerance (milliseconds: number): number {
  if (Number.isFinite(milliseconds)) return milliseconds
  throw new InvalidOptionError('accessToken.clockTolerance is Infinity, with which no token would ever expire: give a few seconds')
}

function checkCache (value: unknown): number {
  if (value === undefined || value === true) return DEFAULT_CACHE
  if (value === false) return 0
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_MAP) return value as number
  throw new InvalidOptionError(`accessToken.cache is ${show(value)}: give the number of tokens to keep, 8 million at most, or false`)
}
