/** A NumericDate (RFC 7519 §2). */
export function toSeconds (milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
