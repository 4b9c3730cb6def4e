import type { RouteShorthandOptions } from 'fastify'
import { DAY, toWholeSeconds } from '../checks/durations.ts'
import { checkFields, show } from '../checks/fields.ts'
import { isUnder } from '../checks/paths.ts'
import type { Config, RouteConfig, RouteName } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { isObject, withoutPrototype } from '../json.ts'

const NAMES = ['refresh', 'logout', 'sessions', 'jwks']

/**
 * @param canSign whether the instance signs tokens; one that only verifies them has no refresh and logout routes
 * @throws InvalidOptionError
 */
export function parseRoutes (value: unknown, prefix: string, canSign: boolean): Record<RouteName, RouteConfig | null> {
  const { refresh = canSign, logout = canSign, sessions = false, jwks = false } = checkFields('routes', value, NAMES)
  const onlyVerifies = canSign ? undefined : 'the first secret is a public key and signs nothing'
  return {
    refresh: parseRoute('refresh', refresh, `${prefix}/refresh`, prefix, onlyVerifies),
    logout: parseRoute('logout', logout, `${prefix}/logout`, prefix, onlyVerifies),
    sessions: parseRoute('sessions', sessions, `${prefix}/sessions`, prefix),
    // RFC 8615 §3: at the server's root
    jwks: parseRoute('jwks', jwks, '/.well-known/jwks.json', '')
  }
}

function parseRoute (name: RouteName, value: unknown, fallback: string, prefix: string, obstacle?: string): RouteConfig | null {
  const option = `routes.${name}`
  if (value === false) return null
  if (obstacle !== undefined) throw new InvalidOptionError(`${option} is on, but ${obstacle}: leave the route out, or give { private, public }`)
  if (value === true) return { path: fallback, recentLogin: null, options: {} }
  if (typeof value === 'string') return { path: prefix + checkPath(option, value), recentLogin: null, options: {} }
  if (!isObject(value)) {
    throw new InvalidOptionError(`${option} is ${show(value)}: give true, false, a path or { path, …route options }`)
  }
  checkRouteOptions(option, value)
  // Fastify ignores unknown route options, and sessions could be ended without a recent login.
  const misspelled = Object.keys(value).find((name) => /recent/i.test(name) && name !== 'requireRecentLogin')
  if (misspelled !== undefined) throw new InvalidOptionError(`${option}.${misspelled} is unknown: did you mean requireRecentLogin?`)
  const { path, requireRecentLogin, ...options } = withoutPrototype(value) as RouteShorthandOptions & { path?: unknown, requireRecentLogin?: unknown }
  return {
    path: path === undefined ? fallback : prefix + checkPath(`${option}.path`, path),
    recentLogin: checkRecentLogin(name, requireRecentLogin),
    options
  }
}

function checkRecentLogin (name: RouteName, value: unknown): number | null {
  if (value === undefined) return null
  if (name === 'sessions') return toWholeSeconds('routes.sessions.requireRecentLogin', value, DAY)
  throw new InvalidOptionError(`routes.${name}.requireRecentLogin is given, but only ending a session of routes.sessions can ask for a recent login: leave it out`)
}

/** Refuses route options that would have no effect on the plugin's routes. */
function checkRouteOptions (option: string, value: Record<string, unknown>): void {
  const { schema, validatorCompiler } = withoutPrototype(value)
  const ours = ['method', 'url', 'handler'].find((name) => Object.hasOwn(value, name))
  if (ours !== undefined) {
    throw new InvalidOptionError(`${option}.${ours} is given, but cannot be changed: leave it out, or give false as ${option} and add a route of your own`)
  }
  const validated = ['body', 'querystring', 'query', 'headers', 'params'].find((name) => Object.hasOwn(schema ?? {}, name))
  if (validated === undefined || validatorCompiler !== undefined) return
  throw new InvalidOptionError(`${option}.schema.${validated} is given, but the plugin's routes do not use your validator and would not check it: give ${option}.validatorCompiler, too, or leave it out`)
}

function checkPath (option: string, value: unknown): string {
  if (typeof value === 'string' && /^\/[^?#*:\s]+$/.test(value)) return value
  throw new InvalidOptionError(`${option} is ${show(value)}: give a path such as "/refresh"`)
}

/**
 * Checks what the routes need of the other options.
 *
 * @throws InvalidOptionError
 */
export function checkRoutes ({ routes, cookie, refreshToken, accessToken, publicUrl }: Config, scopePrefix: string): void {
  if (routes.jwks !== null && scopePrefix !== '') {
    throw new InvalidOptionError(`routes.jwks is on in the scope ${show(scopePrefix)}: register the plugin at the root, where other services look for it, or leave the route out`)
  }
  if (routes.jwks !== null && accessToken.keys.every(({ jwk }) => jwk === null)) {
    throw new InvalidOptionError('routes.jwks is on, but every secret is an HMAC secret, which must not be published: leave the route out, or give { private, public }')
  }
  if (refreshToken.transport === 'body') return
  const above = publicUrl?.path ?? scopePrefix
  for (const name of ['refresh', 'logout'] as const) {
    const route = routes[name]
    if (route === null) continue
    const path = above + route.path
    if (!isUnder(path, cookie.path)) {
      throw new InvalidOptionError(`cookie.path is ${show(cookie.path)}, so the browser does not send the cookie to routes.${name} (${path}): give a path that both have in common, or ${publicUrl === null ? 'publicUrl if a proxy strips a prefix' : 'another publicUrl'}`)
    }
    if (/[:*]/.test(cookie.path)) {
      throw new InvalidOptionError(`cookie.path is ${show(cookie.path)}, with a parameter that no browser fills in: give a path without one, such as "/"`)
    }
  }
}
