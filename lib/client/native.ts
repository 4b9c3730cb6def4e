import { createAuthClient as createCookieClient } from './index.ts'
import type { AnyClaims, AuthClient, AuthClientOptions, TokenResult } from './types.ts'

export { AuthUnavailableError, LogInRefusedError } from './errors.ts'
export type * from './types.ts'

/** Stores the refresh token, for example in the keychain of the device. */
export interface RefreshTokenStorage {
  /** The token that was saved last; null or undefined if there is none. */
  load (): string | null | undefined | Promise<string | null | undefined>
  /**
   * Called before the access token that came with the refresh token is used; null removes the refresh token. If it rejects, the
   * refresh fails, and the next one tries again.
   */
  save (refreshToken: string | null): unknown
}

export interface NativeAuthClientOptions extends AuthClientOptions {
  /** Where the API is: an absolute URL. */
  baseUrl: string | URL
  refreshToken: RefreshTokenStorage
}

export interface NativeTokenResult extends TokenResult {
  refreshToken?: string | undefined
}

export interface NativeAuthClient<Claims extends object = AnyClaims> extends AuthClient<Claims> {
  /** Adopts the response to a login that was sent in another way. Resolves when the refresh token is saved. */
  setSession (result: NativeTokenResult): Promise<void>
}

type Fetch = typeof globalThis.fetch

const SESSION_OVER = /"FST_JWT_(REFRESH_TOKEN_|PROOF_REQUIRED)/

/** The server has sent a cookie instead, which this client does not store, so the session would end with the access token. */
class NoRefreshTokenError extends TypeError {
  override message = "The login was answered without a refreshToken: the server needs refreshToken.transport 'body', or 'both' and issueTokens(claims, { transport: 'body' })"
}

/**
 * Creates the client for apps without a cookie jar, such as those of React Native: the refresh token is sent and received in the
 * body, and kept in a storage that the app provides. The server's option `refreshToken.transport` must be `'body'` or `'both'`.
 *
 * @throws TypeError for an unknown option or an invalid value, and if the platform lacks a required feature
 */
export function createAuthClient<Claims extends object = { [claim: string]: unknown }> (options: NativeAuthClientOptions): NativeAuthClient<Claims> {
  if (!('atob' in globalThis)) throw new TypeError('createAuthClient: the platform has no atob: React Native has it from 0.74 on')
  mustHaveUrls()
  const { refreshToken: storage, ...rest } = options
  if (typeof storage?.load !== 'function' || typeof storage.save !== 'function') {
    throw new TypeError('createAuthClient: the option refreshToken must be of the form { load, save }')
  }
  if (!rest.baseUrl) throw new TypeError('createAuthClient: the option baseUrl must be an absolute URL')
  const send: Fetch = rest.fetch ?? ((input, init) => fetch(input, init))
  const auth = createCookieClient<Claims>({ ...rest, fetch: sendWithToken })
  const refreshUrl = new URL(rest.refreshPath ?? '/auth/refresh', rest.baseUrl).href
  const logoutUrl = new URL(rest.logoutPath ?? '/auth/logout', rest.baseUrl).href

  async function sendWithToken (input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const url = typeof input === 'object' && 'url' in input ? input.url : input
    if (!auth.usesCookie(url)) return await send(input, init)

    const isLogIn = url !== refreshUrl && url !== logoutUrl
    const saved = await storage.load()
    if (!saved && url === refreshUrl) return new Response('{"code":"FST_JWT_REFRESH_TOKEN_MISSING"}', { status: 403 })
    // Without cookies, since the platform may have a cookie jar with another session in it.
    const response = await send(input, { ...init, ...(saved && !isLogIn && withToken(init, saved)), credentials: 'omit' })
    const text = await response.clone().text()
    const { accessToken, refreshToken } = readTokens(text)
    if (response.ok && isLogIn && accessToken && !refreshToken) throw new NoRefreshTokenError()
    if (response.ok) await save(url === logoutUrl ? null : refreshToken, saved)
    else if (!isLogIn && SESSION_OVER.test(text)) await save(null, saved)
    return response
  }

  /** @param saved the token in the storage */
  async function save (token: string | null | undefined, saved: string | null | undefined): Promise<void> {
    if (token !== undefined && token !== saved) await storage.save(token)
  }

  return {
    ...auth,
    async logIn (body) {
      return await auth.logIn(body).catch((error: Error) => {
        throw error.cause instanceof NoRefreshTokenError ? error.cause : error
      })
    },
    async setSession (result) {
      auth.setSession(result)
      await save(result.refreshToken, undefined)
    }
  }
}

function withToken ({ headers, body }: RequestInit, refreshToken: string): RequestInit {
  return {
    headers: { ...headers as object, 'content-type': 'application/json' },
    body: JSON.stringify({ ...JSON.parse(String(body ?? '{}')), refreshToken })
  }
}

/** Empty if there are none: the response may be a page that asks for a second factor. */
function readTokens (text: string): Partial<NativeTokenResult> {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

/** In older versions of React Native, URL throws, or lacks properties such as `pathname`. */
function mustHaveUrls (): void {
  try {
    if (new URL('/a', 'https://example.com/b').pathname === '/a') return
  } catch {
    // As below.
  }
  throw new TypeError('createAuthClient: the platform\'s URL is incomplete: import "react-native-url-polyfill/auto" first')
}
