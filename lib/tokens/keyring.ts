import type { FastifyInstance } from 'fastify'
import fastifyJwt from '@fastify/jwt'
import type { Key } from '../config.ts'
import { createHs256 } from './hs256.ts'
import type { Hs256 } from './hs256.ts'
import { isHmac } from './keys.ts'

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

interface Ours extends Namespace {
  /** The encoded header and its dot. */
  start: string
}

/**
 * One namespaced registration of `@fastify/jwt` a key. It signs and verifies for key pairs, and it judges every token that
 * is not, to the letter, as we write them with an HMAC secret.
 *
 * @param scope private to us, with a `jwt` object of its own, so that no registration of the host is in the way
 * @param typ the header's `typ`, which keeps one kind of token from being taken for the other (RFC 8725 §3.11)
 */
export async function createKeyring (scope: FastifyInstance, typ: string, keys: readonly Key[]): Promise<Keyring> {
  const namespaces = scope.jwt as unknown as Record<string, Namespace>
  const byKid = new Map<unknown, Verify>() // a Map, because a plain object would answer for `kid: "constructor"`
  const ours: Ours[] = []

  for (const key of keys) {
    const namespace = `${typ} ${key.kid}`
    await scope.register(fastifyJwt, { namespace, ...jwtOptions(key, typ) })
    const { sign, verify } = namespaces[namespace] as Namespace
    byKid.set(key.kid, verify)
    if (!key.canSign) continue
    const header = headerOf(sign({}))
    ours.push({ start: `${header}.`, ...(isHmac(key) ? faster(createHs256(header, key.secret), verify) : { sign, verify }) })
  }

  /** What we sign begins with one of a few known texts, so that finding its key takes no JSON. */
  function verifierOf (token: string): Verify | 'invalid' | 'unknown key' {
    for (const { start, verify } of ours) {
      if (token.startsWith(start)) return verify
    }
    const header = parseHeader(token)
    return header === null ? 'invalid' : byKid.get(header.kid) ?? 'unknown key'
  }

  return {
    sign: keys[0]?.canSign ? (ours[0] as Ours).sign : refuse,
    verify (token) {
      const verify = verifierOf(token)
      if (typeof verify === 'string') return verify
      try {
        return verify(token)
      } catch {
        return 'invalid'
      }
    }
  }
}

/** What is not found good at once may still be: by its last two bits, a signature can be spelled in four ways. */
function faster (hs256: Hs256, verify: Verify): Namespace {
  return { sign: hs256.sign, verify: (token) => hs256.verify(token) ?? verify(token) }
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
