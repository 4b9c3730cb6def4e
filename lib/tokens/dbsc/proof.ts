import type { createDecoder } from 'fast-jwt'
import { own } from '../../json.ts'
import type { PublicKey } from '../dpop/public-key.ts'
import type { VerifySignature } from '../dpop/verifiers.ts'
import { readDeviceKey } from './device-key.ts'

const TYP = 'dbsc+jwt'
const LONGEST = 4096 // characters; those of browsers have less than a thousand

/** A proof of good signature: whoever made it had the private key. */
export interface DeviceProof {
  key: PublicKey
  /** What the browser was asked to sign. */
  challenge: unknown
}

/**
 * Judges the text of a `Secure-Session-Response` header, never throws, and returns null for what is no proof.
 *
 * @param registered the key that it must be of; null: the one that it brings, for a registration
 */
export type ReadDeviceProof = (text: string, registered: PublicKey | null) => DeviceProof | null

export function createReadDeviceProof (decode: ReturnType<typeof createDecoder>, verifySignature: VerifySignature): ReadDeviceProof {
  return function readDeviceProof (text, registered) {
    if (text.length > LONGEST) return null
    try {
      const { header } = decode(text) as { header: object }
      // RFC 7515 §4.1.11: we understand no extension, and an empty or malformed list is no list.
      if (own(header, 'typ') !== TYP || Object.hasOwn(header, 'crit')) return null
      const key = registered ?? readDeviceKey(own(header, 'jwk'))
      return key === null ? null : { key, challenge: own(verifySignature(text, key), 'jti') }
    } catch {
      return null
    }
  }
}
