import { createProvingFetch } from './dpop/fetch.ts'
import { createIndexedDbStorage } from './dpop/key-storage.ts'
import type { ProofKeyStorage } from './dpop/key-storage.ts'
import type { createAuthClient } from './index.ts'
import type { createAuthClient as createNativeClient, NativeAuthClient, NativeAuthClientOptions } from './native.ts'
import type { AuthClient, AuthClientOptions } from './types.ts'

export type { ProofKeyPair, ProofKeyStorage } from './dpop/key-storage.ts'

/** The options of `withDpop`, in addition to those of the client. */
export interface DpopOptions {
  /** Where the key is stored. Default: in IndexedDB, which all tabs of an origin share. Required if there is none, as in Node.js. */
  keys?: ProofKeyStorage | undefined
}

/**
 * Creates a client whose session is bound to a key of this device (RFC 9449), so that a copy of its tokens is useless elsewhere. The
 * server needs the option `dpop`.
 *
 * ```ts
 * const auth = withDpop(createAuthClient, { baseUrl: 'https://api.example.com' })
 * ```
 *
 * @param create `createAuthClient` of `fastify-jwt-refresh/client` or of `…/client/native`
 * @param options the options of that client, and `keys`
 * @throws TypeError for options that `create` refuses, and for `keys` without `load` and `save`
 */
export function withDpop<Claims extends object = { [claim: string]: unknown }> (
  create: typeof createAuthClient, options?: AuthClientOptions & DpopOptions
): AuthClient<Claims>
export function withDpop<Claims extends object = { [claim: string]: unknown }> (
  create: typeof createNativeClient, options: NativeAuthClientOptions & DpopOptions
): NativeAuthClient<Claims>
export function withDpop (create: (options: any) => AuthClient, options: AuthClientOptions & DpopOptions = {}): AuthClient { // eslint-disable-line @typescript-eslint/no-explicit-any -- the options of either client
  const { keys = createIndexedDbStorage(() => rest.key || refreshUrl().href), ...rest } = options
  if (typeof keys?.load !== 'function' || typeof keys.save !== 'function') throw new TypeError('withDpop: the option keys must be of the form { load, save }')
  const send: typeof globalThis.fetch = rest.fetch ?? ((input, init) => fetch(input, init))
  const client = create({
    ...rest,
    fetch: createProvingFetch(send, keys, {
      locate: (url) => new URL(url, pageUrl() ?? rest.baseUrl),
      isOfSession: (url) => client.usesCookie(url),
      isRefresh: ({ href }) => href === refreshUrl().href,
      isLogout: ({ href }) => href === resolve(rest.logoutPath ?? '/auth/logout').href
    })
  })
  return client

  function refreshUrl (): URL {
    return resolve(rest.refreshPath ?? '/auth/refresh')
  }

  function resolve (path: string): URL {
    return new URL(path, rest.baseUrl || pageUrl())
  }
}

function pageUrl (): string | undefined {
  return (globalThis as { document?: { baseURI: string } }).document?.baseURI
}
