import type { JsonWebKey } from 'node:crypto'
import { isObject, own } from '../../json.ts'
import { thumbprint } from '../keys.ts'
import { isCanonical } from '../payload.ts'

/** The public key in the header of a proof. */
export interface PublicKey {
  /** Only the members that its type needs. */
  jwk: JsonWebKey
  /** RFC 7638: what tokens that are bound to the key carry as `cnf.jkt`. */
  jkt: string
  /** The values allowed in the header's `alg`: neither `none` nor a symmetric algorithm is among them (RFC 9449 §4.3). */
  algorithms: readonly string[]
}

const KINDS = [
  { kty: 'EC', crv: 'P-256', coordinates: ['x', 'y'], algorithms: ['ES256'] },
  // RFC 9864 introduced a separate name for EdDSA with this curve, and clients use either.
  { kty: 'OKP', crv: 'Ed25519', coordinates: ['x'], algorithms: ['EdDSA', 'Ed25519'] }
]

/** The members that only private and symmetric keys have (RFC 7518 §6). A client that sends them has given its key away. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const COORDINATE_LENGTH = 43 // characters: 32 bytes in base64url

/** Returns the key, or null if the header has no key that is allowed in a proof. */
export function readPublicKey (header: object): PublicKey | null {
  const jwk = own(header, 'jwk')
  if (!isObject(jwk) || PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) return null
  const kind = KINDS.find(({ kty, crv }) => own(jwk, 'kty') === kty && own(jwk, 'crv') === crv)
  if (kind === undefined || !kind.algorithms.includes(own(header, 'alg') as string)) return null
  const { kty, crv, coordinates, algorithms } = kind
  const points = coordinates.map((name) => [name, own(jwk, name)])
  if (!points.every(([, value]) => isCoordinate(value))) return null
  const needed: JsonWebKey = { kty, crv, ...Object.fromEntries(points) }
  return { jwk: needed, jkt: thumbprint(needed), algorithms }
}

function isCoordinate (value: unknown): boolean {
  return typeof value === 'string' && value.length === COORDINATE_LENGTH && isCanonical(value)
}
