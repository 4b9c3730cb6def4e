import type { RegisterOptions, RouteShorthandOptions } from 'fastify'
import type { LoginClaims } from './claims.ts'
import type { DecoratorName } from './decorators.ts'
import type { JwtRefreshEvent } from './events.ts'
import type { AnyRequest } from './requests.ts'
import type { Session, SessionMetadata, TokenStore } from './session.ts'
import type { Duration, Transport } from './tokens.ts'

/** An asymmetric key pair in PEM. Without `private` it verifies only. */
export interface KeyPair {
  private?: string | Buffer | undefined
  public: string | Buffer
}

/** An HMAC secret of at least 32 bytes (RFC 7518 §3.2), or a key pair. */
export type Secret = string | Buffer | KeyPair

/** The signature algorithms of access tokens (RFC 7518 §3.1, RFC 8037 §3.1). */
export type Algorithm = 'HS256' | 'RS256' | 'PS256' | 'ES256' | 'EdDSA'

/** Access tokens: their lifetime, their claims, and how they are sent. */
export interface AccessTokenOptions {
  /** How long an access token is valid. Default `'15m'`. */
  expiresIn?: Duration | undefined
  /** The `iss` claim: signed into every token and required of every token. */
  issuer?: string | undefined
  /** The `aud` claim: signed into every token. A token must name at least one of these audiences. */
  audience?: string | string[] | undefined
  /** For RSA keys, `'RS256'` (default) or `'PS256'`. Any other key determines its algorithm, which this can only confirm. */
  algorithm?: Algorithm | undefined
  /** The `client_id` claim, which, together with `issuer` and `audience`, makes the access tokens conform to RFC 9068. */
  clientId?: string | undefined
  /** How far a verifier's clock may run ahead of the signer's. Default 0. */
  clockTolerance?: Duration | undefined
  /** How many verified tokens are cached, so that their signatures are not checked again. Default 10000; false or 0: none. */
  cache?: number | boolean | undefined
  /**
   * Reads the token from a place other than `Authorization: Bearer`, for WebSocket and EventSource. `undefined` falls back to
   * that header; `null` means that there is no token, even if the header contains one.
   */
  extract?: ((request: AnyRequest) => string | null | undefined) | undefined
  /**
   * Where access tokens travel for clients that have the refresh token in a cookie. `'body'` (default): in the JSON of the response,
   * and back in `Authorization: Bearer`. `'cookie'`: in an httpOnly cookie and not in the JSON, for pages that a server renders.
   * `'both'`: in both. Clients whose refresh token travels in the body always get the access token there, too.
   */
  transport?: Transport | 'both' | undefined
  /** The cookie of the access token, with `transport: 'cookie'` or `'both'`. */
  cookie?: AccessCookieOptions | undefined
}

/** The cookie has the same `secure` and `partitioned` attributes as the refresh token's `cookie`. */
export interface AccessCookieOptions {
  /**
   * Default `'__Host-accessToken'`; `'__Secure-accessToken'` with a `domain` or a `path` of your own, `'accessToken'` with
   * `cookie: { secure: false }`.
   */
  name?: string | undefined
  /** Default `'/'`. */
  path?: string | undefined
  domain?: string | undefined
  /** Default `'lax'`, so that a user who follows a link from another site is signed in on the page. */
  sameSite?: 'strict' | 'lax' | 'none' | undefined
}

/** Refresh tokens: their lifetime, their rotation, and how they are sent. */
export interface RefreshTokenOptions {
  /** The idle timeout of a session: each refresh that issues a new refresh token restarts it. Default `'7d'`. */
  expiresIn?: Duration | undefined
  /** The maximum lifetime of a session, counted from the login. Default `'30d'`. */
  maxAge?: Duration | undefined
  /**
   * The HMAC secret of the refresh tokens, newest first. Default: derived by HKDF (RFC 5869) from each HMAC `secret`.
   * Refresh tokens that were signed with a derived key remain valid as long as that `secret` is listed.
   */
  secret?: string | Buffer | Array<string | Buffer> | undefined
  /** true: rotation with the windows below. `'strict'`: without windows. false: the login's token serves for the whole session. */
  rotation?: boolean | 'strict' | undefined
  /**
   * For how long tabs may share a refresh token, and how old a token must be to be rotated. At most `accessToken.expiresIn`.
   * Default: `'45s'`, but at most `accessToken.expiresIn` and half of `expiresIn`.
   */
  overlap?: Duration | undefined
  /** For how long a used token may be sent again because the response was lost. Default `Infinity`. */
  retryWindow?: Duration | undefined
  /** If the store has lost writes, how old a token may be that restores its session. Default `'1d'`. */
  recoveryWindow?: Duration | undefined
  /** Where refresh tokens travel. Default `'cookie'`. */
  transport?: Transport | 'both' | undefined
  /**
   * Reads the token of the body transport from another place, such as a header of an existing API. If it finds
   * none, the body is read. A cross-site request with such a token is refused, like one with a cookie.
   */
  extract?: ((request: AnyRequest) => string | null | undefined) | undefined
}

