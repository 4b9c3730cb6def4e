import { readPublicKey } from '../dpop/public-key.ts'
import type { PublicKey } from '../dpop/public-key.ts'

/** The algorithm that registrations offer: every browser and every TPM supports it. */
export const ALGORITHM = 'ES256'

/** Reads the device key in a token or a proof; null for anything else. */
export function readDeviceKey (jwk: unknown): PublicKey | null {
  return readPublicKey({ alg: ALGORITHM, jwk })
}
