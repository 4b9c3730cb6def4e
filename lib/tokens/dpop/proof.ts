import type { createDecoder } from 'fast-jwt'
import { isText, own } from '../../json.ts'
import type { Nonces } from './nonces.ts'
import { readPublicKey } from './public-key.ts'
import type { SeenProofs } from './seen-proofs.ts'
import { normalizeTargetUri } from './target-uri.ts'
import type { VerifySignature } from './verifiers.ts'

const TYP = 'dpop+jwt'
const LONGEST = 4096 // characters; real proofs have fewer than a thousand

/** A valid proof: its sender has the private key, and made the proof for this request. */
export interface KeyProof {
  /** RFC 7638 thumbprint of the key. */
  jkt: string
  /** SHA-256 (base64url) of the access token for which the proof was made, if it names one. */
  ath: unknown
  nonce: unknown
}

/** Why a proof is refused: for logs. `nonce` means that another proof, with the nonce of the response, can be valid. */
export type ProofRefusal = 'malformed' | 'type' | 'key' | 'signature' | 'method' | 'url' | 'nonce' | 'replayed'

/**
 * Verifies the value of a `DPoP` header (RFC 9449 §4.3). Never throws, whatever the value is.
 *
 * @param targetUri the normalized target URI of the request
 */
export type VerifyProof = (text: string, method: string, targetUri: string | null) => KeyProof | ProofRefusal

interface VerifyProofParts {
  decode: ReturnType<typeof createDecoder>
  verifySignature: VerifySignature
  nonces: Nonces
  seenProofs: SeenProofs
  needsNonce: boolean
  /** In milliseconds: how old a proof without a nonce may be, and how far the clock of its client may be ahead. */
  window: number
  now: () => number
}

export function createVerifyProof ({ decode, verifySignature, nonces, seenProofs, needsNonce, window, now }: VerifyProofParts): VerifyProof {
  return function verifyProof (text, method, targetUri) {
    if (text.length > LONGEST) return 'malformed'
    const header = headerOf(text)
    if (header === null) return 'malformed'
    if (own(header, 'typ') !== TYP) return 'type'
    // RFC 7515 §4.1.11: no extensions are supported, and an empty or malformed list is invalid.
    if (Object.hasOwn(header, 'crit')) return 'malformed'
    const publicKey = readPublicKey(header)
    if (publicKey === null) return 'key'
    let claims: object
    try {
      claims = verifySignature(text, publicKey)
    } catch {
      return 'signature' // also if the point is not on the curve
    }

    const [jti, htm, htu, iat, nonce, ath] = ['jti', 'htm', 'htu', 'iat', 'nonce', 'ath'].map((name) => own(claims, name))
    if (!isText(jti) || typeof iat !== 'number') return 'malformed'
    if (htm !== method) return 'method'
    if (targetUri === null || normalizeTargetUri(htu) !== targetUri) return 'url'
    if (!isFresh(iat, nonce)) return 'nonce'
    if (!seenProofs.isFirst(publicKey.jkt, jti)) return 'replayed'
    return { jkt: publicKey.jkt, ath, nonce }
  }

  function headerOf (text: string): object | null {
    try {
      return decode(text).header
    } catch {
      return null
    }
  }

  /** Checks the nonce or the client's clock (RFC 9449 §4.3, item 11): with a nonce, a clock that is hours off does no harm. */
  function isFresh (iat: number, nonce: unknown): boolean {
    if (nonce !== undefined) return isText(nonce) && nonces.isGood(nonce)
    return !needsNonce && Math.abs(now() - iat * 1000) <= window
  }
}
