import { createClient } from './client.ts'
import type { Page } from './page.ts'
import type { AuthClient, AuthClientOptions } from './types.ts'

export { AuthUnavailableError, LogInRefusedError } from './errors.ts'
export type * from './types.ts'

/**
 * Creates the client for browsers: it keeps the access token in memory, refreshes it, and sends it with requests.
 *
 * @throws TypeError for an unknown option or an invalid value, if `baseUrl` is missing in a page whose address cannot be a base URL,
 *   and if there is no `fetch`
 */
export function createAuthClient<Claims extends object = { [claim: string]: unknown }> (options: AuthClientOptions = {}): AuthClient<Claims> {
  if (!options.fetch && !('fetch' in globalThis)) throw new TypeError('createAuthClient: there is no global fetch: give one as the option fetch')
  const page = (globalThis as { document?: unknown }).document ? globalThis as unknown as Page : undefined
  // The app declares the type of the claims; the page cannot check it.
  return createClient(options, page) as AuthClient<Claims>
}
