import type { ProofKeyPair } from './key-storage.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export async function generateKeyPair (): Promise<ProofKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])
}

/** The request for which a proof is made. */
export interface ProofTarget {
  readonly method: string
  /** Without query and fragment. */
  readonly uri: string
  /** Undefined if the request has none. */
  readonly accessToken: string | undefined
  readonly nonce: string | undefined
  /** By the server's clock, in ms. */
  readonly now: number
}

/** A DPoP proof (RFC 9449 section 4.2). */
export async function createProof ({ privateKey, publicKey }: ProofKeyPair, { method, uri, accessToken, nonce, now }: ProofTarget): Promise<string> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey as never)
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }
  const claims = {
    jti: crypto.randomUUID(),
    htm: method,
    htu: uri,
    iat: Math.floor(now / 1000),
    nonce, // omitted from the JSON if undefined
    ...(accessToken && { ath: encodeBytes(await crypto.subtle.digest('SHA-256', toBytes(accessToken))) })
  }
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${encodeBytes(await crypto.subtle.sign(ALGORITHM, privateKey as never, toBytes(input)))}`
}

function toBytes (text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>
}

function encode (part: object): string {
  return encodeBytes(toBytes(JSON.stringify(part)))
}

/** RFC 4648 section 5 */
function encodeBytes (bytes: ArrayBuffer | Uint8Array): string {
  const text = String.fromCharCode(...new Uint8Array(bytes))
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
