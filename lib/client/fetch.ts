import type { AuthClient } from './types.ts'

type Fetch = typeof globalThis.fetch

/** @param send the `fetch` below */
export function createFetch (send: Fetch, getToken: AuthClient['getToken']): Fetch {
  return async function authFetch (input, init = {}) {
    const { body } = init
    if (body instanceof FormData) {
      // Else each try would be written with another boundary.
      input = new Request(input, init)
      init = {}
    }
    // A string or a URL has none of these.
    const request = input as Partial<Request>
    const signal = init.signal ?? request.signal
    const headers = new Headers(init.headers ?? request.headers)
    const url = request.url ?? input as string | URL
    // Who brings a token of their own wants that one.
    const token = !headers.has('authorization') && await getToken({ url, signal })
    if (!token) return send(input, init)

    const attempt = (token: string): Promise<Response> => {
      headers.set('authorization', `Bearer ${token}`)
      return send(request.clone?.() ?? input, { ...init, headers })
    }
    const response = await attempt(token)
    if (response.status !== 401) return response

    const next = await getToken({ rejected: token, signal })
    // A stream was read, and cannot be read again.
    if (!next || (body as { [Symbol.asyncIterator]?: unknown } | undefined)?.[Symbol.asyncIterator]) return response
    response.body?.cancel().catch(() => {})
    return attempt(next)
  }
}
