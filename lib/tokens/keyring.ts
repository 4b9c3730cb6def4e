import type { FastifyInstance } from 'fastify'
import fastifyJwt from '@fastify/jwt'
import type { Key } from '../config.ts'
import type { RefusalReason } from '../errors.ts'
import { own, withoutPrototype } from '../json.ts'
import { createHs256 } from './hs256.ts'
import { isHmac } from './keys.ts'
import { isCanonical, isWellFormed, readObject } from './payload.ts'

/** A well-formed JWT payload whose signature and `typ` are good. Who and what it is for is not judged yet. */
export type VerifiedPayload = Record<string, unknown>

/** Why a token is not one of ours. */
export type Refusal = Extract<RefusalReason, 'malformed' | 'signature' | 'type' | 'unknown key'>

export interface Keyring {
  /** Signs with the first key. */
  sign (payload: object): string
  /** The payload, or why there is none. Never throws, whatever the input is. */
  verify (token: string): VerifiedPayload | Refusal
}

type Verify = (token: string) => VerifiedPayload | Refusal

interface Namespace {
  sign (payload: object): string
  verify (token: string): unknown
}

interface Ours {
  /** The encoded header and its dot. */
  start: string
  sign (payload: object): string
  verify: Verify
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
    await scope.register(fastifyJwt, withoutPrototype({ namespace, ...jwtOptions(key, typ) }))
    const { sign, verify: judge } = namespaces[namespace] as Namespace
    const verify = strictly(judge)
    byKid.set(key.kid, verify)
    if (!key.canSign) continue
    const header = headerOf(sign({}))
    ours.push({ start: `${header}.`, ...(isHmac(key) ? createHs256(header, key.secret) : { sign, verify }) })
  }

  /** What we sign begins with one of a few known texts, so that finding its key takes no JSON. */
  function verifierOf (token: string): Verify | Refusal {
    for (const { start, verify } of ours) {
      if (token.startsWith(start)) return verify
    }
    const header = readObject(headerOf(token))
    // RFC 7515 §4.1.11: we understand no extension, and an empty or malformed list is no list.
    if (header === null || Object.hasOwn(header, 'crit')) return 'malformed'
    if (!isType(own(header, 'typ'), typ)) return 'type'
    return byKid.get(own(header, 'kid')) ?? 'unknown key'
  }

  return {
    sign: keys[0]?.canSign ? (ours[0] as Ours).sign : refuse,
    verify (token) {
      const verify = verifierOf(token)
      if (typeof verify === 'string') return verify
      const payload = verify(token)
      return typeof payload === 'string' || isWellFormed(payload) ? payload : 'malformed'
    }
  }
}

/** `@fastify/jwt` judges the signature; how a token is spelled and encoded is looked at more closely than it does. */
function strictly (judge: Namespace['verify']): Verify {
  return function verify (token) {
    const [, part, signature, ...more] = token.split('.', 4) as [string, string?, string?, string?]
    const payload = part === undefined ? null : readObject(part)
    if (payload === null || signature === undefined || more.length > 0) return 'malformed'
    if (!isCanonical(signature)) return 'signature'
    try {
      judge(token)
      return payload
    } catch {
      return 'signature'
    }
  }
}

function jwtOptions ({ kid, algorithm, secret, canSign }: Key, typ: string): fastifyJwt.FastifyJWTOptions {
  return {
    secret,
    // `now` judges the times, and our own cache knows a repeated token.
    verify: withoutPrototype({ algorithms: [algorithm], checkTyp: typ, ignoreExpiration: true, ignoreNotBefore: true, cache: false }),
    ...(canSign && { sign: withoutPrototype({ algorithm, kid, header: { alg: algorithm, typ } }) })
  }
}

function refuse (): never {
  throw new TypeError('the first secret is a public key, which signs nothing: give { private, public }')
}

function headerOf (token: string): string {
  return token.slice(0, token.indexOf('.'))
}

/** A media type without its first half, in any case (RFC 7515 §4.1.9). */
function isType (given: unknown, typ: string): boolean {
  return typeof given === 'string' && given.toLowerCase().replace(/^application\//, '') === typ
}
