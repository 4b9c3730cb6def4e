import type { FastifyInstance, FastifyPluginAsync, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from './lib/config.ts'
import { createAccessCookie, NO_ACCESS_COOKIE } from './lib/http/access-cookie.ts'
import type { AccessCookie } from './lib/http/access-cookie.ts'
import { createAuthenticateOrRefresh } from './lib/http/authenticate-or-refresh.ts'
import { createAuthenticate, createCheckAccess, createReadAccessToken, createVerifyAccessToken } from './lib/http/authenticate.ts'
import { createReadBoundAccessToken } from './lib/http/bound-access-token.ts'
import { enforceCaching } from './lib/http/caching.ts'
import { createCookieHints } from './lib/http/cookie-hints.ts'
import { createBoundCookie, withBoundCookie } from './lib/http/dbsc/bound-cookie.ts'
import { createDeviceBinding } from './lib/http/dbsc/index.ts'
import type { DeviceBindingParts } from './lib/http/dbsc/index.ts'
import { clearedWith, createRefreshCookie } from './lib/http/cookie.ts'
import type { RefreshCookie } from './lib/http/cookie.ts'
import { createIsCrossSite } from './lib/http/csrf.ts'
import { decorate } from './lib/http/decorate.ts'
import { createIssueTokens } from './lib/http/issue-tokens.ts'
import { createKeyProofs } from './lib/http/key-proofs.ts'
import { guardPageRoutes, guardRefreshRoutes } from './lib/http/page-routes.ts'
import { createChooseToken, createReadCookies, createReadTokens } from './lib/http/presented.ts'
import { createFindProofs } from './lib/http/proofs.ts'
import { createReadAccessCookie, createReadEither } from './lib/http/read-access-cookie.ts'
import { createRefresh } from './lib/http/refresh.ts'
import { createRenewAccessToken } from './lib/http/renew-access-token.ts'
import { createRefuse, createRefuseAccessToken } from './lib/http/refusals.ts'
import { enforceRefusals } from './lib/http/replies.ts'
import { createRequireRecentLogin } from './lib/http/require-recent-login.ts'
import { createDemandAlive, createDemandSession, createRequireSession } from './lib/http/require-session.ts'
import { createRevokeTokens } from './lib/http/revoke-tokens.ts'
import { addRoutes } from './lib/http/routes/index.ts'
import { createVerifiedClaims } from './lib/http/verified-claims.ts'
import { withoutPrototype } from './lib/json.ts'
import { parseOptions } from './lib/options/index.ts'
import { createAdopt } from './lib/sessions/adopt.ts'
import { createEmit } from './lib/sessions/events.ts'
import { createFreshClaims } from './lib/sessions/fresh-claims.ts'
import { createOpenStore } from './lib/sessions/guarded-store.ts'
import { createLimit } from './lib/sessions/limit.ts'
import { createParseTerms } from './lib/sessions/login-terms.ts'
import { createRotate } from './lib/sessions/rotate.ts'
import { createSessions } from './lib/sessions/sessions.ts'
import { createStartSession, exposeStartSession } from './lib/sessions/start-session.ts'
import { createSweeper } from './lib/sessions/sweeper.ts'
import { MemoryStore } from './lib/stores/memory.ts'
import { warnOfMemory } from './lib/stores/memory-warning.ts'
import { ACCESS_TOKEN_TYP, createAccessTokens } from './lib/tokens/access-token.ts'
import { createDeviceProofs } from './lib/tokens/dbsc/index.ts'
import { createDpopProofs } from './lib/tokens/dpop/index.ts'
import { createKeyring } from './lib/tokens/keyring.ts'
import type { Keyring } from './lib/tokens/keyring.ts'
import { createRefreshTokens, REFRESH_TOKEN_TYP } from './lib/tokens/refresh-token.ts'
import type { JwtRefreshOptions } from './types/index.ts'

async function plugin (app: FastifyInstance, options: JwtRefreshOptions): Promise<void> {
  // Mistakes in the options are detected here, before anything is registered.
  const config = parseOptions(options, app.prefix)
  const { now, decorators } = config

  // Signing, verifying and the cookies, with libraries that the host does not see.
  const { accessKeyring, refreshKeyring, cookie, accessCookie, device } = await registerPrivately(app, config)
  const accessTokens = createAccessTokens(accessKeyring, config.accessToken, now)
  const refreshTokens = createRefreshTokens(refreshKeyring, now, device !== null)

  // The sessions, and the rules by which their tokens rotate.
  const emit = createEmit(config.onEvent, app.log)
  const openStore = createOpenStore({ store: config.store, timeout: config.storeTimeout, emit, log: app.log })
  const freshClaims = createFreshClaims(config)
  const rotate = createRotate({ config, windows: config.refreshToken.windows, freshClaims, emit })
  const parseTerms = createParseTerms(config)
  const limit = createLimit(openStore, emit, config.maxSessionsPerSubject, app.log)
  const startSession = createStartSession({ config, accessTokens, refreshTokens, openStore, limit, emit })
  const adopt = createAdopt({ config, openStore, parseTerms, emit })
  const sessions = createSessions({ config, openStore, parseTerms, startSession, emit })

  // What a request presents.
  const { extract } = config.accessToken
  const refuse = createRefuse(emit)
  const refuseAccessToken = createRefuseAccessToken(refuse)
  const keyProofs = config.dpop === null
    ? null
    : createKeyProofs({ app, config: config.dpop, publicUrl: config.publicUrl, proofs: await createDpopProofs(config.dpop, config.refreshToken.keys, now), refuse })
  const verifiedClaims = createVerifiedClaims(app)
  const isCrossSite = createIsCrossSite(config.trustedOrigins, config.publicUrl)
  const readBearer = keyProofs !== null && config.accessToken.isBound
    ? createReadBoundAccessToken(accessTokens, extract, keyProofs)
    : createReadAccessToken(accessTokens, extract)
  const readCookies = createReadCookies(config.refreshToken, cookie, refreshTokens)
  const readAccessCookie = createReadAccessCookie(accessCookie, accessTokens, readCookies)
  const readAccessToken = config.accessToken.cookie === null ? readBearer : createReadEither(readBearer, readAccessCookie, verifiedClaims, isCrossSite, refuse)
  const checkAccess = createCheckAccess(readAccessToken, verifiedClaims, refuseAccessToken)
  const readTokens = createReadTokens(config.refreshToken, readCookies, refreshTokens)
  const deviceBinding = device === null
    ? null
    : createDeviceBinding({ ...device, readCookies, rotate: createRotate({ config, windows: { ...config.refreshToken.windows, registration: 0 }, freshClaims, emit }), refreshTokens, cookie, openStore, emit, refuse, now })
  const cookieHints = createCookieHints(config)
  const chooseToken = createChooseToken({ config: config.refreshToken, readTokens, adopt, keyProofs, isCrossSite, now, hints: cookieHints, refuse })
  const findProofs = createFindProofs({
    readTokens, readBearer, accessCookie, readAccessCookie, extracts: extract !== undefined, verifiedClaims, isCrossSite, refuse
  })

  // What the host uses.
  enforceCaching(app)
  enforceRefusals(app)
  const authenticate = createAuthenticate(checkAccess)
  const demandAlive = createDemandAlive(now, refuse)
  const demandSession = createDemandSession(verifiedClaims, demandAlive)
  const requireSession = createRequireSession(demandSession, openStore)
  const requireRecentLogin = createRequireRecentLogin(verifiedClaims, now)
  const deviceGate = deviceBinding?.gate ?? null
  const refresh = createRefresh({ config, chooseToken, rotate, accessTokens, refreshTokens, verifiedClaims, cookie, accessCookie, openStore, emit, keyProofs, deviceGate })
  const authenticateOrRefresh = createAuthenticateOrRefresh({ config, checkAccess, readBearer, readTokens, verifiedClaims, isCrossSite, refresh })
  const issueTokens = createIssueTokens({ config, readTokens, isCrossSite, cookie, accessCookie, hints: cookieHints, parseTerms, startSession, refuse, keyProofs, deviceBinding })
  const revokeTokens = createRevokeTokens({ config, findProofs, isCrossSite, cookie, openStore, emit, refuse, refuseAccessToken, keyProofs, deviceGate })
  const renewAccessToken = createRenewAccessToken({ config, verifiedClaims, accessTokens, accessCookie, readCookies, openStore, demandAlive })
  const verifyAccessToken = createVerifyAccessToken(accessTokens, refuseAccessToken)
  decorate(app, decorators, {
    authenticate, authenticateOrRefresh, refresh, requireSession, requireRecentLogin, sessions, verifyAccessToken, issueTokens, renewAccessToken, revokeTokens
  })
  exposeStartSession(app, decorators.issueTokens, { startSession, parseTerms, signAccessToken: accessTokens.sign, cookieName: config.cookie.name, accessCookieName: config.accessToken.cookie?.name })
  guardPageRoutes(app, authenticateOrRefresh, decorators.authenticateOrRefresh, config)
  guardRefreshRoutes(app, refresh, decorators.refresh, config)

  const { logLevel, logSerializers } = withoutPrototype(options)
  await app.register(async (scope) => {
    addRoutes(scope, { config, authenticate, demandSession, requireRecentLogin, refresh, revokeTokens, openStore, emit, cookie })
    deviceBinding?.addRoutes(scope)
  }, { logLevel, logSerializers } as RegisterOptions)

  app.addHook('onClose', async () => config.store.close?.())
  if (config.refreshToken.keys.length === 0) return // An instance that only verifies tokens has no sessions to manage.

  if (config.sweepInterval !== null) {
    const sweeper = createSweeper(config.store, config.sweepInterval, app.log)
    app.addHook('onReady', async () => sweeper.start())
    app.addHook('onClose', async () => sweeper.stop())
  }
  if (config.store instanceof MemoryStore) warnOfMemory(app.log)
}

async function registerPrivately (app: FastifyInstance, { accessToken, refreshToken, cookie, deviceBound, now }: Config): Promise<Libraries> {
  const libraries: Partial<Libraries> = {}
  await app.register(async (scope) => {
    scope.decorate('jwt', Object.create(null)) // hides the host's `app.jwt`, whose names would collide with those of @fastify/jwt
    libraries.accessKeyring = await createKeyring(scope, ACCESS_TOKEN_TYP, accessToken.keys)
    libraries.refreshKeyring = await createKeyring(scope, REFRESH_TOKEN_TYP, refreshToken.keys)
    let refreshCookie = await createRefreshCookie(scope, cookie)
    libraries.accessCookie = accessToken.cookie === null ? NO_ACCESS_COOKIE : await createAccessCookie(scope, accessToken.cookie, accessToken.transport)
    libraries.device = null
    if (deviceBound !== null) {
      const proofs = await createDeviceProofs(refreshToken.keys, deviceBound.lifetime, now)
      const boundCookie = await createBoundCookie(scope, deviceBound, proofs)
      libraries.device = { config: deviceBound, proofs, boundCookie }
      refreshCookie = withBoundCookie(refreshCookie, boundCookie)
    }
    libraries.cookie = clearedWith(refreshCookie, libraries.accessCookie)
  })
  return libraries as Libraries
}

interface Libraries {
  accessKeyring: Keyring
  refreshKeyring: Keyring
  cookie: RefreshCookie
  accessCookie: AccessCookie
  /** null: sessions are not bound to devices. */
  device: Pick<DeviceBindingParts, 'config' | 'proofs' | 'boundCookie'> | null
}

/**
 * Register it with `await`, so that `app.authenticate` exists when the routes that use it are added.
 *
 * @throws FST_JWT_INVALID_OPTION at boot, with the option's name and the fix
 */
const jwtRefresh: FastifyPluginAsync<JwtRefreshOptions> = fp(plugin, { fastify: '5.x', name: 'fastify-jwt-refresh' })

// The source has ES module exports only; scripts/declare.js and scripts/bundle.js turn them into `export =`.
export { jwtRefresh as default, MemoryStore }
export type { MemoryStoreOptions } from './lib/stores/memory.ts'
export type * from './types/index.ts'
