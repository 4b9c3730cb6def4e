import type { DecoratorName } from '../../types/decorators.ts'
import type { JwtRefreshOptions } from '../../types/options.ts'
import type { TokenStore } from '../../types/session.ts'
import { HOUR, MINUTE, toMilliseconds } from '../checks/durations.ts'
import { checkFields, checkFunction, show } from '../checks/fields.ts'
import type { Config, RefreshTokenConfig } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { isText } from '../json.ts'
import { MemoryStore } from '../stores/memory.ts'
import { parseAccessToken } from './access-token.ts'
import { parseCookieOptions } from './cookie.ts'
import { parseDeviceBound, withRegistration } from './device-bound.ts'
import { parseDpop } from './dpop.ts'
import { TOP_HABITS } from './habits.ts'
import { parsePublicUrl } from './public-url.ts'
import { parseMetadata } from './metadata.ts'
import { parseRefreshToken } from './refresh-token.ts'
import { checkRoutes, parseRoutes } from './routes.ts'

const NAMES = [
  'secret', 'accessToken', 'refreshToken', 'cookie', 'claims', 'adopt', 'metadata', 'maxSessionsPerSubject', 'store', 'storeTimeout', 'sweepInterval', 'trustedOrigins', 'publicUrl', 'dpop', 'deviceBound', 'prefix', 'routes',
  'decorators', 'onEvent', 'now', 'logLevel', 'logSerializers'
]
const DECORATORS = [
  'authenticate', 'authenticateOrRefresh', 'refresh', 'requireSession', 'requireRecentLogin', 'sessions', 'verifyAccessToken', 'issueTokens', 'renewAccessToken', 'revokeTokens', 'tokens'
] as const
const STORE_METHODS = ['create', 'find', 'rotate', 'delete', 'list', 'deleteAll'] as const
const DEFAULT_MAX_SESSIONS = 100
const TEN_DAYS = 864_000_000 // even with the half that is added at random, less than the longest delay of a timer
const MAX_TIMEOUT = 2 ** 31 - 1 // a timer with a longer delay fires at once

/**
 * Returns the checked and completed options. Does not change the given ones.
 *
 * @param scopePrefix the prefix of the scope in which the plugin is registered
 * @throws InvalidOptionError with one sentence: the option, what was given (never a secret) and the fix
 */
export function parseOptions (given: JwtRefreshOptions, scopePrefix: string): Config {
  const options = checkFields('options', given, NAMES, TOP_HABITS) as Partial<JwtRefreshOptions>
  const now = checkClock(options.now)
  const { storeTimeout = '2s' } = options
  const prefix = checkPrefix(options.prefix)
  const cookie = parseCookieOptions(options.cookie)
  const dpop = parseDpop(options.dpop)
  const accessToken = parseAccessToken(options.secret, options.accessToken, dpop?.bindsAccessTokens === true, cookie)
  const refreshToken = parseRefreshToken(options.refreshToken, accessToken)
  const config: Config = {
    accessToken,
    refreshToken,
    cookie,
    claims: checkFunction('claims', options.claims),
    adopt: checkAdopt(options.adopt, refreshToken),
    metadata: parseMetadata(options.metadata),
    maxSessionsPerSubject: checkLimit(options.maxSessionsPerSubject),
    store: options.store === undefined ? new MemoryStore({ now }) : checkStore(options.store),
    storeTimeout: checkTimeout(toMilliseconds('storeTimeout', storeTimeout, MINUTE)),
    sweepInterval: checkSweepInterval(options.sweepInterval),
    trustedOrigins: checkOrigins(options.trustedOrigins),
    publicUrl: parsePublicUrl(options.publicUrl),
    dpop,
    deviceBound: null,
    routes: parseRoutes(options.routes, prefix, refreshToken.keys.length > 0),
    decorators: checkDecorators(options.decorators),
    onEvent: checkFunction('onEvent', options.onEvent),
    now
  }
  checkRoutes(config, scopePrefix)
  const deviceBound = parseDeviceBound(options.deviceBound, config, prefix, scopePrefix)
  if (options.now !== undefined) config.store.useClock?.(now)
  return deviceBound === null ? config : { ...config, deviceBound, refreshToken: withRegistration(refreshToken) }
}

