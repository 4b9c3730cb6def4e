import type { Addresses } from './addresses.ts'
import { AuthUnavailableError } from './errors.ts'
import { inTime } from './in-time.ts'
import type { Settings } from './options.ts'

// Seconds. Whatever a server or a proxy says by mistake, the page must not be blocked for the rest of the day.
const LONGEST_RETRY_AFTER = 300

/**
 * Sends a POST that carries the refresh cookie.
 *
 * @param option the one that names the route
 * @param body sent as JSON, if there is one
 * @param read reads the body of a 2xx; throws where the plugin cannot have sent it
 * @throws AuthUnavailableError for anything but a 2xx that can be read
 */
export type Transport = <Result>(option: 'refreshPath' | 'logoutPath', body: object | undefined, read: (text: string) => Result) => Promise<Result>

export function createTransport (settings: Settings, addresses: Addresses): Transport {
  const { fetch: send, timeout } = settings

  return async function post (option, body, read) {
    const url = addresses.resolve(settings[option])
    let response = undefined as Response | undefined
    let text = ''
    try {
      await inTime(timeout, async (signal) => {
        response = await send(url.href, {
          method: 'POST',
          credentials: 'include',
          keepalive: true, // whoever leaves the page now must not lose the new cookie
          headers: { ...(body && { 'content-type': 'application/json' }), ...settings.headers },
          ...(body && { body: JSON.stringify(body) }),
          signal
        })
        text = await response.text()
      })
    } catch (cause) {
      throw unavailable((cause as Error | undefined)?.name === 'TimeoutError'
        ? `took longer than ${timeout} seconds: is the option timeout too short?`
        : 'failed: is the server reachable, and does CORS allow this origin?', cause)
    }
    const { ok, status } = response as Response
    if (!ok) throw unavailable(`answered ${explain(status, codeIn(text), option)}`)
    try {
      return read(text)
    } catch (cause) {
      throw unavailable(`answered ${status} without an access token: is ${option} right?`, cause)
    }

    function unavailable (problem: string, cause?: unknown): AuthUnavailableError {
      // Not the whole URL: its query may hold a secret.
      return new AuthUnavailableError(`POST ${url.protocol}//${url.host}${url.pathname} ${problem}`, {
        status: response?.status,
        code: codeIn(text),
        retryAfter: readRetryAfter(response?.headers.get('retry-after')),
        cause
      })
    }
  }
}

/** In seconds, or a date: RFC 9110 section 10.2.3. */
function readRetryAfter (header: string | null | undefined): number {
  const seconds = Number(header) || (Date.parse(`${header}`) - Date.now()) / 1000 || 0
  return Math.min(Math.max(seconds, 0), LONGEST_RETRY_AFTER)
}

/** The plugin's error code, wherever the app's error handler has put it. */
function codeIn (text: string): string | undefined {
  return /"(FST_JWT_\w+)"/.exec(text)?.[1]
}

/** What the answer says, and what to check. */
function explain (status: number, code: string | undefined, option: string): string {
  if (status === 404 || status === 405) return `${status}: is ${option} right?`
  if (status === 429) return `${status}: is the rate limit too strict?`
  if (!code) return `${status}: is the server down, or did a proxy answer?`
  if (code === 'FST_JWT_CROSS_SITE_REQUEST') return `${status} ${code}: is this origin in trustedOrigins?`
  return `${status} ${code}`
}
