import type { SessionClaims } from '../../types/session.ts'
import { isObject, isText, own } from '../json.ts'
import { isWithinLevels, MAX_LEVELS } from '../tokens/payload.ts'

/** Claims that only the plugin may set: a host's value would break the token or, worse, be trusted (RFC 7519 §4.1). */
const RESERVED = ['iss', 'aud', 'iat', 'exp', 'nbf', 'jti', 'sid', 'gen', 'par', 'typ', 'auth_time', 'client_id', 'cnf']

/**
 * A deep copy of the host's claims, as they are after a round trip through JSON.
 *
 * @param source where they come from, for the error
 * @throws TypeError for claims that cannot be signed as they are
 */
export function copyClaims (source: string, claims: unknown): SessionClaims {
  const copy = copyJson(source, claims)
  const reserved = RESERVED.find((name) => Object.hasOwn(copy, name))
  if (reserved !== undefined) throw new TypeError(`${source}: the claim "${reserved}" is reserved, leave it out`)
  const sub = own(copy, 'sub')
  if (typeof sub === 'number') throw new TypeError(`${source}: the claim "sub" is a number, but must be a non-empty string: give String(user.id)`)
  if (!isText(sub)) throw new TypeError(`${source}: the claim "sub" must be a non-empty string that identifies the user`)
  return copy as SessionClaims
}

/** @throws TypeError if the value is not an object, cannot be represented in JSON, or is nested too deeply for a token */
export function copyJson (source: string, value: unknown): Record<string, unknown> {
  const copy = viaJson(source, value)
  if (!isObject(copy)) throw new TypeError(`${source}: an object is needed`)
  if (!isWithinLevels(copy)) throw tooDeep(source)
  return copy
}

function viaJson (source: string, value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null') // undefined and functions have no JSON
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep(source, cause) // the call stack was exceeded
    throw new TypeError(`${source}: JSON cannot hold ${faultOf(value, cause)}`, { cause })
  }
}

function tooDeep (source: string, cause?: unknown): Error {
  return new TypeError(`${source}: more than ${MAX_LEVELS} levels of objects and arrays are too many for a token`, { cause })
}

/** The path of the value at which JSON.stringify failed, and the fix. The replacer sees each member before it is written. */
function faultOf (value: unknown, cause: unknown): string {
  const paths = new Map<unknown, string>()
  let path = ''
  let last: unknown
  try {
    JSON.stringify(value, function (this: unknown, key: string, member: unknown) {
      path = pathOf(paths.get(this) ?? '', key, Array.isArray(this))
      last = member
      if (!paths.has(member)) paths.set(member, path)
      return member
    })
  } catch {
    if (typeof last === 'bigint' && path !== '') return `"${path}", a BigInt: give it as a string`
    if (cause instanceof TypeError && cause.message.includes('circular')) return `"${path}", a circular reference: leave it out`
  }
  return 'it'
}

function pathOf (parent: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${parent}[${key}]`
  return parent === '' ? key : `${parent}.${key}`
}
