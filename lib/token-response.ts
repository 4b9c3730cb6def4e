import type { TokenResponse } from '../types/decorators.ts'
import type { SignedAccessToken } from './access-token.ts'

/** RFC 6749 §5.1 */
export function createTokenResponse ({ token, expiresIn }: SignedAccessToken): TokenResponse {
  return { accessToken: token, tokenType: 'Bearer', expiresIn }
}
