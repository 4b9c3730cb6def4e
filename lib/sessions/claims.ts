import type { SessionClaims } from '../../types/session.ts'
import { isObject, isText } from '../json.ts'

/** Ours to set: a host's value would break the token or, worse, be believed (RFC 7519 §4.1). */
const RESERVED = ['iss', 'aud', 'iat', 'exp', 'nbf', 'jti', 'sid', 'gen', 'par', 'typ']

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
  if (!isText(copy.sub)) throw new TypeError(`${source}: the claim "sub" must be a non-empty string, whose session it is`)
  return copy as SessionClaims
}

/** @throws TypeError where the value is not an object or JSON cannot hold it */
export function copyJson (source: string, value: unknown): Record<string, unknown> {
  const copy = viaJson(source, value)
  if (!isObject(copy)) throw new TypeError(`${source}: an object is needed`)
  return copy
}

function viaJson (source: string, value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null') // of undefined and of a function there is no JSON
  } catch (cause) {
    throw new TypeError(`${source}: JSON cannot hold it`, { cause })
  }
}
