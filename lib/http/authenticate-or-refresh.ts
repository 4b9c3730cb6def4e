import type { AnyRequest } from '../../types/requests.ts'
import type { Config } from '../config.ts'
import {
  CrossSiteRequestError, InvalidOptionError, ProofRequiredError, RefreshTokenAmbiguousError, RefreshTokenExpiredError, RefreshTokenInvalidError,
  RefreshTokenMissingError, RefreshTokenRevokedError
} from '../errors.ts'
import { accessOf } from './authenticate.ts'
import type { CheckAccess, ReadAccessToken } from './authenticate.ts'
import type { IsCrossSite } from './csrf.ts'
import type { Hook } from './hooks.ts'
import { pageObstacle } from './page-routes.ts'
import type { ReadTokens } from './presented.ts'
import { isSafe, isUpgrade } from './read-access-cookie.ts'
import { challenged } from './replies.ts'
import type { VerifiedClaims } from './verified-claims.ts'

/**
 * The refusals after which the user counts as signed out: a new login is needed, or the session is bound to a key, and a browser
 * that requests a page sends no proof.
 */
const SIGNED_OUT = [
  ProofRequiredError, RefreshTokenAmbiguousError, RefreshTokenExpiredError, RefreshTokenInvalidError, RefreshTokenMissingError, RefreshTokenRevokedError
]

interface AuthenticateOrRefreshParts {
  config: Config
  checkAccess: CheckAccess
  /** Does not read the access cookie. */
  readBearer: ReadAccessToken
  readTokens: ReadTokens
  verifiedClaims: VerifiedClaims
  isCrossSite: IsCrossSite
  refresh: Hook
}

/**
 * The onRequest hook for pages that a server renders, where no script can refresh and then retry. The rotation rules are the same as
 * for every refresh: the requests for a page and its parts come at the same time, like those of several tabs.
 */
export function createAuthenticateOrRefresh (parts: AuthenticateOrRefreshParts): Hook {
  const { config, checkAccess, readBearer, readTokens, verifiedClaims, isCrossSite, refresh } = parts

  const obstacle = pageObstacle(config)
  if (obstacle !== null) return async () => { throw new InvalidOptionError(`${config.decorators.authenticateOrRefresh} was called, but ${obstacle}`) }

  /**
   * A client that sends one of its tokens in a header or body refreshes by itself, because a page could not hand it a new one.
   * The response to an upgrade cannot set a cookie. A request for an image or a frame on another site does not refresh; it is
   * handled as if nobody were signed in. If a cross-site request may change something, `refresh` refuses the cookie.
   */
  function canRefresh (request: AnyRequest): boolean {
    const { cookies, body } = readTokens(request)
    if (isUpgrade(request) || readBearer(request) !== null || body.texts.length > 0) return false
    const hasCookie = cookies.texts.length > 0
    return isCrossSite(request) ? hasCookie && !isSafe(request) : hasCookie || config.adopt !== undefined
  }

  return async function authenticateOrRefresh (request, reply) {
    const error = checkAccess(request)
    if (verifiedClaims.get(request) !== null || accessOf(request) === 'public') return
    if (!(error instanceof CrossSiteRequestError) && canRefresh(request)) {
      try {
        return await refresh(request, reply)
      } catch (refusal) {
        if (!SIGNED_OUT.some((RefreshTokenError) => refusal instanceof RefreshTokenError)) throw refusal
      }
    }
    if (error !== undefined) throw challenged(reply, error)
  }
}
