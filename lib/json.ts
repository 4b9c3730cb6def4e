/** Whether the value is what JSON calls an object. */
export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * An own property of the object, otherwise undefined. Used for all external input: if another package lets an attacker write to
 * `Object.prototype`, every object seems to have that option, header or claim (prototype pollution).
 */
export function own (object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined
}

/** A copy without a prototype, for the same reason. */
export function withoutPrototype<Type extends object> (object: Type): Type {
  return Object.assign(Object.create(null), object)
}

/** Whether the value is a non-empty string. */
export function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Whether it has the form of a session id: 128 bits, base64url. Anything else never reaches a store: PostgreSQL rejects a NUL (`%00`). */
export function isSessionId (value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{22}$/.test(value)
}

/** A NumericDate, which counts whole seconds (RFC 7519 §2). */
export function toNumericDate (milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
