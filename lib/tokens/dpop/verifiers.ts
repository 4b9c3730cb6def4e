import { createPublicKey } from 'node:crypto'
import type { createVerifier } from 'fast-jwt'
import type { PublicKey } from './public-key.ts'

const MOST_KEYS = 5000

/** Returns the claims of a proof. Throws if the signature was not made by the key. */
export type VerifySignature = (proof: string, key: PublicKey) => Record<string, unknown>

/**
 * Importing a key costs as much as verifying a signature, so imported keys are kept. Only a key whose signature was valid is kept;
 * when there are too many, the one that was added first is removed.
 */
export function createVerifySignature (createVerifierOf: typeof createVerifier, mostKeys: number = MOST_KEYS): VerifySignature {
  const kept = new Map<string, (proof: string) => Record<string, unknown>>()

  function importKey ({ jwk, algorithms }: PublicKey): (proof: string) => Record<string, unknown> {
    // The library can detect the type of a key only from PEM.
    const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    // The library's own checks of times are off, because they do not use the option `now`.
    return createVerifierOf({ key, algorithms: algorithms as ['ES256'], cache: false, ignoreExpiration: true, ignoreNotBefore: true })
  }

  return function verifySignature (proof, publicKey) {
    const { jkt } = publicKey
    const known = kept.get(jkt)
    if (known !== undefined) return known(proof)
    const verify = importKey(publicKey)
    const claims = verify(proof)
    if (kept.size === mostKeys) kept.delete(kept.keys().next().value as string)
    kept.set(jkt, verify)
    return claims
  }
}
