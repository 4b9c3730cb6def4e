import type { FastifyInstance, RouteOptions } from 'fastify'
import { isUnder } from '../checks/paths.ts'
import type { Config, CookieConfig } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { own } from '../json.ts'
import { isOneTime } from '../sessions/rotation.ts'
import type { Hook } from './hooks.ts'

const PHASES = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const

const BOUND_COOKIE_ELSEWHERE = 'deviceBound is on, and a browser renews its bound cookie only for routes.refresh and routes.logout: use those routes, or leave deviceBound out'

/** Why `authenticateOrRefresh` cannot work with these options, and the fix; null if it can. */
export function pageObstacle ({ accessToken, refreshToken, cookie, dpop, deviceBound }: Config): string | null {
  const { keys, windows } = refreshToken
  if (keys.length === 0) return 'the first secret is a public key and signs nothing: give { private, public }, or use authenticate'
  if (accessToken.cookie === null) return 'access tokens travel only in the body: give accessToken: { transport: "cookie" }, or use authenticate'
  if (cookie.sameSite === 'strict') {
    return 'cookie.sameSite is "strict", and a browser that opens a link in an email does not send such a cookie: give cookie: { sameSite: "lax" }'
  }
  if (dpop?.isRequired === true) return 'dpop.mode is "required", and a browser that requests a page sends no proof: give dpop.mode "optional"'
  if (deviceBound !== null) return BOUND_COOKIE_ELSEWHERE
  // The requests for a page and for its parts bring the same refresh token.
  if (isOneTime(windows)) {
    return 'refreshToken.rotation is "strict", with which the second of two simultaneous requests ends the session: leave the option out'
  }
  return null
}

/**
 * Throws at boot if a route uses the hook with options, or under a path, with which it cannot work.
 *
 * @param name the name of the hook's decorator
 */
export function guardPageRoutes (app: FastifyInstance, hook: Hook, name: string, config: Config): void {
  guardHook(app, hook, name, pageObstacle(config), (route) => outsideOfPath(route, app.prefix, config))
}

/** Does the same for `refresh` on a route of the host. */
export function guardRefreshRoutes (app: FastifyInstance, hook: Hook, name: string, { deviceBound }: Config): void {
  if (deviceBound !== null) guardHook(app, hook, name, BOUND_COOKIE_ELSEWHERE, () => null)
}

function guardHook (app: FastifyInstance, hook: Hook, name: string, obstacle: string | null, faultOf: (route: RouteOptions) => string | null): void {
  const routes: Array<{ scope: FastifyInstance, route: RouteOptions }> = []

  app.addHook('onRoute', function (this: FastifyInstance, route) {
    routes.push({ scope: this, route })
    if (!PHASES.some((phase) => [own(route, phase)].flat().includes(hook))) return
    const fault = obstacle ?? faultOf(route)
    if (fault !== null) throw new InvalidOptionError(`the route ${route.url} uses ${name}, but ${fault}`)
  })

  // Fastify does not expose the hooks of a scope. If a future version keeps them elsewhere, the hook itself throws in each request.
  app.addHook('onReady', async () => {
    for (const { scope, route } of routes) {
      if (!hasHook(scope, hook)) continue
      if (obstacle !== null) throw new InvalidOptionError(`addHook was given ${name}, but ${obstacle}`)
      const fault = faultOf(route)
      if (fault !== null) throw new InvalidOptionError(`addHook was given ${name}, which the route ${route.url} uses, but ${fault}`)
    }
  })
}

function outsideOfPath ({ url, config }: RouteOptions, scopePrefix: string, { cookie, accessToken, publicUrl }: Config): string | null {
  if (own(Object(config), 'jwtRefresh') === 'public') return null
  const path = publicUrl === null ? url : publicUrl.path + url.slice(scopePrefix.length)
  if (!isUnder(path, cookie.path)) {
    return `cookie.path is ${JSON.stringify(cookie.path)}, so the browser does not send the refresh token there: leave cookie.path out`
  }
  const { path: accessPath } = accessToken.cookie as CookieConfig // null would be an obstacle
  if (isUnder(path, accessPath)) return null
  return `accessToken.cookie.path is ${JSON.stringify(accessPath)}, so the browser does not send the access token there, and each request would refresh: leave accessToken.cookie.path out`
}

function hasHook (scope: FastifyInstance, hook: Hook): boolean {
  return keysOf(scope).filter(({ description }) => description === 'fastify.hooks').some((key) => {
    const hooks = (scope as unknown as Record<symbol, Record<string, unknown>>)[key] as Record<string, unknown>
    return PHASES.some((phase) => [hooks[phase]].flat().includes(hook))
  })
}

/** A scope inherits from the one around it. */
function keysOf (scope: object): symbol[] {
  const keys: symbol[] = []
  for (let one = scope; one !== null; one = Object.getPrototypeOf(one)) keys.push(...Object.getOwnPropertySymbols(one))
  return keys
}
