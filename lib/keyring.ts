import type { FastifyInstance } from 'fastify'
import fastifyJwt from '@fastify/jwt'
import { createHmacSigner } from './hmac-signer.ts'
import { isHmac } from './keys.ts'
import type { Key } from './keys.ts'

/** A JWT payload whose signature and `typ` are good; its claims are not judged yet. */
export type VerifiedPayload = Record<string, unknown>

export interface Keyring {
  /** Signs with the first key. */
  sign (payload: object): string
  /** The payload, or why there is none. Never throws, whatever a stranger sends. */
  verify (token: string): VerifiedPayload | 'invalid' | 'unknown key'
}

type Verify = (token: string) => VerifiedPayload

interface Namespace {
  sign (payload: object): string
  verify: Verify
}

/**
 * One namespaced registration of `@fastify/jwt` a key.
 *
 * @param scope private to us, with a `jwt` object of its own, so that no registration of the host is in the way
 * @param typ the header's `typ`, which keeps one kind of token from being taken for the other (RFC 8725 §3.11)
 */
export async function createKeyring (scope: FastifyInstance, typ: string, keys: readonly Key[]): Promise<Keyring> {
  const namespaces = scope.jwt as unknown as Record<string, Namespace>
  // Maps, because a plain object would answer for `kid: "constructor"`.
  const byKid = new Map<string, Verify>()
  const byHeader = new Map<string, Verify>()
  let signWithFirst: Namespace['sign'] = refuse

  for (const [index, key] of keys.entries()) {
    const namespace = `${typ} ${key.kid}`
    await scope.register(fastifyJwt, { namespace, ...jwtOptions(key, typ) })
    const { sign, verify } = namespaces[namespace] as Namespace
    byKid.set(key.kid, verify)
    if (!key.canSign) continue
    const header = headerOf(sign({}))
    byHeader.set(header, verify)
    if (index === 0) signWithFirst = isHmac(key) ? createHmacSigner(header, key.secret) : sign
  }

  return {
    sign: signWithFirst,
    verify (token) {
      let verify = byHeader.get(headerOf(token))
      if (verify === undefined) {
        const header = parseHeader(token)
        if (header === null) return 'invalid'
        verify = byKid.get(header.kid as string)
        if (verify === undefined) return 'unknown key'
      }
      try {
        return verify(token)
      } catch {
        return 'invalid'
      }
    }
  }
}

function jwtOptions ({ kid, algorithm, secret, canSign }: Key, typ: string): fastifyJwt.FastifyJWTOptions {
  return {
    secret,
    // `now` judges the times, and our own cache knows a repeated token.
    verify: { algorithms: [algorithm], checkTyp: typ, ignoreExpiration: true, ignoreNotBefore: true, cache: false },
    ...(canSign && { sign: { algorithm, kid, header: { alg: algorithm, typ } } })
  }
}

function refuse (): never {
  throw new TypeError('the first secret is a public key, which signs nothing: give { private, public }')
}

/** What we sign begins with one of a few known texts, so that finding its key takes no JSON. */
function headerOf (token: string): string {
  return token.slice(0, token.indexOf('.'))
}

function parseHeader (token: string): Record<string, unknown> | null {
  try {
    const header = JSON.parse(Buffer.from(headerOf(token), 'base64url').toString())
    return typeof header === 'object' ? header : null
  } catch {
    return null
  }
}
