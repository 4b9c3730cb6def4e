import type { AnyRequest, DecoratorName } from '../types/decorators.ts'
import type { JwtRefreshOptions } from '../types/options.ts'
import type { TokenStore } from '../types/session.ts'
import type { Key } from './keys.ts'
import type { RotationWindows } from './rotation.ts'
import type { RouteConfig } from './options/routes.ts'

/** The options as the rest of the code wants them: checked, complete, in one unit. Never changed after boot. */
export interface Config {
  accessToken: AccessTokenConfig
  refreshToken: RefreshTokenConfig
  cookie: CookieConfig
  claims: JwtRefreshOptions['claims']
  store: TokenStore
  /** Milliseconds. */
  storeTimeout: number
  trustedOrigins: ReadonlySet<string>
  routes: Record<'refresh' | 'logout' | 'sessions' | 'jwks', RouteConfig | null>
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
  /** Milliseconds. */
  clockTolerance: number
  /** Entries. */
  cache: number
  extract: ((request: AnyRequest) => string | null | undefined) | undefined
}

export interface RefreshTokenConfig {
  /** Empty where the instance only verifies access tokens. */
  keys: readonly Key[]
  windows: RotationWindows
  /** Seconds. */
  maxAge: number
  transport: 'cookie' | 'body' | 'both'
}

export interface CookieConfig {
  name: string
  path: string
  domain: string | undefined
  secure: boolean
  sameSite: 'strict' | 'lax' | 'none'
  partitioned: boolean
}
