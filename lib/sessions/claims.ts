import type { SessionClaims } from '../../types/session.ts'
import { isObject, isText, own } from '../json.ts'
import { isWithinLevels, MAX_LEVELS } from '../tokens/payload.ts'

/** Ours to set: a host's value would break the token or, worse, be believed (RFC 7519 §4.1). */
const RESERVED = ['iss', 'aud', 'iat', 'exp', 'nbf', 'jti', 'sid', 'gen', 'par', 'typ', 'auth_time', 'client_id', 'cnf']

/**
 * A deep copy of the host's claims, as they will read after their way through JSON.
 *
 * @param source who gave them, for the error
 * @throws TypeError for claims that cannot be signed as they are
 */
export function copyClaims (source: string, claims: unknown): SessionClaims {
  const copy = copyJson(source, claims)
  const reserved = RESERVED.find((name) => Object.hasOwn(copy, name))
  if (reserved !== undefined) throw new TypeError(`${source}: the claim "${reserved}" is reserved, leave it out`)
  const sub = own(copy, 'sub')
  if (typeof sub === 'number') throw new TypeError(`${source}: the claim "sub" is a number, but must be a non-empty string: give String(user.id)`)
  if (!isText(sub)) throw new TypeError(`${source}: the claim "sub" must be a non-empty string, whose session it is`)
  return copy as SessionClaims
}

/** @throws TypeError where the value is not an object, JSON cannot hold it, or it is nested too deeply for a token of ours */
export function copyJson (source: string, value: unknown): Record<string, unknown> {
  const copy = viaJson(source, value)
  if (!isObject(copy)) throw new TypeError(`${source}: an object is needed`)
  if (!isWithinLevels(copy)) throw tooDeep(source)
  return copy
}

function viaJson (source: string, value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null') // of undefined and of a function there is no JSON
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep(source, cause) // the stack ended
    throw new TypeError(`${source}: JSON cannot hold ${faultOf(value, cause)}`, { cause })
  }
}

function tooDeep (source: string, cause?: unknown): Error {
  return new TypeError(`${source}: more than ${MAX_LEVELS} levels of objects and arrays are too many for a token`, { cause })
}

/** What JSON.stringify stopped at, by its path: the replacer sees each member before it is written. */
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
    if (cause instanceof TypeError && cause.message.includes('circular')) return `"${path}", a reference to an object around it: leave it out`
  }
  return 'it'
}

function pathOf (parent: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${parent}[${key}]`
  return parent === '' ? key : `${parent}.${key}`
}
