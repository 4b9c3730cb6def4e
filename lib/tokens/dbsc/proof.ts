import type { createDecoder } from 'fast-jwt'
import { own } from '../../json.ts'
import type { PublicKey } from '../dpop/public-key.ts'
import type { VerifySignature } from '../dpop/verifiers.ts'
import { readDeviceKey } from './device-key.ts'

const TYP = 'dbsc+jwt'
const LONGEST = 4096 // characters; browsers send fewer than a thousand

/** A proof whose signature has been verified: its sender has the private key. */
export interface DeviceProof {
  key: PublicKey
  /** The challenge that the browser has signed. */
  challenge: unknown
}

/**
 * Verifies the value of a `Secure-Session-Response` header. Never throws, and returns null for anything but a valid proof.
 *
 * @param registered the key that must have signed it; null: the key in the proof itself, for a registration
 */
export type ReadDeviceProof = (text: string, registered: PublicKey | null) => DeviceProof | null

export function createReadDeviceProof (decode: ReturnType<typeof createDecoder>, verifySignature: VerifySignature): ReadDeviceProof {
  return function readDeviceProof (text, registered) {
    if (text.length > LONGEST) return null
    try {
      const { header } = decode(text) as { header: object }
      // RFC 7515 §4.1.11: no extensions are supported, and an empty or malformed list is invalid.
      if (own(header, 'typ') !== TYP || Object.hasOwn(header, 'crit')) return null
      const key = registered ?? readDeviceKey(own(header, 'jwk'))
      return key === null ? null : { key, challenge: own(verifySignature(text, key), 'jti') }
    } catch {
      return null
    }
  }
}