function checkClock (value: JwtRefreshOptions['now']): () => number {
  const clock = checkFunction('now', value)
  if (clock === undefined) return () => Date.now() // looked up at each call, so that it follows a test runner's fake clock
  const time: unknown = clock()
  if (Number.isFinite(time)) return () => Math.floor(clock()) // stores keep whole milliseconds
  throw new InvalidOptionError(`now returned ${show(time)}: give a function that returns milliseconds, such as Date.now`)
}

function checkPrefix (value: unknown): string {
  if (value === undefined) return '/auth'
  if (value === '' || value === '/') return ''
  if (typeof value === 'string' && /^\/[^?#*\s]+$/.test(value)) return value.replace(/\/+$/, '')
  throw new InvalidOptionError(`prefix is ${show(value)}: give a path such as "/auth"`)
}

function checkAdopt (value: JwtRefreshOptions['adopt'], { keys }: RefreshTokenConfig): JwtRefreshOptions['adopt'] {
  if (value === undefined || keys.length > 0) return checkFunction('adopt', value)
  throw new InvalidOptionError('adopt is given, but the first secret is a public key and signs nothing: leave the option out, or give { private, public }')
}

function checkLimit (value: unknown): number {
  if (value === undefined) return DEFAULT_MAX_SESSIONS
  if (value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 1)) return value as number
  throw new InvalidOptionError(`maxSessionsPerSubject is ${show(value)}: give a whole number of at least 1, or Infinity`)
}

function checkStore (store: unknown): TokenStore {
  const missing = STORE_METHODS.find((name) => typeof (store as Partial<TokenStore> | null)?.[name] !== 'function')
  if (missing === undefined) return store as TokenStore
  throw new InvalidOptionError(`store is ${show(store)} without the method ${missing}: give a TokenStore with ${STORE_METHODS.join(', ')}`)
}

function checkTimeout (milliseconds: number): number {
  if (milliseconds >= 1 && milliseconds <= MAX_TIMEOUT) return milliseconds
  throw new InvalidOptionError(`storeTimeout is ${milliseconds / 1000} s: give at least a millisecond and at most 24 days`)
}

function checkSweepInterval (value: JwtRefreshOptions['sweepInterval'] = '10s'): number | null {
  if (value === false) return null
  const milliseconds = toMilliseconds('sweepInterval', value, HOUR)
  if (milliseconds >= 1 && milliseconds <= TEN_DAYS) return milliseconds
  throw new InvalidOptionError(`sweepInterval is ${show(value)}: give between a millisecond and ten days, or false if something else calls store.sweep()`)
}

function checkOrigins (value: unknown): Set<string> {
  if (value === undefined) return new Set()
  if (!Array.isArray(value)) {
    throw new InvalidOptionError(`trustedOrigins is ${show(value)}: give an array such as ["https://app.example.com"]`)
  }
  for (const [index, origin] of value.entries()) {
    if (origin === 'null' || !isOrigin(origin)) {
      throw new InvalidOptionError(`trustedOrigins[${index}] is ${show(origin)}: give an exact origin such as "https://app.example.com", without a path or a star`)
    }
  }
  return new Set(value)
}

function isOrigin (value: unknown): boolean {
  // For a custom scheme (capacitor://localhost), URL gives the origin "null", so the string itself is compared.
  return typeof value === 'string' && /^[a-z][a-z\d+.-]*:\/\/[^/?#*@\s]+$/.test(value) && URL.canParse(value) &&
    (!value.startsWith('http') || new URL(value).origin === value)
}

function checkDecorators (value: unknown): Record<DecoratorName, string> {
  const fields = checkFields('decorators', value, DECORATORS)
  const names = DECORATORS.map((decorator) => {
    const name = fields[decorator]
    if (name === undefined) return [decorator, decorator]
    if (isText(name) && !(name in Object.prototype)) return [decorator, name]
    throw new InvalidOptionError(`decorators.${decorator} is ${show(name)}: give a name such as ${show(`my${decorator}`)}`)
  })
  return Object.fromEntries(names) as Record<DecoratorName, string>
}
