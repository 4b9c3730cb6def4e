import type { AnyRequest } from '../../types/requests.ts'
import type { Config, CookieConfig } from '../config.ts'
import { isText, own } from '../json.ts'
import { isTopLevel } from './csrf.ts'
import type { AnyReply } from './hooks.ts'

/**
 * Log lines for cookies that the browser will not send back. Otherwise the only symptom is that the first refresh fails for
 * lack of a refresh token, since browsers do not tell the server why they drop a cookie. Each cause is logged once per
 * registration: it is a configuration mistake, and nobody should be able to fill the log with it.
 */
export interface CookieHints {
  /** For a login that sets the cookie. */
  atLogin (request: AnyRequest, reply: AnyReply): void
  /** For a refresh without a refresh token. */
  atMissing (request: AnyRequest): void
}

/** What is wrong, and the fix; null if nothing is detected. `allowCredentials`: the response's Access-Control-Allow-Credentials. */
type Cause = (request: AnyRequest, allowCredentials?: unknown) => string | null

export function createCookieHints ({ cookie, publicUrl, refreshToken: { transport } }: Config): CookieHints {
  const logged = new Set<Cause>()
  const atLogin = [plainHttp(cookie), otherSite(cookie), withoutCredentials]
  if (publicUrl === null) atLogin.push(strippedPrefix(cookie))
  const atMissing = transport === 'cookie' ? [tokenInBody, nothingSent] : [nothingSent]
  /** Until there is a login from another origin, a refresh from there without a cookie is from a user who is not signed in. */
  let hasForeignLogins = false

  function log (causes: Cause[], request: AnyRequest, allowCredentials?: unknown): void {
    for (const cause of causes) {
      const hint = cause(request, allowCredentials)
      if (hint === null || logged.has(cause)) continue
      logged.add(cause)
      const { host, headers: { origin } } = request
      request.log.warn({ origin, host }, hint)
    }
  }

  function nothingSent ({ headers }: AnyRequest): string | null {
    if (!hasForeignLogins || headers.cookie !== undefined || !isFetchFromElsewhere(headers)) return null
    return 'a refresh from another origin had no cookie at all, although there were logins from another origin: unless nobody is logged in there, ' +
      'give fetch credentials: \'include\' (axios: withCredentials: true) for the login and for the refresh'
  }

  return {
    atLogin (request, reply) {
      hasForeignLogins ||= isFetchFromElsewhere(request.headers)
      log(atLogin, request, reply.getHeader('access-control-allow-credentials'))
    },
    atMissing (request) {
      log(atMissing, request)
    }
  }
}

/** Judged by the page's origin, since behind a proxy that terminates TLS every request seems to be plain http. */
function plainHttp ({ secure }: CookieConfig): Cause {
  return ({ protocol, hostname, headers }) => {
    const { origin } = headers
    // Browsers send Fetch Metadata only to https and to localhost.
    if (!secure || protocol !== 'http' || !origin?.startsWith('http://') || headers['sec-fetch-site'] !== undefined || isLoopback(hostname)) return null
    return 'the cookie of a login is Secure, but the page is plain http: browsers drop it, except on localhost. Serve https, or develop with cookie: { secure: false }'
  }
}

function isLoopback (hostname: string): boolean {
  return /^(.+\.)?localhost$|^127\.|^\[::1\]$/i.test(hostname)
}

/** Only for the response to a fetch, or in a frame, of another site. */
function otherSite ({ sameSite }: CookieConfig): Cause {
  return ({ headers }) => {
    if (sameSite === 'none' || headers['sec-fetch-site'] !== 'cross-site' || isTopLevel(headers)) return null
    return `the cookie of a login from another site is SameSite=${sameSite}: browsers drop it. Serve page and API under one site, or give cookie: { sameSite: 'none' }`
  }
}

function withoutCredentials ({ headers }: AnyRequest, allowCredentials: unknown): string | null {
  if (!isFetchFromElsewhere(headers) || allowCredentials === 'true') return null
  return 'the response to a login from another origin does not allow credentials, so browsers drop its cookie: register @fastify/cors with ' +
    'credentials: true, unless a proxy adds the header, and give fetch credentials: \'include\' (axios: withCredentials: true)'
}

function strippedPrefix ({ path }: CookieConfig): Cause {
  return (request) => {
    const prefix = prefixOf(request)
    if (prefix === '' || path === '/' || `${prefix}/`.startsWith(`${path}/`)) return null
    return `the cookie of a login has the path ${path}, but browsers refresh below ${prefix}, which is stripped on the way: give publicUrl with this ` +
      'path and a cookie.path that begins with it, or leave cookie.path out'
  }
}

/** The prefix that a proxy, or Fastify's `rewriteUrl`, has removed from the URL. */
function prefixOf ({ headers, url, originalUrl }: AnyRequest): string {
  const forwarded = own(headers, 'x-forwarded-prefix')
  if (isText(forwarded) && /^\/[\w./~-]{1,100}$/.test(forwarded)) return forwarded.replace(/\/+$/, '')
  return originalUrl.endsWith(url) ? originalUrl.slice(0, -url.length) : ''
}

function tokenInBody ({ body }: AnyRequest): string | null {
  if (!isText(own(Object(body), 'refreshToken'))) return null
  return 'a refresh had a refresh token in its body, where it is not read: give refreshToken: { transport: \'both\' } or \'body\', ' +
    'or let the client send the cookie'
}

function isFetchFromElsewhere (headers: AnyRequest['headers']): boolean {
  const site = headers['sec-fetch-site']
  return headers['sec-fetch-mode'] === 'cors' && (site === 'cross-site' || site === 'same-site')
}