/** The cookie of the refresh token. */
export interface CookieOptions {
  /**
   * Default `'__Host-refreshToken'`, which no other host can set (RFC 6265bis §4.1.3); `'__Secure-refreshToken'` with a
   * `domain` or a `path` of your own, `'refreshToken'` with `secure: false`.
   */
  name?: string | undefined
  /** Default `'/'`. The refresh and logout routes must lie under it, as the browser sees them: see `publicUrl`. */
  path?: string | undefined
  domain?: string | undefined
  /** Default true. Browsers treat `http://localhost` as secure. */
  secure?: boolean | undefined
  /** Default `'strict'`. `'lax'` lets a link on another site open a page that uses `app.refresh`. `'none'` needs `secure`. */
  sameSite?: 'strict' | 'lax' | 'none' | undefined
  /** A separate cookie for each top-level site (CHIPS). Default false. */
  partitioned?: boolean | undefined
}

/** Sessions that are bound to a key of the client (RFC 9449). Experimental. */
export interface DpopOptions {
  /**
   * `'optional'`: a session is bound if its login contains a proof. `'required'`: a login without a proof is a 400.
   * Sessions that were started before, or with `sessions.create`, stay unbound. Default `'optional'`.
   */
  mode?: 'optional' | 'required' | undefined
  /**
   * `'refresh'`: a refresh and a logout everywhere need a proof; access tokens remain Bearer tokens. `'all'`: access tokens are
   * bound, too, and `authenticate` asks for a proof in each request (`Authorization: DPoP`). Default `'refresh'`.
   */
  bind?: 'refresh' | 'all' | undefined
  /** Whether each proof must carry a nonce from the server, which occasionally costs clients another round trip. Default false. */
  nonce?: boolean | undefined
  /**
   * How old a proof without a nonce may be, and how far the client's clock may be ahead. A nonce is valid for at least this time
   * and at most twice as long. At most five minutes without `nonce`. Default `'60s'`.
   */
  window?: Duration | undefined
}

/** Binds sessions to a key that the browser has registered (Device Bound Session Credentials). Experimental. */
export interface DeviceBoundOptions {
  /**
   * How long the bound cookie is valid, and therefore for how long a thief who has copied all cookies can use them. Browsers renew a
   * cookie with a lifetime of less than two minutes at each request. Default `'5m'`, at most an hour.
   */
  lifetime?: Duration | undefined
  /**
   * The name of the bound cookie. Default `'__Host-deviceBound'`; `'__Secure-deviceBound'` with a `cookie.path` or `cookie.domain` of
   * your own.
   */
  cookieName?: string | undefined
}

/** A route of the plugin: `false` leaves it out, a string is its path, an object adds Fastify's route options. */
export type RouteOption = boolean | string | (RouteShorthandOptions & { path?: string | undefined })

/** The routes of the plugin: each is on or off, at a path of its own, or with options of Fastify. */
export interface RoutesOptions {
  /** `POST /refresh`. Default on. */
  refresh?: RouteOption | undefined
  /** `POST /logout`. Default on. */
  logout?: RouteOption | undefined
  /**
   * `GET /sessions` and `DELETE /sessions/:id`. Default off. `requireRecentLogin`: a session is ended only if the user logged in
   * within that time (ASVS 5.0 7.5.2); otherwise the response is 401 `FST_JWT_LOGIN_TOO_OLD`.
   */
  sessions?: boolean | string | (Exclude<RouteOption, boolean | string> & { requireRecentLogin?: Duration | undefined }) | undefined
  /** `GET /.well-known/jwks.json` at the server's root. Default off. */
  jwks?: RouteOption | undefined
}

