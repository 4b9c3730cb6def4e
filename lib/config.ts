import type { JsonWebKey } from 'node:crypto'
import type { RouteShorthandOptions } from 'fastify'
import type { DecoratorName } from '../types/decorators.ts'
import type { Algorithm, JwtRefreshOptions } from '../types/options.ts'
import type { AnyRequest } from '../types/requests.ts'
import type { SessionMetadata, TokenStore } from '../types/session.ts'
import type { Transport } from '../types/tokens.ts'

/** The options as the rest of the code reads them: checked, complete, and in fixed units. Never changed after boot. */
export interface Config {
  accessToken: AccessTokenConfig
  refreshToken: RefreshTokenConfig
  cookie: CookieConfig
  claims: JwtRefreshOptions['claims']
  adopt: JwtRefreshOptions['adopt']
  metadata: (request: AnyRequest) => SessionMetadata
  /** Infinity: no limit. */
  maxSessionsPerSubject: number
  store: TokenStore
  /** Milliseconds. */
  storeTimeout: number
  /** Milliseconds; null: the plugin does not call the store's `sweep`. */
  sweepInterval: number | null
  trustedOrigins: ReadonlySet<string>
  publicUrl: PublicUrl | null
  /** null: off. */
  dpop: DpopConfig | null
  /** null: off. */
  deviceBound: DeviceBoundConfig | null
  routes: Record<RouteName, RouteConfig | null>
  decorators: Record<DecoratorName, string>
  onEvent: JwtRefreshOptions['onEvent']
  now: () => number
}

export interface AccessTokenConfig {
  keys: readonly Key[]
  /** Seconds. */
  expiresIn: number
  issuer: string | undefined
  audience: string | string[] | undefined
  clientId: string | undefined
  /** Whether the access tokens of a session that is bound to a key are bound, too (`dpop.bind`). */
  isBound: boolean
  /** Milliseconds. */
  clockTolerance: number
  /** Entries. */
  cache: number
  extract: ((request: AnyRequest) => string | null | undefined) | undefined
  /** Where it travels for clients that have the refresh token in a cookie. */
  transport: Transport | 'both'
  /** null: it does not travel in a cookie. */
  cookie: CookieConfig | null
}

export interface RefreshTokenConfig {
  /** Empty if the instance only verifies access tokens. */
  keys: readonly Key[]
  windows: RotationWindows
  /** Seconds. */
  maxAge: number
  transport: Transport | 'both'
  extract: ((request: AnyRequest) => string | null | undefined) | undefined
}

/** In milliseconds. Each window is half-open, `[0, w)`, so a window of 0 is empty. */
export interface RotationWindows {
  /** The idle timeout of a session. */
  expiresIn: number
  overlap: number
  retryWindow: number
  recoveryWindow: number
  /** false: the login's token serves for the whole session. */
  rotate: boolean
  /** For how long a login's token is not rotated, because the browser may be registering its key with it. Absent: not at all. */
  registration?: number
}

/** A key as `@fastify/jwt` takes it, with the one algorithm it is used for (RFC 8725 §3.1). */
export interface Key {
  /** RFC 7638 thumbprint of a public key; an HKDF output of an HMAC secret. */
  kid: string
  algorithm: Algorithm
  secret: Buffer | { public: string } | { public: string, private: string }
  canSign: boolean
  /** The public JWK (RFC 7517); null for an HMAC secret. */
  jwk: JsonWebKey | null
}

export interface CookieConfig {
  name: string
  path: string
  domain: string | undefined
  secure: boolean
  sameSite: 'strict' | 'lax' | 'none'
  partitioned: boolean
}

export interface DpopConfig {
  /** Whether a login without a proof is refused. */
  isRequired: boolean
  /** Whether access tokens are bound, too. */
  bindsAccessTokens: boolean
  /** Whether each proof must carry a nonce from this server. */
  needsNonce: boolean
  /** Milliseconds. */
  window: number
}

/** The configuration of Device Bound Session Credentials. */
export interface DeviceBoundConfig {
  /** The lifetime of the bound cookie, in seconds. */
  lifetime: number
  /** The bound cookie. */
  cookie: CookieConfig
  /** In the scope in which the plugin is registered. */
  routes: DeviceBoundPaths
  /** As browsers see them. */
  paths: DeviceBoundPaths
  /** The paths, as browsers see them, of the requests that browsers defer until they have a bound cookie. */
  heldBack: string[]
  /** The hosts whose pages may cause the browser to renew the bound cookie. */
  initiators: string[]
}

export interface DeviceBoundPaths {
  register: string
  refresh: string
}

/** The URL at which browsers reach the scope of the plugin. */
export interface PublicUrl {
  origin: string
  /** Without a trailing slash; empty if the scope is at the root. */
  path: string
}

export type RouteName = 'refresh' | 'logout' | 'sessions' | 'jwks'

export interface RouteConfig {
  /** The path of the route within the scope in which the plugin is registered. */
  path: string
  /** At most how many seconds ago the user must have logged in to end a session; null: any time ago. */
  recentLogin: number | null
  /** The Fastify route options that the host adds. */
  options: RouteShorthandOptions
}
