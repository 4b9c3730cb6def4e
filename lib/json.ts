/** What JSON calls an object. */
export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A property of the object itself, else undefined. For all that comes from outside: where another package has let an
 * attacker write to `Object.prototype`, every object seems to have that option, header or claim (prototype pollution).
 */
export function own (object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined
}

/** A copy that has own properties only, for the same reason. */
export function withoutPrototype<Type extends object> (object: Type): Type {
  return Object.assign(Object.create(null), object)
}

/** A string that is not empty. */
export function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** 128 bits, base64url, as each session of ours has. What cannot be one never reaches a store: `%00` in a URL is an error to PostgreSQL. */
export function isSessionId (value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{22}$/.test(value)
}

/** A NumericDate, which counts whole seconds (RFC 7519 §2). */
export function toNumericDate (milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
