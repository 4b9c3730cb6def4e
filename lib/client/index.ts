import { createClient } from './client.ts'
import type { Page } from './page.ts'
import type { AuthClient, AuthClientOptions } from './types.ts'

export { AuthUnavailableError } from './errors.ts'
export type * from './types.ts'

/**
 * The browser's half of the plugin: keeps the access token in memory, refreshes it, and sends it along. Throws a TypeError
 * for a `baseUrl` that is none.
 */
export function createAuthClient<Claims extends object = { [claim: string]: unknown }> (options: AuthClientOptions = {}): AuthClient<Claims> {
  return createClient<Claims>(options, (globalThis as { document?: unknown }).document ? globalThis as unknown as Page : undefined)
}
