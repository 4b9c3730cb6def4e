import { isStream } from './is-stream.ts'
import type { AuthClient } from './types.ts'

const TOO_OLD = /FST_JWT_LOGIN_TOO_OLD|insufficient_user_authentication/

/** The part of an axios instance (1.x) that is used. A structural type, so that axios is not imported and any version fits. */
export interface AxiosLike {
  interceptors: {
    request: Interceptors<any> // eslint-disable-line @typescript-eslint/no-explicit-any -- axios has a different type for each
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
  /** In ms; 0 means no timeout. */
  timeout?: number | undefined
  withCredentials?: boolean | undefined
  /**
   * The token that this interceptor has set. axios copies it to the config of a request that is sent again with `error.config`. A
   * function, so that a log of the config does not show the token.
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
 * Sends the access token with the requests of an axios instance, and retries a request once after a 401. Requests that have an
 * `Authorization` header are not changed; to opt out, use `headers: { Authorization: false }`, which sends none. Attach it before
 * your own interceptors: the response to a retry passes only through those that were added later.
 *
 * @returns a function that detaches it
 */
export function attachAxios (instance: AxiosLike, auth: Pick<AuthClient, 'getToken'> & Partial<Pick<AuthClient, 'usesCookie'>>): () => void {
  const { request, response } = instance.interceptors

  async function attach (config: Config): Promise<Config> {
    const url = instance.getUri(config)
    // Otherwise the browser drops the cookie that an API on another origin sets.
    if (auth.usesCookie?.(url)) config.withCredentials ??= true
    const { headers, sentToken } = config
    delete config.sentToken
    if (sentToken && headers.get('authorization') === `Bearer ${sentToken()}`) headers.delete('authorization')
    if (headers.has('authorization')) return config
    authorize(config, await getToken(config, { url }))
    return config
  }

  /** The response to the retry; undefined if there is no retry. */
  async function sendAgain (answer: Answer): Promise<unknown> {
    const { status, config } = answer
    const rejected = config.sentToken?.()
    if (status !== 401 || !rejected || isStream(config.data) || await isTooOld(answer)) return undefined
    const token = await getToken(config, { rejected })
    if (!token && !isCancelled(config)) return undefined
    authorize(config, token)
    if (isStream(answer.data)) discard(answer.data)
    // With an instance without interceptors and defaults: all of them have been applied already, and what an interceptor has removed
    // must not be added again. The request's data has already been transformed, too.
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
    // A network error has no response, and earlier interceptors may have thrown anything.
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

/** Frees the connection of a response that nobody will read: a Node.js stream or a web stream. */
function discard (data: { destroy?: () => void, cancel?: () => Promise<void> }): void {
  data.destroy?.()
  data.cancel?.().catch(() => {})
}

/** Whether the user must log in again. A refresh would not help, since it does not make the login more recent. */
async function isTooOld ({ data, headers }: Answer): Promise<boolean> {
  // A stream must be left for the caller to read, so the header decides: RFC 9470 section 3.
  const told = isStream(data) ? headers : data
  try {
    return TOO_OLD.test(JSON.stringify(told)) || TOO_OLD.test(await new Blob([told as Blob]).text())
  } catch {
    return false // the body is neither JSON nor a Blob
  }
}
