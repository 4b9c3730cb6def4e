import type { Settings } from './options.ts'

/** Resolves and classifies URLs. */
export interface Addresses {
  /** Resolves a path of the API. */
  readonly resolve: (path: string) => URL
  /** Resolves a URL from the app, as `fetch` does. */
  readonly locate: (url: string | URL) => URL
  /** Whether the access token may be sent there. */
  readonly isTrusted: (url: URL) => boolean
  /** Whether it is a login, refresh or logout route: these use the cookie and need no access token. */
  readonly usesCookie: (url: string | URL) => boolean
}

/**
 * URLs are resolved only when they are needed: when a page is rendered on the server, a client may be created without an address and
 * never be used.
 *
 * @param pageUrl undefined outside of a page
 */
export function createAddresses ({ baseUrl, refreshPath, logoutPath, loginPath, origins }: Settings, pageUrl: string | undefined): Addresses {
  function resolve (path: string): URL {
    try {
      return new URL(path, baseUrl || pageUrl)
    } catch (cause) {
      throw new TypeError('createAuthClient: the option baseUrl is needed, because there is no page with an address', { cause })
    }
  }

  function locate (url: string | URL): URL {
    return new URL(url, pageUrl ?? resolve(''))
  }

  return {
    resolve,
    locate,
    isTrusted: ({ origin }) => [resolve('').href, ...origins].some((url) => new URL(url).origin === origin),
    usesCookie (url) {
      const route = toRoute(locate(url))
      return [refreshPath, logoutPath].concat(loginPath).some((path) => toRoute(resolve(path)) === route)
    }
  }
}

/** Without the query and a trailing slash. */
function toRoute ({ origin, pathname }: URL): string {
  return origin + pathname.replace(/\/$/, '')
}
