import type { RefusedEvent } from '../../types/events.ts'
import type { AnyRequest } from '../../types/requests.ts'
import type { PublicUrl } from '../config.ts'
import { CrossSiteRequestError } from '../errors.ts'
import { own } from '../json.ts'
import type { SessionReference } from '../sessions/end-sessions.ts'
import type { Refuse } from './refusals.ts'

/**
 * Whether another site made the browser send this request. The browser says so in headers that a page cannot forge
 * (Fetch Metadata; Origin, RFC 6454 §7). A request with neither does not come from a browser, so no user can have been tricked.
 * A link or redirect that takes the user to a page of the app does not count: see isNavigation.
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
 * Returns the error for a cross-site request that has a cookie of the plugin or would set one. Logs what to do if the front end is
 * the host's own.
 *
 * @param whose the session of the genuine token in the request
 * @param otherwise another possible fix, for the log
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
 * A top-level navigation: a link in an email, or the redirect back from an identity provider. The user sees the response, the
 * other site does not. An image, a frame or a fetch has another mode or destination; a form that posts has another method.
 */
function isNavigation ({ method, headers }: AnyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && isTopLevel(headers)
}

/** Whether the browser shows the response as a top-level page. It then stores cookies of any `SameSite` (RFC 6265bis §5.7). */
export function isTopLevel (headers: AnyRequest['headers']): boolean {
  return own(headers, 'sec-fetch-mode') === 'navigate' && own(headers, 'sec-fetch-dest') === 'document'
}

/**
 * Whether it is the origin of the request's own URL. Both are normalized by the URL standard before they are compared, so letter
 * case, a default port, and other spellings of an IPv6 or internationalized host make no difference (RFC 6454 §5).
 */
function isOriginOf ({ protocol, host }: AnyRequest, origin: string): boolean {
  const scheme = /^https?:/i.exec(origin)?.[0].toLowerCase()
  if (scheme === undefined || !URL.canParse(origin)) return false
  // A request that seems to be plain http may have been https, if a proxy terminates TLS.
  if (protocol === 'https' && scheme === 'http:') return false
  const ours = `${scheme}//${host}`
  return URL.canParse(ours) && new URL(ours).href === `${new URL(origin).origin}/`
}
