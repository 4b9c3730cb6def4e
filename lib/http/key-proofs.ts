import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { RefusedEvent } from '../../types/events.ts'
import type { AnyRequest } from '../../types/requests.ts'
import type { DpopConfig, PublicUrl } from '../config.ts'
import {
  ProofInvalidError, ProofNonceError, ProofRequiredError, ResourceProofInvalidError, ResourceProofNonceError, TokenRefusedError
} from '../errors.ts'
import { own } from '../json.ts'
import type { SessionReference } from '../sessions/end-sessions.ts'
import type { DpopProofs } from '../tokens/dpop/index.ts'
import type { KeyProof, ProofRefusal } from '../tokens/dpop/proof.ts'
import { normalizeTargetUri } from '../tokens/dpop/target-uri.ts'
import type { Refuse } from './refusals.ts'

/** The DPoP proofs of requests (RFC 9449): which requests need one, and how a request with an invalid proof is refused. */
export interface KeyProofs {
  /**
   * The thumbprint of the key to which a login is to be bound, or null.
   *
   * @throws ProofInvalidError, ProofNonceError
   */
  ofLogin (request: AnyRequest): string | null
  /**
   * Refuses a request that presents the token of a bound session without a proof by its key.
   *
   * @throws ProofInvalidError, ProofNonceError, ProofRequiredError
   */
  demand (request: AnyRequest, operation: RefusedEvent['operation'], token: BoundToken): void
  /** Whether a token may be used for an operation that needs a proof if the token is bound. */
  allows (request: AnyRequest, token: BoundToken): boolean
  /** Returns an error if a bound access token comes without a proof that was made for it, otherwise null. */
  faultOf (request: AnyRequest, accessToken: string, jkt: string): Error | null
}

type BoundToken = SessionReference & { jkt: string | null }

interface KeyProofsParts {
  app: FastifyInstance
  config: DpopConfig
  publicUrl: PublicUrl | null
  proofs: DpopProofs
  refuse: Refuse
}

export function createKeyProofs ({ app, config, publicUrl, proofs, refuse }: KeyProofsParts): KeyProofs {
  const prefix = app.prefix.replace(/\/+$/, '')
  // A proof is accepted only once, and several of our hooks and functions may need the proof of the same request.
  const judged = new WeakMap<AnyRequest, KeyProof | ProofRefusal | null>()

  function judge (request: AnyRequest): KeyProof | ProofRefusal | null {
    const known = judged.get(request)
    if (known !== undefined) return known
    // Node.js joins several headers with commas, which no token contains, so two proofs are malformed (RFC 9449 §4.3, item 1).
    const text = own(request.headers, 'dpop') as string | undefined
    const verdict = text === undefined ? null : proofs.verify(text, request.method, targetUriOf(request))
    if (typeof verdict === 'string') explain(request, verdict)
    judged.set(request, verdict)
    return verdict
  }

  /** The URL that the client used. A proxy may request another host and path, and forwarded headers may have been set by the client. */
  function targetUriOf ({ protocol, host, url, originalUrl }: AnyRequest): string | null {
    if (publicUrl === null) return normalizeTargetUri(`${protocol}://${host}${pathOf(originalUrl)}`)
    const path = pathOf(url)
    const isOurs = path === prefix || path.startsWith(`${prefix}/`)
    return normalizeTargetUri(publicUrl.origin + publicUrl.path + (isOurs ? path.slice(prefix.length) : path))
  }

  function explain (request: AnyRequest, reason: ProofRefusal): void {
    if (reason !== 'url') request.log.debug({ reason }, 'refused a DPoP proof')
    else request.log.warn({ reason, expected: targetUriOf(request) }, 'refused a DPoP proof for another URL: behind a proxy, give the plugin publicUrl')
  }

  function invalid (request: AnyRequest, operation: RefusedEvent['operation'], refusal: ProofRefusal, token?: BoundToken): Error {
    const cause = new TokenRefusedError('proof')
    return refuse(request, operation, 'proof', refusal === 'nonce' ? new ProofNonceError({ cause }) : new ProofInvalidError({ cause }), token)
  }

  /** Returns a new nonce if the client has none or will soon need another one (RFC 9449 §8.1, §8.2), otherwise null. */
  function nonceFor (request: AnyRequest): string | null {
    const verdict = judged.get(request) ?? null
    if (verdict === 'nonce') return proofs.nonces.current()
    if (verdict === null || typeof verdict === 'string' || !config.needsNonce) return null
    const current = proofs.nonces.current()
    return verdict.nonce === current ? null : current
  }

  app.addHook('onSend', (request, reply, _payload, done) => {
    const nonce = nonceFor(request)
    if (nonce !== null) reply.header('dpop-nonce', nonce)
    done()
  })

  return {
    ofLogin (request) {
      const verdict = judge(request)
      if (typeof verdict === 'string') throw invalid(request, 'login', verdict)
      if (verdict !== null) return verdict.jkt
      if (config.isRequired) throw invalid(request, 'login', 'malformed')
      return null
    },
    demand (request, operation, token) {
      const verdict = judge(request)
      if (typeof verdict === 'string') throw invalid(request, operation, verdict, token)
      if (token.jkt === null || token.jkt === verdict?.jkt) return
      throw refuse(request, operation, 'proof', new ProofRequiredError(), token)
    },
    allows (request, { jkt }) {
      if (jkt === null) return true
      const verdict = judge(request)
      return verdict !== null && typeof verdict !== 'string' && verdict.jkt === jkt
    },
    faultOf (request, accessToken, jkt) {
      const verdict = judge(request)
      const cause = new TokenRefusedError('proof')
      if (verdict === 'nonce') return new ResourceProofNonceError({ cause })
      const isGood = verdict !== null && typeof verdict !== 'string' && verdict.jkt === jkt && verdict.ath === hash('sha256', accessToken, 'base64url')
      return isGood ? null : new ResourceProofInvalidError({ cause })
    }
  }
}

function pathOf (url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}
