import { checkBoolean, checkFields, checkOneOf, checkText, show } from '../checks/fields.ts'
import type { CookieConfig } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/ // RFC 9110 §5.6.2
const PATH = /^\/[\x21-\x3a\x3d-\x7e]*$/ // RFC 6265 §4.1.1: no CTLs, no ";"
const DOMAIN = /^\.?[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*$/i

/**
 * @param defaultPath the enclosing scope's prefix and ours
 * @throws InvalidOptionError
 */
export function parseCookieOptions (value: unknown, defaultPath: string): CookieConfig {
  const fields = checkFields('cookie', value, ['name', 'path', 'domain', 'secure', 'sameSite', 'partitioned'])
  const name = matching('cookie.name', checkText('cookie.name', fields.name) ?? 'refreshToken', TOKEN, 'a cookie name such as "refreshToken"')
  const prefix = /^__(?:host|secure)-/i.exec(name)?.[0].toLowerCase()
  const isHost = prefix === '__host-'

  const path = matching('cookie.path', checkText('cookie.path', fields.path) ?? (isHost ? '/' : defaultPath), PATH, 'a path such as "/auth"')
  const domain = checkText('cookie.domain', fields.domain)
  if (domain !== undefined) matching('cookie.domain', domain, DOMAIN, 'a host name such as "example.com"')
  const secure = checkBoolean('cookie.secure', fields.secure, true)
  const sameSite = checkOneOf('cookie.sameSite', fields.sameSite, ['strict', 'lax', 'none'] as const, 'strict')
  const partitioned = checkBoolean('cookie.partitioned', fields.partitioned, false)

  // Browsers drop a cookie that breaks one of these without a word, and everyone is logged out.
  if (isHost && (path !== '/' || domain !== undefined)) {
    throw new InvalidOptionError(`cookie.name is ${show(name)}: such a cookie has the path "/" and no domain; leave cookie.path and cookie.domain out`)
  }
  if (!secure && prefix !== undefined) throw needsSecure('cookie.name', name)
  if (!secure && sameSite === 'none') throw needsSecure('cookie.sameSite', sameSite)
  if (!secure && partitioned) throw needsSecure('cookie.partitioned', partitioned)
  return { name, path, domain, secure, sameSite, partitioned }
}

function matching (option: string, value: string, pattern: RegExp, wanted: string): string {
  if (pattern.test(value)) return value
  throw new InvalidOptionError(`${option} is ${show(value)}: give ${wanted}`)
}

function needsSecure (option: string, value: unknown): Error {
  return new InvalidOptionError(`${option} is ${show(value)}, which browsers take only from a secure cookie: leave cookie.secure true`)
}
