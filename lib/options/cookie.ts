import { checkBoolean, checkFields, checkOneOf, checkText, show } from '../checks/fields.ts'
import type { CookieConfig } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { COOKIE_HABITS } from './habits.ts'

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/ // RFC 9110 §5.6.2
const PATH = /^\/[\x21-\x3a\x3d-\x7e]*$/ // RFC 6265 §4.1.1: no CTLs, no ";"
const DOMAIN = /^\.?[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*$/i

const PREFIX = /^__(host|secure|http)-/i
const MAX_ATTRIBUTE = 1024 // bytes; browsers ignore a longer one (RFC 6265bis §5.6)

/** @throws InvalidOptionError */
export function parseCookieOptions (value: unknown): CookieConfig {
  const fields = checkFields('cookie', value, ['name', 'path', 'domain', 'secure', 'sameSite', 'partitioned'], COOKIE_HABITS)
  const secure = checkBoolean('cookie.secure', fields.secure, true)
  const path = matching('cookie.path', checkText('cookie.path', fields.path) ?? '/', PATH, 'a path such as "/auth"')
  const domain = checkText('cookie.domain', fields.domain)
  if (domain !== undefined) matching('cookie.domain', domain, DOMAIN, 'a host name such as "example.com"')
  const name = matching('cookie.name', checkText('cookie.name', fields.name) ?? defaultName(secure, path, domain), TOKEN, 'a cookie name such as "refreshToken"')
  const sameSite = checkOneOf('cookie.sameSite', fields.sameSite, ['strict', 'lax', 'none'] as const, 'strict')
  const partitioned = checkBoolean('cookie.partitioned', fields.partitioned, false)

  // Browsers drop a cookie that breaks one of these without a word, and everyone is logged out.
  const prefix = PREFIX.exec(name)?.[1]?.toLowerCase()
  if (prefix === 'host' && (path !== '/' || domain !== undefined)) {
    throw new InvalidOptionError(`cookie.name is ${show(name)}: such a cookie has the path "/" and no domain; leave cookie.path and cookie.domain out`)
  }
  if (!secure && prefix !== undefined) throw needsSecure('cookie.name', name)
  if (!secure && sameSite === 'none') throw needsSecure('cookie.sameSite', sameSite)
  if (!secure && partitioned) throw needsSecure('cookie.partitioned', partitioned)
  return { name, path, domain, secure, sameSite, partitioned }
}

/** The strictest prefix that the attributes allow: a sibling subdomain cannot set a `__Host-` cookie, nor plain http a `__Secure-` one. */
function defaultName (secure: boolean, path: string, domain: string | undefined): string {
  if (!secure) return 'refreshToken'
  return path === '/' && domain === undefined ? '__Host-refreshToken' : '__Secure-refreshToken'
}

function matching (option: string, value: string, pattern: RegExp, wanted: string): string {
  if (value.length > MAX_ATTRIBUTE) throw new InvalidOptionError(`${option} has ${value.length} characters, and browsers take at most ${MAX_ATTRIBUTE}: give a shorter one`)
  if (pattern.test(value)) return value
  throw new InvalidOptionError(`${option} is ${show(value)}: give ${wanted}`)
}

function needsSecure (option: string, value: unknown): Error {
  return new InvalidOptionError(`${option} is ${show(value)}, which browsers take only from a secure cookie: leave cookie.secure true`)
}
