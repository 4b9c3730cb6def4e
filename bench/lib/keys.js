import { generateKeyPairSync } from 'node:crypto'

const kinds = {
  RS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}]
}

/** An HMAC secret or `{ private, public }` in PEM. */
export function keyFor (algorithm) {
  if (algorithm === 'HS256') return 'the benchmarks have a secret of more than 32 bytes'
  const [type, options] = kinds[algorithm]
  const { privateKey, publicKey } = generateKeyPairSync(type, {
    ...options,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
  })
  return { private: privateKey, public: publicKey }
}
