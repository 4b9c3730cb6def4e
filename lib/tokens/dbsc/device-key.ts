import { readPublicKey } from '../dpop/public-key.ts'
import type { PublicKey } from '../dpop/public-key.ts'

/** The one that registrations offer: every browser and every TPM has it. */
export const ALGORITHM = 'ES256'

/** The key of a device as a token or a proof has it; null for anything else. */
export function readDeviceKey (jwk: unknown): PublicKey | null {
  return readPublicKey({ alg: ALGORITHM, jwk })
}
