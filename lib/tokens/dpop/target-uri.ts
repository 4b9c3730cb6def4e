const UNRESERVED = /[\w.~-]/ // RFC 3986 §2.3

/**
 * A target URI as proofs name it (`htu`), in one spelling for all that mean the same (RFC 9449 §4.3, RFC 3986 §6.2.2 and §6.2.3).
 * Null for anything else: a query and a fragment do not belong there (RFC 9449 §4.2).
 */
export function normalizeTargetUri (uri: unknown): string | null {
  if (typeof uri !== 'string' || !/^https?:\/\/[^?#\\\s]+$/i.test(uri) || !URL.canParse(uri)) return null
  const { origin, pathname, username, password } = new URL(uri)
  if (username !== '' || password !== '') return null
  return origin + pathname.replaceAll(/%[\da-f]{2}/gi, normalizeEscape)
}

/** `URL` normalizes everything but this. */
function normalizeEscape (escape: string): string {
  const character = String.fromCharCode(parseInt(escape.slice(1), 16))
  return UNRESERVED.test(character) ? character : escape.toUpperCase()
}
