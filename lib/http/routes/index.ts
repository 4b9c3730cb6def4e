import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from 'fastify'
import type { Config, RouteConfig } from '../../config.ts'
import { SessionNotFoundError } from '../../errors.ts'
import { own } from '../../json.ts'
import { endedEvent, endSession } from '../../sessions/end-sessions.ts'
import type { Emit } from '../../sessions/events.ts'
import type { OpenStore } from '../../sessions/guarded-store.ts'
import { findAlive, listAlive } from '../../sessions/alive.ts'
import { noStore } from '../caching.ts'
import type { RefreshCookie } from '../cookie.ts'
import type { Hook, SyncHook } from '../hooks.ts'
import { orRetryLater } from '../replies.ts'
import type { RequireRecentLogin } from '../require-recent-login.ts'
import type { DemandSession } from '../require-session.ts'
import type { RevokeTokens } from '../revoke-tokens.ts'
import { addBodyParsers } from './body-parsers.ts'
import { setCompilers } from './compilers.ts'
import { createSchemas } from './schemas.ts'
import { createSwaggerTransform } from './swagger.ts'
import type { SwaggerTransform } from './swagger.ts'

const BODY_LIMIT = 16 * 1024 // a refresh token is well under a kilobyte
const JWKS_MAX_AGE = 300 // seconds

export interface RouteParts {
  config: Config
  authenticate: SyncHook
  demandSession: DemandSession
  requireRecentLogin: RequireRecentLogin
  refresh: Hook
  revokeTokens: RevokeTokens
  openStore: OpenStore
  emit: Emit
  cookie: RefreshCookie
}

/** @param scope a scope for these routes only, whose parsers, compilers and headers do not affect the host's routes */
export function addRoutes (scope: FastifyInstance, parts: RouteParts): void {
  const { config, authenticate, demandSession, requireRecentLogin, refresh, revokeTokens, openStore, emit, cookie } = parts
  const { routes, refreshToken: { transport } } = config
  const schemas = createSchemas(config)
  const tokens = config.decorators.tokens as 'tokens'
  const byCookie = { swaggerTransform: transport !== 'body' && createSwaggerTransform('refreshCookie', config.cookie.name) }
  const byAccessToken = { swaggerTransform: createAccessTokenTransform(config.accessToken) }

  addBodyParsers(scope)
  setCompilers(scope)
  // Also for errors, including those that another plugin sends before the handlers run, and over a header that the host sets everywhere.
  scope.addHook('onSend', (request, reply, _payload, done) => {
    if (routes.jwks === null || request.routeOptions.url !== routes.jwks.path || !reply.hasHeader('cache-control')) noStore(reply)
    done()
  })

  if (routes.refresh !== null) {
    add(routes.refresh, 'POST', schemas.refresh, { jwtRefresh: 'public', ...byCookie }, async (request, reply) => {
      await refresh(request, reply)
      return reply[tokens]
    })
  }

  if (routes.logout !== null) {
    add(routes.logout, 'POST', schemas.logout, { jwtRefresh: 'public', ...byCookie }, async (request, reply) => {
      await revokeTokens.call(reply, { everywhere: own(Object(request.body), 'everywhere') as boolean | undefined })
    })
  }

  if (routes.sessions !== null) {
    const route = routes.sessions
    const guarded = { ...route, options: { ...route.options, onRequest: [authenticate, own(route.options, 'onRequest') ?? []].flat() } } as RouteConfig

    add(guarded, 'GET', schemas.listSessions, byAccessToken, async (request, reply) => {
      const store = openStore('session', request)
      const { sub, sid } = await demandSession(request, reply, store)
      const list = await orRetryLater(reply, listAlive(store, sub, config.now()))
      return list.map(({ id, createdAt, rotatedAt, expiresAt, metadata }) =>
        ({ id, createdAt, lastUsedAt: rotatedAt, expiresAt, metadata, current: id === sid }))
    })

    const recentLogin = route.recentLogin === null ? [] : [requireRecentLogin(route.recentLogin)]
    const doublyGuarded = { ...guarded.options, onRequest: [guarded.options.onRequest, recentLogin].flat() } as RouteConfig['options']
    add({ ...guarded, path: `${route.path}/:id`, options: doublyGuarded }, 'DELETE', schemas.deleteSession, byAccessToken, async (request, reply) => {
      const store = openStore('session', request)
      const { sub, sid } = await demandSession(request, reply, store)
      const { id } = request.params as { id: string }
      const session = await orRetryLater(reply, findAlive(store, id, null, config.now()))
      // The same answer for another user's id and an unknown one, so that nobody can find out which ids exist.
      if (session?.subject !== sub) throw new SessionNotFoundError()
      await orRetryLater(reply, endSession(store, emit, endedEvent('revoked', { subject: sub, sessionId: id }), request))
      if (id === sid && transport !== 'body') cookie.clear(reply)
      reply.code(204)
    })
  }

  if (routes.jwks !== null) {
    const keys = config.accessToken.keys.flatMap(({ jwk }) => jwk ?? [])
    add(routes.jwks, 'GET', schemas.jwks, { jwtRefresh: 'public', swaggerTransform: false }, async (_request, reply) => {
      reply.header('cache-control', `public, max-age=${JWKS_MAX_AGE}`)
      return { keys }
    })
  }

  function add (
    { path, options }: RouteConfig, method: 'GET' | 'POST' | 'DELETE', schema: FastifySchema, routeConfig: object,
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
  ): void {
    scope.route({
      bodyLimit: BODY_LIMIT,
      ...copyLists(options),
      method,
      url: path,
      schema: mergeSchemas(schema, own(options, 'schema') as FastifySchema | undefined),
      config: { ...routeConfig, ...own(options, 'config') as object },
      handler
    } as RouteOptions)
  }
}

function createAccessTokenTransform ({ cookie, transport }: Config['accessToken']): SwaggerTransform {
  return cookie === null || transport === 'both' ? createSwaggerTransform('bearerAuth') : createSwaggerTransform('accessCookie', cookie.name)
}

/** In an onRoute hook, another plugin may add its hooks to the lists; the host's own options must not change. */
function copyLists (options: RouteConfig['options']): object {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]))
}

function mergeSchemas (ours: FastifySchema, hosts: FastifySchema = {}): FastifySchema {
  return { ...ours, ...hosts, response: { ...ours.response as object, ...own(hosts, 'response') as object } }
}
