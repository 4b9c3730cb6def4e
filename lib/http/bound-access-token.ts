import type { AccessTokenConfig } from '../config.ts'
import { AccessTokenInvalidError, AccessTokenSchemeError, TokenRefusedError } from '../errors.ts'
import { boundKeyOf } from '../tokens/access-token.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import { tokenUnder } from './authenticate.ts'
import type { ReadAccessToken } from './authenticate.ts'
import type { KeyProofs } from './key-proofs.ts'

/**
 * Reads access tokens that may be bound to a key (RFC 9449 §7): those go under the scheme DPoP with a proof, all others under Bearer.
 * Where the host's `extract` has found the token there is no scheme, and its own `cnf` says what it is.
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
      // As where tokens are not bound: a falsy value must not pass for "no error".
      return error instanceof Error ? error : new AccessTokenInvalidError({ cause: error })
    }
  }
}
