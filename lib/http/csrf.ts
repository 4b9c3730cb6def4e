import type { AnyRequest } from '../../types/requests.ts'
import { CrossSiteRequestError } from '../errors.ts'

/**
 * Whether another site made the browser send this request. The browser says so itself, in headers that a page cannot
 * forge (Fetch Metadata; Origin, RFC 6454 §7). Without both there is no browser, and so no one who could be tricked.
 * A link or redirect that takes the user to a page of ours is none: see isNavigation.
 */
export type IsCrossSite = (request: AnyRequest) => boolean

export function createIsCrossSite (trustedOrigins: ReadonlySet<string>): IsCrossSite {
  return function isCrossSite (request) {
    const { headers: { 'sec-fetch-site': site, origin }, host } = request
    if (site === 'same-origin' || site === 'none' || isNavigation(request)) return false
    if (site === undefined && (origin === undefined || isSameHost(origin, host))) return false
    return origin === undefined || !trustedOrigins.has(origin)
  }
}

/**
 * The error for such a request that carries our cookie or would set it, once the log says what a host with a front end of
 * its own must do.
 *
 * @param otherwise what else can be done about it, for the log
 */
export function refuseCrossSite ({ log, headers: { 'sec-fetch-site': secFetchSite, origin } }: AnyRequest, otherwise = ''): Error {
  log.warn({ origin, secFetchSite }, `refused a request from another site: if its origin is yours, add it to trustedOrigins${otherwise}`)
  return new CrossSiteRequestError()
}

/**
 * A top-level navigation: a link from a mail, or the redirect back from an identity provider. The user sees the answer, the
 * other site does not. An image, a frame and a fetch have another mode or destination; a form that posts has another method.
 */
function isNavigation ({ method, headers }: AnyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

/** Host and port, because behind a proxy that ends TLS the scheme is not known. */
function isSameHost (origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
