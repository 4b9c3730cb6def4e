/** Whether a browser sends a cookie with the path `cookiePath` in a request for `path` (RFC 6265 §5.1.4). */
export function isUnder (path: string, cookiePath: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)
}
