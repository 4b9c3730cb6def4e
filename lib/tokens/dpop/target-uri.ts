const UNRESERVED = /[\w.~-]/ // RFC 3986 §2.3

/**
 * Normalizes a target URI (`htu`), so that equivalent URIs are equal strings (RFC 9449 §4.3, RFC 3986 §6.2.2 and §6.2.3).
 * Returns null for anything else, including a URI with a query or a fragment (RFC 9449 §4.2).
 */
export function normalizeTargetUri (uri: unknown): string | null {
  if (typeof uri !== 'string' || !/^https?:\/\/[^?#\\\s]+$/i.test(uri) || !URL.canParse(uri)) return null
  const { origin, pathname, username, password } = new URL(uri)
  if (username !== '' || password !== '') return null
  return origin + pathname.replaceAll(/%[\da-f]{2}/gi, normalizeEscape)
}

/** `URL` normalizes everything except percent-encoded characters. */
function normalizeEscape (escape: string): string {
  const character = String.fromCharCode(parseInt(escape.slice(1), 16))
  return UNRESERVED.test(character) ? character : escape.toUpperCase()
}
