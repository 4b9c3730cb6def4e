import { isStream } from './is-stream.ts'
import type { AuthClient } from './types.ts'

const TOO_OLD = /FST_JWT_LOGIN_TOO_OLD|insufficient_user_authentication/

/** What is used of an axios instance (1.x). Structural: any version's instance fits, and nothing is imported. */
export interface AxiosLike {
  interceptors: {
    request: Interceptors<any> // eslint-disable-line @typescript-eslint/no-explicit-any -- axios has types of its own for each
    response: Interceptors<any> // eslint-disable-line @typescript-eslint/no-explicit-any
  }
  getUri (config?: object): string
  create (config?: object): { defaults: object, request (config: object): Promise<unknown> }
}

interface Interceptors<Value> {
  use (onFulfilled: (value: Value) => Value | Promise<Value>, onRejected?: (error: any) => unknown): number // eslint-disable-line @typescript-eslint/no-explicit-any
  eject (id: number): void
}

interface Config {
  headers: { has (name: string): boolean, get (name: string): unknown, set (name: string, value: string): unknown, delete (name: string): unknown }
  data?: unknown
  signal?: AbortSignal | undefined
  cancelToken?: CancelToken | undefined
  /** In ms; 0 is none. */
  timeout?: number | undefined
  withCredentials?: boolean | undefined
  /**
   * The token that was set here. axios copies it to the config of a request that is sent again by `error.config`. A function,
   * so that no log of the config shows a token.
   */
  sentToken?: (() => string) | undefined
}

/** The older way to cancel a request. */
interface CancelToken {
  reason?: unknown
  subscribe (listener: () => void): void
  unsubscribe (listener: () => void): void
}

interface Answer {
  status: number
  headers: { [name: string]: unknown }
  data?: unknown
  config: Config
}

/**
 * Sends the access token with the requests of an axios instance, and sends a request again, once, after a 401. Left alone
 * are requests that have an `Authorization` header of their own; `headers: { Authorization: false }` sends none, and opts
 * out. Attach it before interceptors of your own: an answer to the second try passes those that come after.
 *
 * @returns detaches it
 */
export function attachAxios (instance: AxiosLike, auth: Pick<AuthClient, 'getToken'> & Partial<Pick<AuthClient, 'usesCookie'>>): () => void {
  const { request, response } = instance.interceptors

  async function attach (config: Config): Promise<Config> {
    const url = instance.getUri(config)
    // Without it the browser drops the cookie that an API of another origin sets.
    if (auth.usesCookie?.(url)) config.withCredentials ??= true
    const { headers, sentToken } = config
    delete config.sentToken
    if (sentToken && headers.get('authorization') === `Bearer ${sentToken()}`) headers.delete('authorization')
    if (headers.has('authorization')) return config
    authorize(config, await getToken(config, { url }))
    return config
  }

  /** The answer to the second try; undefined where there is none. */
  async function sendAgain (answer: Answer): Promise<unknown> {
    const { status, config } = answer
    const rejected = config.sentToken?.()
    if (status !== 401 || !rejected || isStream(config.data) || await isTooOld(answer)) return undefined
    const token = await getToken(config, { rejected })
    if (!token && !isCancelled(config)) return undefined
    authorize(config, token)
    if (isStream(answer.data)) discard(answer.data)
    // With an instance that has no interceptors and defaults: all of them have been applied, and what an interceptor has removed
    // must not come back. The request's data is already transformed, too.
    const plain = instance.create()
    for (const name in plain.defaults) delete plain.defaults[name as never]
    return await plain.request({ ...config, transformRequest: [] })
  }

  /** Also null after a cancellation: axios then rejects with its own error, which its users expect. */
  async function getToken (config: Config, options: { url: string } | { rejected: string }): Promise<string | null> {
    const { signal, cancelToken, timeout } = config
    const waiting = new AbortController()
    const cancel = (): void => waiting.abort()
    const timer = timeout ? setTimeout(() => waiting.abort(createTimeoutError(config)), timeout) : undefined
    signal?.addEventListener('abort', cancel)
    cancelToken?.subscribe(cancel)
    if (signal?.aborted) cancel()
    return await auth.getToken({ ...options, signal: waiting.signal })
      .catch((error: unknown) => {
        if (isCancelled(config)) return null
        throw error
      })
      .finally(() => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', cancel)
        cancelToken?.unsubscribe(cancel)
      })
  }

  const requests = request.use(attach)
  const responses = response.use(
    async (answer: Answer) => await sendAgain(answer) ?? answer,
    // A network error has no answer, and interceptors before ours may have thrown anything.
    async (error: { response?: Answer } | undefined) => {
      const answer = error?.response && await sendAgain(error.response)
      if (answer === undefined) throw error
      return answer
    }
  )
  return () => {
    request.eject(requests)
    response.eject(responses)
  }
}

function authorize (config: Config, token: string | null): void {
  if (!token) return
  config.headers.set('authorization', `Bearer ${token}`)
  config.sentToken = () => token
}

function isCancelled ({ signal, cancelToken }: Config): boolean {
  return Boolean(signal?.aborted || cancelToken?.reason)
}

/** The same error that axios creates when the request itself takes too long. */
function createTimeoutError (config: Config): Error {
  return Object.assign(new Error(`timeout of ${config.timeout}ms exceeded`), { name: 'AxiosError', isAxiosError: true, code: 'ECONNABORTED', config })
}

/** Frees the connection of an answer that nobody will read: a Node.js stream or a web stream. */
function discard (data: { destroy?: () => void, cancel?: () => Promise<void> }): void {
  data.destroy?.()
  data.cancel?.().catch(() => {})
}

/** Whether the user has to log in again, because a refresh does not make the login a recent one. */
async function isTooOld ({ data, headers }: Answer): Promise<boolean> {
  // A stream is left for the caller to read, so the header decides: RFC 9470 section 3.
  const told = isStream(data) ? headers : data
  try {
    return TOO_OLD.test(JSON.stringify(told)) || TOO_OLD.test(await new Blob([told as Blob]).text())
  } catch {
    return false // the body is neither JSON nor a Blob
  }
}
