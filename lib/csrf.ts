import type { AnyRequest } from '../types/decorators.ts'
import { CrossSiteRequestError } from './errors.ts'

/**
 * Throws CrossSiteRequestError where another site made the browser send our cookie. The browser says so itself, in
 * headers that a page cannot forge (Fetch Metadata; Origin, RFC 6454 §7). Without both there is no browser, and so no
 * one who could be tricked.
 */
export type CrossSiteCheck = (request: AnyRequest) => void

export function createCrossSiteCheck (trustedOrigins: ReadonlySet<string>): CrossSiteCheck {
  return function checkCrossSite (request) {
    const { 'sec-fetch-site': site, origin } = request.headers
    if (site === 'same-origin' || site === 'none') return
    if (site === undefined && (origin === undefined || isSameHost(origin, request.host))) return
    if (origin !== undefined && trustedOrigins.has(origin)) return
    request.log.warn({ origin, secFetchSite: site }, 'refused a request from another site: if its origin is yours, add it to trustedOrigins')
    throw new CrossSiteRequestError()
  }
}

/** Host and port, because behind a proxy that ends TLS the scheme is not known. */
function isSameHost (origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
