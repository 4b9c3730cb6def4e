import type { FastifyInstance } from 'fastify'
import fastifyJwt from '@fastify/jwt'
import type { Key } from '../config.ts'
import type { RefusalReason } from '../errors.ts'
import { own, withoutPrototype } from '../json.ts'
import { createHs256 } from './hs256.ts'
import { isHmac } from './keys.ts'
import { isCanonical, isWellFormed, readObject } from './payload.ts'

/** A well-formed JWT payload whose signature and `typ` are valid. Subject, audience and times have not been checked. */
export type VerifiedPayload = Record<string, unknown>

/** Why a token is refused. */
export type Refusal = Extract<RefusalReason, 'malformed' | 'signature' | 'type' | 'unknown key'>

export interface Keyring {
  /** Signs with the first key. */
  sign (payload: object): string
  /** The payload, or why the token is refused. Never throws, whatever the input is. */
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
 * Registers `@fastify/jwt` once per key, each with its own namespace. It signs and verifies with key pairs, and also verifies tokens
 * with an HMAC secret whose header is spelled differently from those signed here.
 *
 * @param scope a private scope with its own `jwt` object, which cannot collide with a registration of the host
 * @param typ the header's `typ`, which keeps one kind of token from being mistaken for another (RFC 8725 §3.11)
 */
export async function createKeyring (scope: FastifyInstance, typ: string, keys: readonly Key[]): Promise<Keyring> {
  const namespaces = scope.jwt as unknown as Record<string, Namespace>
  const byKid = new Map<unknown, Verify>() // a Map, because a plain object would have an entry for `kid: "constructor"`
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

  /** Tokens that are signed here begin with one of a few known strings, so their key is found without parsing JSON. */
  function verifierOf (token: string): Verify | Refusal {
    for (const { start, verify } of ours) {
      if (token.startsWith(start)) return verify
    }
    const header = readObject(headerOf(token))
    // RFC 7515 §4.1.11: no extensions are supported, and an empty or malformed list is invalid.
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

/** `@fastify/jwt` verifies the signature; the spelling and encoding of a token are checked more strictly than it does. */
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
    // Times are checked by the option `now`, and repeated tokens are in the plugin's own cache.
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

/** A media type, with or without `application/`, in any case (RFC 7515 §4.1.9). */
function isType (given: unknown, typ: string): boolean {
  return typeof given === 'string' && given.toLowerCase().replace(/^application\//, '') === typ
}
