import { show } from '../checks/fields.ts'
import type { PublicUrl } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'

// No credentials, query, fragment, star or ":parameter".
const PUBLIC_URL = /^https?:\/\/[^/\s*?#@\\]+(?:\/[^\s*?#@\\:]*)?$/i

/**
 * The origin and path at which browsers reach the scope of the plugin, as browsers spell them (WHATWG URL).
 *
 * @throws InvalidOptionError
 */
export function parsePublicUrl (value: unknown): PublicUrl | null {
  if (value === undefined) return null
  if (typeof value === 'string' && PUBLIC_URL.test(value) && URL.canParse(value)) {
    const { origin, pathname } = new URL(value)
    return { origin, path: pathname.replace(/\/+$/, '') }
  }
  throw new InvalidOptionError(`publicUrl is ${show(value)}: give the http or https URL of the scope, such as "https://example.com/api", without a query or a parameter`)
}
