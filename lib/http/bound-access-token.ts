import type { AccessTokenConfig } from '../config.ts'
import { AccessTokenInvalidError, AccessTokenSchemeError, TokenRefusedError } from '../errors.ts'
import { boundKeyOf } from '../tokens/access-token.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import { tokenUnder } from './authenticate.ts'
import type { ReadAccessToken } from './authenticate.ts'
import type { KeyProofs } from './key-proofs.ts'

/**
 * Reads access tokens that may be bound to a key (RFC 9449 §7): bound ones use the scheme DPoP with a proof, all others use Bearer.
 * A token that the host's `extract` has found has no scheme, and its `cnf` claim says whether it is bound.
 */
export function createReadBoundAccessToken (accessTokens: AccessTokens, extract: AccessTokenConfig['extract'], keyProofs: KeyProofs): ReadAccessToken {
  return function readAccessToken (request) {
    try {
      const extracted = extract?.(request)
      const underDpop = extracted === undefined ? tokenUnder('DPoP', request) : null
      const underBearer = extracted === undefined ? tokenUnder('Bearer', request) : null
      const token = underDpop ?? underBearer ?? extracted ?? null
      if (token === null || token === '') return null
      const claims = accessTokens.verify(token)
      const jkt = boundKeyOf(claims)
      const fits = jkt === null ? underDpop === null : underBearer === null
      if (!fits) return new AccessTokenSchemeError({ cause: new TokenRefusedError('proof') })
      return jkt === null ? claims : keyProofs.faultOf(request, token, jkt) ?? claims
    } catch (error) {
      // The host's `extract` may throw anything, and a falsy value must not be taken for "no error".
      return error instanceof Error ? error : new AccessTokenInvalidError({ cause: error })
    }
  }
}
