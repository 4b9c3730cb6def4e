/** What `reply.issueTokens` and `POST /auth/refresh` answer with. */
export interface TokenResult {
  accessToken: string
  /** Seconds. */
  expiresIn: number
}

/** What the access token says; read for display, never trusted: only the server verifies. */
export interface TokenClaims {
  readonly sub?: string
  readonly sid?: string
  readonly iat?: number
  readonly exp?: number
}

/**
 * Claims without a declared type. `any`, since an interface is not assignable to other index signatures: it makes an
 * `AuthClient<MyClaims>` assignable to `AuthClient`.
 */
export interface AnyClaims {
  [claim: string]: any // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** The state at one moment, without the token. A new object at each change, the same one in between. */
export interface AuthSnapshot<Claims extends object = AnyClaims> {
  /** `'unknown'` until the server has answered: a page cannot see whether there is a refresh token. */
  readonly status: 'unknown' | 'signed-in' | 'signed-out'
  /** Of the access token, while signed in. */
  readonly claims: (TokenClaims & Claims) | null
  /** When the access token ends, in ms by this machine's clock. */
  readonly expiresAt: number | null
  /** Why the last refresh failed; the session is still there. */
  readonly error: Error | null
}

/** Options of `getToken`. */
export interface GetTokenOptions {
  /**
   * Where the token is to be sent: null unless its origin is listed, and for the login, refresh and logout routes, which no
   * token helps.
   */
  url?: string | URL | undefined
  /**
   * How long the token must still be valid, in seconds; at most nine tenths of its lifetime. Default 5, but at most a
   * quarter of its lifetime.
   */
  minValidity?: number | undefined
  /**
   * A token that the API has refused: another one is fetched, unless there already is one. Resolves to null if the API has just
   * refused a token that was equally new, since another try would be pointless.
   */
  rejected?: string | undefined
  /** Ask the server, however fresh the token is. */
  force?: boolean | undefined
  /** Ends this call, and nobody else's. */
  signal?: AbortSignal | null | undefined
}

/** Options of `logout`. */
export interface LogoutOptions {
  /** End all sessions of the user, on every device. */
  everywhere?: boolean | undefined
}

/** Durations are in seconds, as in the plugin's options. */
export interface AuthClientOptions {
  /** Where the API is: an absolute URL. Default: the page's address. */
  baseUrl?: string | URL | undefined
  /** Default `'/auth/refresh'`. Paths are resolved against `baseUrl` as a link is. */
  refreshPath?: string | undefined
  /** Default `'/auth/logout'`. */
  logoutPath?: string | undefined
  /**
   * The routes that start a session: they get the credentials that an API on another origin needs to set its cookie, but no
   * token, and their 401 means a wrong password. A query and a trailing slash make no difference. Default `'/login'`.
   */
  loginPath?: string | readonly string[] | undefined
  /** Default: the global one. */
  fetch?: typeof globalThis.fetch | undefined
  /** Sent with each refresh, `logIn` and `logout`. */
  headers?: { readonly [name: string]: string } | undefined
  /** Further origins that get the token, such as `https://files.example.com`. The origin of `baseUrl` always does. */
  origins?: readonly string[] | undefined
  /** How long before the token's end it is refreshed in the background; a quarter of its lifetime at most. Default 60. */
  leeway?: number | undefined
  /** How long a refresh, `logIn` or `logout` may take, and how long it waits for other tabs. Default 10. */
  timeout?: number | undefined
  /** Refresh in the background while the tab is visible, `'always'`, or never. Only in a browser. Default true. */
  autoRefresh?: boolean | 'always' | undefined
  /**
   * How long after the last pointer, key, touch or wheel event in any tab background refreshes stop, in seconds: an unattended
   * page must not keep the session alive beyond its idle timeout (ASVS 5.0 7.3.1). Default `Infinity`: never.
   */
  idleAfter?: number | undefined
  /** Tell the other tabs the new token, with `'strict'` only that there is one, or nothing. Only in a browser. Default true. */
  crossTab?: boolean | 'strict' | undefined
  /** Names the lock and the channel of the tabs. Default: the refresh route's URL. */
  key?: string | undefined
}

/** Its functions do not use `this`, so they can be passed around. */
export interface AuthClient<Claims extends object = AnyClaims> {
  /** `fetch` with the access token, and one more try after a 401. */
  fetch: typeof globalThis.fetch
  /**
   * An access token that is good now, or null: signed out. Rejects with AuthUnavailableError where the server cannot be
   * asked, and with the signal's reason.
   */
  getToken (options?: GetTokenOptions): Promise<string | null>
  /**
   * Whether a URL is that of a login, refresh or logout route, which must be sent with credentials. `fetch` and the adapter
   * for axios do this by themselves; the method is for code that sends a request in another way.
   */
  usesCookie (url: string | URL): boolean
  /** Once it is known whether anyone is signed in. Rejects as `getToken` does. */
  ready (): Promise<AuthSnapshot<Claims>>
  /** Asks the server now, whatever is known and however long it asked to be left alone. */
  refresh (): Promise<AuthSnapshot<Claims>>
  /**
   * Posts the body to `loginPath` (the first one, if there are several), as JSON, and adopts the session. Rejects with
   * LogInRefusedError if the answer has no access token, and with AuthUnavailableError if there is no answer.
   */
  logIn (body: object): Promise<AuthSnapshot<Claims>>
  /** Adopts the answer of a login that was sent in another way. */
  setSession (result: TokenResult): void
  /** Ends the session on the server, then here and in the other tabs. Where it rejects, the session goes on. */
  logout (options?: LogoutOptions): Promise<void>
  /** The state now: a new object at each change, the same one in between. */
  getSnapshot (): AuthSnapshot<Claims>
  /** Calls back after each change; returns how to stop that. */
  subscribe (onChange: () => void): () => void
  /** Stops the timer and leaves the other tabs. */
  dispose (): void
}
