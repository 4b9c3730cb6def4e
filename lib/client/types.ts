/** The body that `reply.issueTokens` resolves to and `POST /auth/refresh` responds with. */
export interface TokenResult {
  accessToken: string
  /** Seconds. */
  expiresIn: number
}

/** The claims of the access token. They are for display only: the client does not verify them, only the server does. */
export interface TokenClaims {
  readonly sub?: string
  readonly sid?: string
  readonly iat?: number
  readonly exp?: number
}

/**
 * Claims without a declared type. They are `any`, because an interface is not assignable to an index signature of another type: so an
 * `AuthClient<MyClaims>` is assignable to `AuthClient`.
 */
export interface AnyClaims {
  [claim: string]: any // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** The current state, without the token. A new object after each change, and the same one in between. */
export interface AuthSnapshot<Claims extends object = AnyClaims> {
  /** `'unknown'` until the server has responded: a page cannot see whether there is a refresh token. */
  readonly status: 'unknown' | 'signed-in' | 'signed-out'
  /** The claims of the access token while signed in, otherwise null. */
  readonly claims: (TokenClaims & Claims) | null
  /** When the access token expires, in ms by this machine's clock. */
  readonly expiresAt: number | null
  /** Why the last refresh failed, or null. The failure has not ended the session. */
  readonly error: Error | null
}

/** Options of `getToken`. */
export interface GetTokenOptions {
  /**
   * Where the token will be sent. Resolves to null if its origin is not listed, and for the login, refresh and logout routes, which do
   * not need a token.
   */
  url?: string | URL | undefined
  /**
   * How long the token must still be valid, in seconds; at most nine tenths of its lifetime. Default 5, but at most a
   * quarter of its lifetime.
   */
  minValidity?: number | undefined
  /**
   * A token that the API has refused: another one is requested, unless there already is one. Resolves to null if the API has just
   * refused several new tokens, since another try would be pointless.
   */
  rejected?: string | undefined
  /** Asks the server for a new token, even if the current one is still valid. */
  force?: boolean | undefined
  /** Aborts this call, but not the refresh that other callers share. */
  signal?: AbortSignal | null | undefined
}

/** Options of `logout`. */
export interface LogoutOptions {
  /** Ends all sessions of the user, on every device. */
  everywhere?: boolean | undefined
}

/** Durations are in seconds, as in the plugin's options. */
export interface AuthClientOptions {
  /** The absolute URL of the API. Default: the page's address. */
  baseUrl?: string | URL | undefined
  /** Default `'/auth/refresh'`. Paths are resolved against `baseUrl` as a link is. */
  refreshPath?: string | undefined
  /** Default `'/auth/logout'`. */
  logoutPath?: string | undefined
  /**
   * The routes that start a session. They are sent with credentials, so that an API on another origin can set its cookie, but without
   * a token, and a 401 from them does not cause a refresh. A query and a trailing slash make no difference. Default `'/login'`.
   */
  loginPath?: string | readonly string[] | undefined
  /** Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined
  /** Sent with each refresh, `logIn` and `logout`. */
  headers?: { readonly [name: string]: string } | undefined
  /** Other origins to which the token may be sent, such as `https://files.example.com`. It is always sent to that of `baseUrl`. */
  origins?: readonly string[] | undefined
  /** How long before its expiry the token is refreshed in the background; at most a quarter of its lifetime. Default 60. */
  leeway?: number | undefined
  /** How long a refresh, `logIn` or `logout` may take, and how long it waits for other tabs. Default 10. */
  timeout?: number | undefined
  /** true: refreshes in the background while the tab is visible. `'always'`: also while it is hidden. Only in a browser. Default true. */
  autoRefresh?: boolean | 'always' | undefined
  /**
   * How long after the last pointer, key, touch or wheel event in any tab background refreshes stop, in seconds, so that an unattended
   * page does not keep the session alive beyond its idle timeout (ASVS 5.0 7.3.1). Default `Infinity`: never.
   */
  idleAfter?: number | undefined
  /** true: shares new tokens with the other tabs. `'strict'`: only tells them that there is one. false: neither. Default true. */
  crossTab?: boolean | 'strict' | undefined
  /** The name of the lock and the channel that tabs share. Default: the refresh route's URL. */
  key?: string | undefined
}

/** The client. Its functions do not use `this`, so they can be passed around. */
export interface AuthClient<Claims extends object = AnyClaims> {
  /** Like the global `fetch`, but sends the access token, and retries once after a 401. */
  fetch: typeof globalThis.fetch
  /**
   * Resolves to a valid access token, or to null if the user is signed out. Rejects with AuthUnavailableError if the server cannot be
   * reached, and with the signal's reason if it is aborted.
   */
  getToken (options?: GetTokenOptions): Promise<string | null>
  /**
   * Whether a URL is that of a login, refresh or logout route, which must be requested with credentials. `fetch` and the adapter for
   * axios do so by themselves; this method is for code that sends requests in another way.
   */
  usesCookie (url: string | URL): boolean
  /** Resolves when it is known whether a user is signed in. Rejects as `getToken` does. */
  ready (): Promise<AuthSnapshot<Claims>>
  /** Refreshes now, even if the token is still valid, and even during the pause after a failure. */
  refresh (): Promise<AuthSnapshot<Claims>>
  /**
   * Posts the body to `loginPath` (the first one, if there are several), as JSON, and adopts the session. Rejects with
   * LogInRefusedError if the response has no access token, and with AuthUnavailableError if there is no response.
   */
  logIn (body: object): Promise<AuthSnapshot<Claims>>
  /** Adopts the response to a login that was sent in another way. */
  setSession (result: TokenResult): void
  /** Ends the session on the server, then in this tab and the others. If it rejects, the session has not ended. */
  logout (options?: LogoutOptions): Promise<void>
  /** Returns the current state: a new object after each change, and the same one in between. */
  getSnapshot (): AuthSnapshot<Claims>
  /** Calls `onChange` after each change. Returns a function that unsubscribes. */
  subscribe (onChange: () => void): () => void
  /** Stops background refreshes and the messages between tabs. */
  dispose (): void
}
