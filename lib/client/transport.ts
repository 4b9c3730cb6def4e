import type { Addresses } from './addresses.ts'
import { AuthUnavailableError } from './errors.ts'
import { inTime } from './in-time.ts'
import type { Settings } from './options.ts'

// Seconds. A mistaken header of a server or proxy must not block the page for the rest of the day.
const LONGEST_RETRY_AFTER = 300

/** A complete response with any status. */
export interface Answer {
  readonly ok: boolean
  readonly status: number
  readonly text: string
  /** The request, for error messages. Not the whole URL, since its query may contain a secret. */
  readonly call: string
  readonly retryAfter: number
}

/**
 * Sends a POST that carries the refresh cookie.
 *
 * @param option the option that names the route
 * @param body sent as JSON, if there is one
 * @throws AuthUnavailableError if there is no response or an incomplete one
 */
export type Transport = (option: 'refreshPath' | 'logoutPath' | 'loginPath', body?: object) => Promise<Answer>

export function createTransport (settings: Settings, addresses: Addresses): Transport {
  const { fetch: send, headers, timeout } = settings

  return async function post (option, body) {
    const [path] = [settings[option]].flat() as [string]
    const { href, origin, pathname } = addresses.resolve(path)
    const call = `POST ${origin}${pathname}`
    let status: number | undefined
    try {
      return await inTime(timeout, async (signal) => {
        const response = await send(href, {
          method: 'POST',
          credentials: 'include',
          keepalive: true, // so that the new cookie is not lost if the user leaves the page
          headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
          body: JSON.stringify(body), // undefined if there is none
          signal
        })
        status = response.status
        return { ok: response.ok, status, text: await response.text(), call, retryAfter: readRetryAfter(response.headers.get('retry-after')) }
      })
    } catch (cause) {
      const problem = (cause as Error | undefined)?.name === 'TimeoutError'
        ? `took longer than ${timeout} seconds: is the option timeout too short?`
        : 'failed: is the server reachable, and does CORS allow this origin?'
      throw new AuthUnavailableError(`${call} ${problem}`, { status, cause })
    }
  }
}

/** Reads a number of seconds or a date: RFC 9110 section 10.2.3. */
function readRetryAfter (header: string | null): number {
  const seconds = Number(header) || (Date.parse(`${header}`) - Date.now()) / 1000 || 0
  return Math.min(Math.max(seconds, 0), LONGEST_RETRY_AFTER)
}
