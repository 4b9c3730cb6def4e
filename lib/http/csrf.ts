import type { RefusedEvent } from '../../types/events.ts'
import type { AnyRequest } from '../../types/requests.ts'
import type { PublicUrl } from '../config.ts'
import { CrossSiteRequestError } from '../errors.ts'
import { own } from '../json.ts'
import type { SessionReference } from '../sessions/end-sessions.ts'
import type { Refuse } from './refusals.ts'

/**
 * Whether another site made the browser send this request. The browser says so itself, in headers that a page cannot
 * forge (Fetch Metadata; Origin, RFC 6454 §7). Without both there is no browser, and so no one who could be tricked.
 * A link or redirect that takes the user to a page of ours is none: see isNavigation.
 */
export type IsCrossSite = (request: AnyRequest) => boolean

export function createIsCrossSite (trustedOrigins: ReadonlySet<string>, publicUrl: PublicUrl | null): IsCrossSite {
  return function isCrossSite (request) {
    const site = own(request.headers, 'sec-fetch-site')
    const origin = own(request.headers, 'origin') as string | undefined
    if (site === 'same-origin' || site === 'none' || isNavigation(request)) return false
    if (site === undefined && (origin === undefined || origin === publicUrl?.origin || isOriginOf(request, origin))) return false
    return origin === undefined || !trustedOrigins.has(origin)
  }
}

/**
 * The error for such a request that carries our cookie or would set it, once the log says what a host with a front end of
 * its own must do.
 *
 * @param whose the session of the genuine token in the request
 * @param otherwise what else can be done about it, for the log
 */
export function refuseCrossSite (
  refuse: Refuse, request: AnyRequest, operation: RefusedEvent['operation'], whose?: SessionReference, otherwise = ''
): Error {
  const { log, host, headers } = request
  const ids = whose && { sessionId: whose.sessionId, subject: whose.subject }
  log.warn({ operation, ...ids, origin: own(headers, 'origin'), host, secFetchSite: own(headers, 'sec-fetch-site') }, `refused a request from another site: if its origin is yours, add it to trustedOrigins${otherwise}`)
  return refuse(request, operation, 'cross-site', new CrossSiteRequestError(), whose)
}

/**
 * A top-level navigation: a link from a mail, or the redirect back from an identity provider. The user sees the answer, the
 * other site does not. An image, a frame and a fetch have another mode or destination; a form that posts has another method.
 */
function isNavigation ({ method, headers }: AnyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && isTopLevel(headers)
}

/** Whether the browser shows the answer as a page of its own. There it keeps a cookie of any `SameSite` (RFC 6265bis §5.7). */
export function isTopLevel (headers: AnyRequest['headers']): boolean {
  return own(headers, 'sec-fetch-mode') === 'navigate' && own(headers, 'sec-fetch-dest') === 'document'
}

/**
 * Whether it is the origin of the request itself: scheme, host and port are compared as the URL standard spells them, so
 * that letter case, a default port, and other spellings of an IPv6 or internationalized host make no difference (RFC 6454 §5).
 */
function isOriginOf ({ protocol, host }: AnyRequest, origin: string): boolean {
  const scheme = /^https?:/i.exec(origin)?.[0].toLowerCase()
  if (scheme === undefined || !URL.canParse(origin)) return false
  // What seems to be plain http may have been https, up to a proxy that ends TLS.
  if (protocol === 'https' && scheme === 'http:') return false
  const ours = `${scheme}//${host}`
  return URL.canParse(ours) && new URL(ours).href === `${new URL(origin).origin}/`
}
