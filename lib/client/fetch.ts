import type { Addresses } from './addresses.ts'
import type { AuthUnavailableError } from './errors.ts'
import { inTime } from './in-time.ts'
import { isStream } from './is-stream.ts'
import type { Settings } from './options.ts'
import type { State } from './state.ts'
import type { AuthClient } from './types.ts'

type Fetch = typeof globalThis.fetch

export function createFetch ({ fetch: send, timeout }: Settings, addresses: Addresses, state: State, getToken: AuthClient['getToken']): Fetch {
  return async function authFetch (input, init) {
    if (isRequest(init)) return await authFetch(new Request(input, init), undefined)

    let request = isRequest(input) ? input : undefined
    let headers = new Headers(init?.headers ?? request?.headers)
    const url = request?.url ?? input as string | URL
    // Otherwise the browser drops the cookie that an API on another origin sets.
    if (addresses.usesCookie(url)) init = { credentials: 'include', ...init }
    // An Authorization header that the caller has set is sent as it is.
    if (headers.has('authorization')) return send(input, init)

    const signal = init?.signal === undefined ? request?.signal : init.signal
    const method = init?.method ?? request?.method ?? 'GET'
    let failure: AuthUnavailableError | undefined
    const token = await getToken({ url, signal }).catch((error: AuthUnavailableError) => {
      failure = error
      return null
    })
    if (failure && !isForAnyone(method, failure)) throw failure
    if (token === null) {
      const response = await send(input, init)
      if (failure && response.status === 401) throw failure
      return response
    }

    if (init?.body instanceof FormData) {
      // A Request contains the form as bytes. Otherwise each attempt would be serialized with a different boundary.
      request = new Request(input, init)
      headers = new Headers(request.headers)
      init = { ...init, body: undefined as never }
    }
    const response = await attempt(token)
    if (response.status !== 401 || await isTooOld(response, timeout)) return response

    const next = await getToken({ rejected: token, signal })
    if (next === null || isStream(init?.body)) return response
    response.text().catch(() => {})
    return attempt(next)

    /** Whether the request may be sent without a token during an outage, since it may be for a public page. */
    function isForAnyone (method: string, { status }: AuthUnavailableError): boolean {
      return /^(GET|HEAD)$/i.test(method) && (state.snapshot.status === 'unknown' || status === 429)
    }

    function attempt (bearer: string): Promise<Response> {
      headers.set('authorization', `Bearer ${bearer}`)
      // Sending a Request consumes its body, so a clone is sent.
      return send(request?.clone() ?? input, { ...init, headers })
    }
  }
}

/** Whether the user must log in again. A refresh would not help, since it does not make the login more recent. */
async function isTooOld (response: Response, timeout: number): Promise<boolean> {
  try {
    const text = await inTime(timeout, async () => await response.clone().text())
    return text.includes('FST_JWT_LOGIN_TOO_OLD')
  } catch {
    return false // the body is incomplete, never ends, or is already being read
  }
}

/** Checks the shape, because a library's Request need not be an instance of the global class. */
function isRequest (input: any): input is Request { // eslint-disable-line @typescript-eslint/no-explicit-any -- may also be any URL
  return Boolean(input?.url)
}
