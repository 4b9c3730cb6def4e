import { createPublicKey } from 'node:crypto'
import type { createVerifier } from 'fast-jwt'
import type { PublicKey } from './public-key.ts'

const MOST_KEYS = 5000

/** The claims of a proof; throws where its signature is not that of the key. */
export type VerifySignature = (proof: string, key: PublicKey) => Record<string, unknown>

/**
 * A key costs as much to import as a signature costs to verify, so what has been imported is kept. Only a key that has signed a
 * proof is; when there are too many, the one that was kept first makes room.
 */
export function createVerifySignature (createVerifierOf: typeof createVerifier, mostKeys: number = MOST_KEYS): VerifySignature {
  const kept = new Map<string, (proof: string) => Record<string, unknown>>()

  function importKey ({ jwk, algorithms }: PublicKey): (proof: string) => Record<string, unknown> {
    // The library detects the type of a key from PEM alone.
    const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    // Not its own checks of times, which go by another clock than ours.
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
