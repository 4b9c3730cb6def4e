import type { AnyRequest } from '../../types/requests.ts'
import { CrossSiteRequestError } from '../errors.ts'

/**
 * Whether another site made the browser send this request. The browser says so itself, in headers that a page cannot
 * forge (Fetch Metadata; Origin, RFC 6454 §7). Without both there is no browser, and so no one who could be tricked.
 */
export type IsCrossSite = (request: AnyRequest) => boolean

export function createIsCrossSite (trustedOrigins: ReadonlySet<string>): IsCrossSite {
  return function isCrossSite ({ headers: { 'sec-fetch-site': site, origin }, host }) {
    if (site === 'same-origin' || site === 'none') return false
    if (site === undefined && (origin === undefined || isSameHost(origin, host))) return false
    return origin === undefined || !trustedOrigins.has(origin)
  }
}

/** The error for such a request that carries our cookie, once the log says what a host with a front end of its own must do. */
export function refuseCrossSite ({ log, headers: { 'sec-fetch-site': secFetchSite, origin } }: AnyRequest): Error {
  log.warn({ origin, secFetchSite }, 'refused a request from another site: if its origin is yours, add it to trustedOrigins')
  return new CrossSiteRequestError()
}

/** Host and port, because behind a proxy that ends TLS the scheme is not known. */
function isSameHost (origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
