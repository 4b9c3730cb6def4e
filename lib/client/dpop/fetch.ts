import { readClaims } from '../access-token.ts'
import { isStream } from '../is-stream.ts'
import type { ProofKeyPair, ProofKeyStorage } from './key-storage.ts'
import { createProof, generateKeyPair } from './proof.ts'

type Fetch = typeof globalThis.fetch

/** Resolves URLs and recognizes the routes of the session. */
export interface Routes {
  /** Resolves a URL as `fetch` does. */
  readonly locate: (url: string | URL) => URL
  /** Whether it is a login, refresh or logout route. */
  readonly isOfSession: (url: URL) => boolean
  readonly isRefresh: (url: URL) => boolean
  readonly isLogout: (url: URL) => boolean
}

/** `fetch` that adds a proof where one is needed: on the session's routes, and with an access token that is bound to a key. */
export function createProvingFetch (send: Fetch, keys: ProofKeyStorage, routes: Routes): Fetch {
  const nonces = new Map<string, string>() // by origin
  let clockOffset = 0 // how far the server's clock is ahead of this device's, in ms

  async function keyFor (isLogIn: boolean): Promise<ProofKeyPair | null | undefined> {
    const kept = await keys.load()
    if (kept || !isLogIn) return kept
    const made = await generateKeyPair()
    await keys.save(made)
    return await keys.load() ?? made
  }

  function learn ({ origin }: URL, { headers }: Response, isOfSession: boolean): void {
    const nonce = headers.get('dpop-nonce')
    if (nonce) nonces.set(origin, nonce)
    // Responses from other routes may come from a cache.
    const date = isOfSession ? Date.parse(`${headers.get('date')}`) : NaN
    if (date) clockOffset = date - Date.now()
  }

  return async function provingFetch (input, init = {}) {
    const request = isRequest(input) ? input : undefined
    const url = routes.locate(request?.url ?? input as string | URL)
    const isOfSession = routes.isOfSession(url)
    const headers = new Headers(init.headers ?? request?.headers)
    const accessToken = isOfSession ? undefined : boundToken(headers.get('authorization'))
    if (!isOfSession && !accessToken) return await send(input, init)

    const isLogIn = isOfSession && !routes.isRefresh(url) && !routes.isLogout(url)
    let key = await keyFor(isLogIn)
    // A Request normalizes the method to the spelling that is sent.
    const { method } = request && !init.method ? request : new Request(url, { method: init.method ?? 'GET' })
    const uri = url.origin + url.pathname
    if (accessToken) headers.set('authorization', `DPoP ${accessToken}`)

    const nonce = nonces.get(url.origin)
    const response = await attempt()
    const isRefused = response.status === 400 || response.status === 401
    if (response.status === 400 && routes.isRefresh(url) && !key) {
      // If the server adopts a token of another scheme (its option `adopt`), a refresh starts a session, like a login.
      key = await keyFor(true)
      return await attempt()
    }
    if (isRefused && nonces.get(url.origin) !== nonce && !isStream(init.body)) return await attempt()
    if (routes.isLogout(url) && response.ok) await keys.save(null)
    return response

    async function attempt (): Promise<Response> {
      if (key) headers.set('dpop', await createProof(key, { method, uri, accessToken, nonce: nonces.get(url.origin), now: Date.now() + clockOffset }))
      // Sending a Request consumes its body, so a clone is sent.
      const response = await send(request?.clone() ?? input, { ...init, headers })
      learn(url, response, isOfSession)
      return response
    }
  }
}

/** The access token in the header, if it is bound to a key. */
function boundToken (authorization: string | null): string | undefined {
  const [scheme, token = ''] = authorization?.split(' ') ?? []
  if (scheme !== 'Bearer') return undefined
  try {
    const { cnf } = readClaims(token) as { cnf?: { jkt?: unknown } }
    return cnf?.jkt ? token : undefined
  } catch {
    return undefined // a token of another kind
  }
}

/** Checks the shape, because a library's Request need not be an instance of the global class. */
function isRequest (input: unknown): input is Request {
  return typeof input === 'object' && input !== null && 'url' in input
}
