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
 * Proofs that a client has the key its tokens are bound to (RFC 9449). The library that reads them is loaded here, so that an app
 * without them does not pay for it.
 *
 * @param refreshKeys empty where the instance only verifies: then its nonces are its own
 */
export async function createDpopProofs ({ needsNonce, window }: DpopConfig, refreshKeys: readonly Key[], now: () => number): Promise<DpopProofs> {
  const { createDecoder, createVerifier } = await import('fast-jwt')
  const keys = refreshKeys.length === 0 ? [randomBytes(32)] : refreshKeys.map(deriveNonceKey)
  const nonces = createNonces(keys, window, now)
  const verify = createVerifyProof({
    decode: createDecoder({ complete: true }),
    verifySignature: createVerifySignature(createVerifier),
    nonces,
    // As long as one can be good: from the window before its `iat` to the window after it, or for two steps of the nonces.
    seenProofs: createSeenProofs(2 * window, now),
    needsNonce,
    window,
    now
  })
  return { verify, nonces }
}
