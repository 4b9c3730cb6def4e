/** What JSON calls an object. */
export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A string that is not empty. */
export function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** A NumericDate, which counts whole seconds (RFC 7519 §2). */
export function toNumericDate (milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
