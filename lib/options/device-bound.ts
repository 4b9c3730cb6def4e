import { HOUR, toWholeSeconds } from '../checks/durations.ts'
import { checkFields, show } from '../checks/fields.ts'
import { isUnder } from '../checks/paths.ts'
import type { Config, DeviceBoundConfig, DeviceBoundPaths, RefreshTokenConfig } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { parseBoundCookie } from './cookie.ts'

const NAMES = ['lifetime', 'cookieName']
const DEFAULT_LIFETIME = '5m'
/** Milliseconds. Some devices take a second or two to create a key. */
const REGISTRATION = 10_000

/**
 * @param prefix the prefix of the plugin's routes
 * @param scopePrefix the prefix of the scope in which the plugin is registered
 * @throws InvalidOptionError
 */
export function parseDeviceBound (value: unknown, config: Config, prefix: string, scopePrefix: string): DeviceBoundConfig | null {
  if (value === undefined || value === false) return null
  const fields = checkFields('deviceBound', value === true ? {} : value, NAMES)
  const obstacle = obstacleOf(config)
  if (obstacle !== null) throw new InvalidOptionError(`deviceBound is on, but ${obstacle}, or leave deviceBound out`)

  const above = config.publicUrl?.path ?? scopePrefix
  const routes = { register: `${prefix}/dbsc/register`, refresh: `${prefix}/dbsc/refresh` }
  const paths = { register: asSent(above + routes.register), refresh: asSent(above + routes.refresh) }
  checkPaths(paths, config)
  const { refresh, logout } = config.routes
  return {
    lifetime: checkLifetime(fields.lifetime),
    cookie: checkCookie(fields.cookieName, config),
    routes,
    paths,
    heldBack: [refresh, logout].flatMap((route) => route === null ? [] : asSent(above + route.path)),
    initiators: [...config.trustedOrigins].filter((origin) => /^https?:/.test(origin)).map((origin) => new URL(origin).hostname)
  }
}

/** Keeps the login's token valid for a while: pages often refresh right after a login, but only that token can register a key. */
export function withRegistration (refreshToken: RefreshTokenConfig): RefreshTokenConfig {
  return { ...refreshToken, windows: { ...refreshToken.windows, registration: REGISTRATION } }
}

/** Why browsers could not register a key with these options, and the fix. */
function obstacleOf ({ refreshToken: { keys, transport, windows }, cookie, routes }: Config): string | null {
  if (keys.length === 0) return 'the first secret is a public key and signs nothing: give { private, public }'
  if (transport === 'body') return 'refreshToken.transport is "body", and browsers can bind only cookies: give refreshToken.transport "cookie" or "both"'
  // The registration and a refresh of the page use the same token, and the response to the registration may be lost.
  if (!windows.rotate) return 'refreshToken.rotation is false, so the token from before the registration would remain valid: leave refreshToken.rotation out'
  if (windows.overlap === 0) return 'refreshToken.rotation is "strict" or refreshToken.overlap is 0, so a refresh during the registration would end the session: leave them out'
  if (!cookie.secure) return 'cookie.secure is false, and browsers register a key only over https: leave cookie.secure true'
  if (cookie.partitioned) return 'cookie.partitioned is true, and browsers cannot bind such cookies: leave cookie.partitioned out'
  if (routes.refresh === null) return 'routes.refresh is false, and browsers prove that they have the key for that route: leave it on'
  return null
}

/** Encoded for a header, in the form that browsers compare. */
function asSent (path: string): string {
  return new URL(`https://localhost${path}`).pathname
}

function checkPaths (paths: DeviceBoundPaths, { cookie, publicUrl }: Config): void {
  const path = Object.values(paths).find((path) => /[:*]/.test(path) || !isUnder(path, cookie.path))
  if (path === undefined) return
  if (!isUnder(path, cookie.path)) {
    throw new InvalidOptionError(`cookie.path is ${show(cookie.path)}, so the browser does not send the cookie to the routes of deviceBound (${path}): give a path that both have in common, or ${publicUrl === null ? 'publicUrl if a proxy strips a prefix' : 'another publicUrl'}`)
  }
  throw new InvalidOptionError(`deviceBound is on in a scope whose prefix has a parameter (${path}), which no browser fills in: register the plugin in another scope, or leave deviceBound out`)
}

function checkLifetime (value: unknown = DEFAULT_LIFETIME): number {
  const lifetime = toWholeSeconds('deviceBound.lifetime', value, HOUR)
  if (lifetime <= HOUR) return lifetime
  throw new InvalidOptionError(`deviceBound.lifetime is ${show(value)}, and for that long a thief can use copied cookies: give at most an hour, for example "5m"`)
}

function checkCookie (cookieName: unknown, { cookie, accessToken }: Config): DeviceBoundConfig['cookie'] {
  const bound = parseBoundCookie(cookieName, cookie)
  if (bound.name !== cookie.name && bound.name !== accessToken.cookie?.name) return bound
  throw new InvalidOptionError(`deviceBound.cookieName is ${show(bound.name)}, the name of another cookie of the plugin: give another one`)
}
