import { isObject, isText, own } from '../json.ts'

/** How deeply claims may be nested, including the outer object: functions that recurse, like JSON.stringify, can exceed the call stack. */
export const MAX_LEVELS = 100

const LAST_DATE = 8.64e12 // seconds: no Date is later (ECMA-262 §21.4.1.1)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }) // "ignore" means that the BOM is kept, which JSON.parse then rejects

/** Whether a part of a token is canonical base64url: the last character can have unused bits, which must be zero (RFC 4648 §3.5). */
export function isCanonical (part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

/** The JSON object in a part of a token; null if the part is not canonical, not UTF-8, or not a JSON object (RFC 7519 §7.2). */
export function readObject (part: string): Record<string, unknown> | null {
  try {
    const bytes = Buffer.from(part, 'base64url')
    const value: unknown = bytes.toString('base64url') === part ? JSON.parse(utf8.decode(bytes)) : null
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/**
 * Whether the registered claims have the types that RFC 7519 §4.1 and RFC 9068 §2.2 require. Only another holder of the key can sign
 * other ones, but a host or a Date must not have to deal with them.
 */
export function isWellFormed (payload: Record<string, unknown>): boolean {
  return isDate(own(payload, 'iat')) && isDate(own(payload, 'exp')) && isAbsentOr(isAudience, own(payload, 'aud')) &&
    ['nbf', 'auth_time'].every((name) => isAbsentOr(isDate, own(payload, name))) &&
    ['iss', 'jti', 'client_id'].every((name) => isAbsentOr(isText, own(payload, name))) &&
    isWithinLevels(payload)
}

export function isAbsentOr<Type> (is: (value: unknown) => value is Type, value: unknown): value is Type | undefined {
  return value === undefined || is(value)
}

/** Not recursive, because deeply nested claims could exceed the call stack. */
export function isWithinLevels (value: object): boolean {
  let level = [value]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_LEVELS) return false
    level = membersOf(level)
  }
  return true
}

/** All objects and arrays that are members of the given objects. */
export function membersOf (objects: object[]): object[] {
  const members: object[] = []
  for (const one of objects) {
    for (const member of Object.values(one)) {
      if (typeof member === 'object' && member !== null) members.push(member)
    }
  }
  return members
}

function isDate (value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= LAST_DATE
}

function isAudience (aud: unknown): aud is string | string[] {
  return Array.isArray(aud) ? aud.length > 0 && aud.every(isText) : isText(aud)
}
