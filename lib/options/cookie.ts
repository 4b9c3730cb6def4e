import { checkBoolean, checkFields, checkOneOf, checkText, show } from '../checks/fields.ts'
import type { CookieConfig } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { ACCESS_COOKIE_HABITS, COOKIE_HABITS } from './habits.ts'

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/ // RFC 9110 §5.6.2
const PATH = /^\/[\x21-\x3a\x3d-\x7e]*$/ // RFC 6265 §4.1.1: no CTLs, no ";"
const DOMAIN = /^\.?[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*$/i

const PREFIX = /^__(host|secure|http)-/i
const MAX_ATTRIBUTE = 1024 // bytes; browsers ignore a longer one (RFC 6265bis §5.6)

/**
 * The cookie of the refresh token.
 *
 * @throws InvalidOptionError
 */
export function parseCookieOptions (value: unknown): CookieConfig {
  const fields = checkFields('cookie', value, ['name', 'path', 'domain', 'secure', 'sameSite', 'partitioned'], COOKIE_HABITS)
  const secure = checkBoolean('cookie.secure', fields.secure, true)
  const partitioned = checkBoolean('cookie.partitioned', fields.partitioned, false)
  return parseCookie('cookie', fields, { name: 'refreshToken', sameSite: 'strict', secure, partitioned })
}

/**
 * The cookie of the access token. It has the same `secure` and `partitioned` attributes as the cookie of the refresh token.
 *
 * @throws InvalidOptionError
 */
export function parseAccessCookie (value: unknown, refreshCookie: CookieConfig): CookieConfig {
  const fields = checkFields('accessToken.cookie', value, ['name', 'path', 'domain', 'sameSite'], ACCESS_COOKIE_HABITS)
  const { secure, partitioned } = refreshCookie
  const cookie = parseCookie('accessToken.cookie', fields, { name: 'accessToken', sameSite: 'lax', secure, partitioned })
  if (cookie.name !== refreshCookie.name) return cookie
  throw new InvalidOptionError(`accessToken.cookie.name is ${show(cookie.name)}, the name of the refresh token's cookie: give another one`)
}

/**
 * The bound cookie of `deviceBound`. It has the same path, domain and other attributes as the refresh token's cookie.
 *
 * @throws InvalidOptionError
 */
export function parseBoundCookie (name: unknown, { path, domain, secure, sameSite, partitioned }: CookieConfig): CookieConfig {
  return parseCookie('cookie', { name, path, domain, sameSite }, { name: 'deviceBound', secure, sameSite, partitioned }, 'deviceBound.cookieName')
}

interface Defaults extends Pick<CookieConfig, 'secure' | 'partitioned' | 'sameSite'> {
  /** The name without a prefix. */
  name: string
}

function parseCookie (option: string, fields: Record<string, unknown>, { secure, partitioned, ...defaults }: Defaults, nameOption = `${option}.name`): CookieConfig {
  const path = matching(`${option}.path`, checkText(`${option}.path`, fields.path) ?? '/', PATH, 'a path such as "/auth"')
  const domain = checkText(`${option}.domain`, fields.domain)
  if (domain !== undefined) matching(`${option}.domain`, domain, DOMAIN, 'a host name such as "example.com"')
  const given = checkText(nameOption, fields.name) ?? `${strictestPrefix(secure, path, domain)}${defaults.name}`
  const name = matching(nameOption, given, TOKEN, `a cookie name such as "${defaults.name}"`)
  const sameSite = checkOneOf(`${option}.sameSite`, fields.sameSite, ['strict', 'lax', 'none'] as const, defaults.sameSite)

  // Browsers silently drop a cookie that breaks one of these rules, and everyone is logged out.
  const prefix = PREFIX.exec(name)?.[1]?.toLowerCase()
  if (prefix === 'host' && (path !== '/' || domain !== undefined)) {
    throw new InvalidOptionError(`${nameOption} is ${show(name)}: such a cookie must have the path "/" and no domain: leave ${option}.path and ${option}.domain out`)
  }
  if (!secure && prefix !== undefined) throw needsSecure(nameOption, name)
  if (!secure && sameSite === 'none') throw needsSecure(`${option}.sameSite`, sameSite)
  if (!secure && partitioned) throw needsSecure('cookie.partitioned', partitioned)
  return { name, path, domain, secure, sameSite, partitioned }
}

/** The strictest prefix that the attributes allow: a sibling subdomain cannot set a `__Host-` cookie, nor plain http a `__Secure-` one. */
function strictestPrefix (secure: boolean, path: string, domain: string | undefined): string {
  if (!secure) return ''
  return path === '/' && domain === undefined ? '__Host-' : '__Secure-'
}

function matching (option: string, value: string, pattern: RegExp, wanted: string): string {
  if (value.length > MAX_ATTRIBUTE) throw new InvalidOptionError(`${option} has ${value.length} characters, and browsers accept at most ${MAX_ATTRIBUTE}: give a shorter one`)
  if (pattern.test(value)) return value
  throw new InvalidOptionError(`${option} is ${show(value)}: give ${wanted}`)
}

function needsSecure (option: string, value: unknown): Error {
  return new InvalidOptionError(`${option} is ${show(value)}, which browsers accept only with a secure cookie: leave cookie.secure true`)
}
