import { randomBytes } from 'node:crypto'
import type { DpopConfig, Key } from '../../config.ts'
import { deriveNonceKey } from '../keys.ts'
import { createNonces } from './nonces.ts'
import type { Nonces } from './nonces.ts'
import { createVerifyProof } from './proof.ts'
import type { VerifyProof } from './proof.ts'
import { createSeenProofs } from './seen-proofs.ts'
import { createVerifySignature } from './verifiers.ts'

export interface DpopProofs {
  verify: VerifyProof
  nonces: Nonces
}

/**
 * Verifies proofs that a client has the key to which its tokens are bound (RFC 9449). The library that reads them is imported only
 * here, so that an app without DPoP does not load it.
 *
 * @param refreshKeys empty if the instance only verifies tokens; other instances then do not accept its nonces
 */
export async function createDpopProofs ({ needsNonce, window }: DpopConfig, refreshKeys: readonly Key[], now: () => number): Promise<DpopProofs> {
  const { createDecoder, createVerifier } = await import('fast-jwt')
  const keys = refreshKeys.length === 0 ? [randomBytes(32)] : refreshKeys.map(deriveNonceKey)
  const nonces = createNonces(keys, window, now)
  const verify = createVerifyProof({
    decode: createDecoder({ complete: true }),
    verifySignature: createVerifySignature(createVerifier),
    nonces,
    // For as long as a proof can be valid: from one window before its `iat` to one window after it, or for two steps of the nonces.
    seenProofs: createSeenProofs(2 * window, now),
    needsNonce,
    window,
    now
  })
  return { verify, nonces }
}
