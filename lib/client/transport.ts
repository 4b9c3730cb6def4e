import { abortable } from './abortable.ts'
import type { Addresses } from './addresses.ts'
import { AuthUnavailableError } from './errors.ts'
import type { Settings } from './options.ts'

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
    const signal = AbortSignal.timeout(timeout * 1000)
    const init: RequestInit = {
      method: 'POST',
      credentials: 'include',
      keepalive: true, // whoever leaves the page now must not lose the new cookie
      headers: { ...(body && { 'content-type': 'application/json' }), ...settings.headers },
      ...(body && { body: JSON.stringify(body) }),
      signal
    }
    let response: Response | undefined
    let text = ''
    try {
      // Both waits end with the signal, even if the app's own `fetch` ignores it.
      response = await abortable(send(url.href, init), signal)
      text = await abortable(response.text(), signal)
    } catch (cause) {
      throw unavailable(signal.aborted
        ? `took longer than ${timeout} seconds: is the option timeout too short?`
        : 'failed: is the server reachable, and does CORS allow this origin?', cause)
    }
    if (!response.ok) throw unavailable(`answered ${explain(response.status, codeIn(text), option)}`)
    try {
      return read(text)
    } catch (cause) {
      throw unavailable(`answered ${response.status} without an access token: is ${option} right?`, cause)
    }

    function unavailable (problem: string, cause?: unknown): AuthUnavailableError {
      // Not the whole URL: its query may hold a secret.
      return new AuthUnavailableError(`POST ${url.protocol}//${url.host}${url.pathname} ${problem}`, {
        status: response?.status,
        code: codeIn(text),
        retryAfter: Number(response?.headers.get('retry-after')) || 0,
        cause
      })
    }
  }
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