/** A token of another scheme that the host has verified, so that its session can continue with this plugin. */
export interface AdoptedToken {
  /** The claims of the session, as for `issueTokens`. */
  claims: LoginClaims
  /**
   * Identifies this token among all others of the app: its `jti`, or the id of its row; at most 256 characters. The id of the session
   * is derived from it. The session's refresh tokens and events contain it, so never use the token itself.
   */
  key: string
  /** When the user was last authenticated, in seconds since the epoch. Without it, `requireRecentLogin` asks for a login. */
  authTime?: number | undefined
  /**
   * Whether `markTradedIn` has been called for this token before. If true, the token starts no session, so a session that has ended
   * stays ended. Default false: then the app must revoke the token itself when the event `ended` or `reused` comes with its `key`.
   */
  tradedIn?: boolean | undefined
  /** Records the token, so that `tradedIn` is true from now on. Called and awaited once the session is in the store, before the response. */
  markTradedIn?: (() => unknown) | undefined
}

/** The options of the plugin. Fastify's own register options `logLevel` and `logSerializers` apply to the plugin's routes. */
export interface JwtRefreshOptions extends RegisterOptions {
  /**
   * Signs and verifies the access tokens. In an array, the first one signs and all verify, selected by `kid`. The type allows undefined
   * for a missing environment variable; the plugin then throws at boot.
   */
  secret: Secret | Secret[] | undefined
  accessToken?: AccessTokenOptions | undefined
  refreshToken?: RefreshTokenOptions | undefined
  cookie?: CookieOptions | undefined
  /**
   * Called in every accepted refresh, for up-to-date claims: with the session as it is after the write, or, with
   * `rotation: 'strict'`, as it is before.
   * null ends the session. So does undefined, the result of a lookup that found nobody; the type does not allow it because it
   * may also be a forgotten `return`. The returned claims are signed, not stored.
   */
  claims?: ((session: Session, request: AnyRequest) => LoginClaims | null | Promise<LoginClaims | null>) | undefined
  /**
   * For migrating from another scheme: reads and verifies a token that the app has issued so far. Called in a refresh that brings no
   * genuine token of the plugin, after the check for cross-site requests. Returns null or undefined if there is no such token, or
   * if it is not valid.
   */
  adopt?: ((request: AnyRequest) => AdoptedToken | null | undefined | Promise<AdoptedToken | null | undefined>) | undefined
  /**
   * What is stored with a session in addition to the `metadata` of `issueTokens`, to show users their devices.
   * Default: `userAgent` and `ip`, at most 256 characters each. false, or a function that returns false: nothing.
   */
  metadata?: ((request: AnyRequest) => SessionMetadata | false) | false | undefined
  /**
   * How many sessions a subject may have. A login beyond that ends the least recently used ones. `Infinity`: any
   * number. Default 100.
   */
  maxSessionsPerSubject?: number | undefined
  /** Default: a `MemoryStore`, for one process. */
  store?: TokenStore | undefined
  /**
   * How long the store, `claims` and `adopt` together may take for a refresh, a login, a logout or a call of `sessions` before the
   * answer is a 503. Default `'2s'`.
   */
  storeTimeout?: Duration | undefined
  /** How often the plugin calls the store's `sweep`, plus or minus half. `false`: the plugin does not call it. Default `'10s'`. */
  sweepInterval?: Duration | false | undefined
  /** Exact origins, such as `'https://app.example.com'`, that may refresh and log out across sites. */
  trustedOrigins?: string[] | undefined
  /**
   * The URL at which browsers reach the scope in which the plugin is registered, such as `'https://example.com/api'`.
   * Needed behind a proxy that changes the path or the host: `cookie.path` is checked against this URL, and its origin is not
   * cross-site.
   */
  publicUrl?: string | undefined
  /** Binds sessions to a key of the client, so that a stolen token is useless (RFC 9449). Experimental; default off. */
  dpop?: DpopOptions | undefined
  /**
   * Offers browsers at each login to bind the session to a key of their device, so that copied cookies become useless (Device Bound
   * Session Credentials). Browsers without support ignore the offer. Needs the cookie transport and https. Experimental; default off.
   */
  deviceBound?: boolean | DeviceBoundOptions | undefined
  /** The prefix of the plugin's routes. Default `'/auth'`. */
  prefix?: string
  routes?: RoutesOptions | undefined
  /** Other names for the decorators. */
  decorators?: { [Name in DecoratorName]?: string | undefined } | undefined
  /**
   * Called for every login, refresh, reuse, recovery, end of a session, refusal and failure. Never awaited; an error that it throws
   * is logged. The event contains no token, but the request has its cookies, headers and body: log single fields of the request,
   * never all of it.
   */
  onEvent?: ((event: JwtRefreshEvent, request: AnyRequest | null) => unknown) | undefined
  /** The clock, in milliseconds since the epoch. Default `() => Date.now()`, which follows the fake clock of a test runner. */
  now?: (() => number) | undefined
}
