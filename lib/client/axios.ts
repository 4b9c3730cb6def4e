import { isStream } from './is-stream.ts'
import type { AuthClient } from './types.ts'

/** What is used of an axios instance (1.x). Structural: any version's instance fits, and nothing is imported. */
export interface AxiosLike {
  interceptors: {
    request: Interceptors<any> // eslint-disable-line @typescript-eslint/no-explicit-any -- axios has types of its own for each
    response: Interceptors<any> // eslint-disable-line @typescript-eslint/no-explicit-any
  }
  getUri (config?: object): string
  create (config?: object): { request (config: object): Promise<unknown> }
}

interface Interceptors<Value> {
  use (onFulfilled: (value: Value) => Value | Promise<Value>, onRejected?: (error: unknown) => unknown): number
  eject (id: number): void
}

interface Config {
  headers: { has (name: string): boolean, set (name: string, value: string): unknown }
  data?: unknown
  signal?: AbortSignal | undefined
  withCredentials?: boolean | undefined
}

interface Answer {
  status: number
  headers: { [name: string]: unknown }
  data?: unknown
  config: Config
}

/**
 * Sends the access token with the requests of an axios instance, and sends a request again, once, after a 401. Left alone
 * are requests that bring an `Authorization` header of their own; `headers: { Authorization: false }` brings none, and opts
 * out. Attach it before interceptors of your own: an answer to the second try passes those that come after.
 *
 * @returns detaches it
 */
export function attachAxios (instance: AxiosLike, auth: Pick<AuthClient, 'getToken'> & Partial<Pick<AuthClient, 'usesCookie'>>): () => void {
  const { request, response } = instance.interceptors
  /** Which token went with which request. */
  const sent = new WeakMap<Config, string>()

  async function attach (config: Config): Promise<Config> {
    const url = instance.getUri(config)
    // Without it the browser drops the cookie that an API of another origin sets.
    if (auth.usesCookie?.(url)) config.withCredentials ??= true
    if (config.headers.has('authorization')) return config
    const token = await getToken(config, { url })
    if (token) {
      sent.set(config, token)
      config.headers.set('authorization', `Bearer ${token}`)
    }
    return config
  }

  /** The answer to the second try; undefined where there is none. */
  async function sendAgain (answer: Answer): Promise<unknown> {
    const { status, config } = answer
    const rejected = sent.get(config)
    if (status !== 401 || rejected === undefined || isStream(config.data) || await isTooOld(answer)) return undefined
    const token = await getToken(config, { rejected })
    if (token) config.headers.set('authorization', `Bearer ${token}`)
    else if (!config.signal?.aborted) return undefined
    // By an instance without interceptors: they have all seen this request. And what it carries is transformed by now.
    return await instance.create().request({ ...config, transformRequest: [] })
  }

  /** Null after an abort, too: axios then rejects with the error that its users know. */
  async function getToken ({ signal }: Config, options: { url: string } | { rejected: string }): Promise<string | null> {
    try {
      return await auth.getToken({ ...options, signal })
    } catch (error) {
      if (signal?.aborted) return null
      throw error
    }
  }

  const requests = request.use(attach)
  const responses = response.use(
    async (answer: Answer) => await sendAgain(answer) ?? answer,
    async (error) => {
      const answer = hasResponse(error) ? await sendAgain(error.response) : undefined
      if (answer === undefined) throw error
      return answer
    }
  )
  return () => {
    request.eject(requests)
    response.eject(responses)
  }
}

/** Whether the user has to log in anew: no refresh makes the login a recent one. */
async function isTooOld ({ data, headers }: Answer): Promise<boolean> {
  // A stream is the caller's to read, so the header has to do: RFC 9470 section 3.
  if (isStream(data)) return String(headers['www-authenticate']).includes('insufficient_user_authentication')
  try {
    const text = isBinary(data) ? await new Response(data).text() : JSON.stringify(data)
    return text.includes('FST_JWT_LOGIN_TOO_OLD')
  } catch {
    return false // no data, or none that is text
  }
}

function isBinary (data: unknown): data is Blob | ArrayBuffer | Uint8Array<ArrayBuffer> {
  return data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data)
}

/** An error with an answer, unlike one of the network; interceptors before ours may have thrown anything. */
function hasResponse (error: unknown): error is { response: Answer } {
  return typeof error === 'object' && error !== null && 'response' in error && Boolean(error.response)
}
