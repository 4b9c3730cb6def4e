/*
 * The browser's side, to copy: an access token in memory, a refresh token that scripts never see, and a fetch that
 * heals a 401. Nothing here is stored: after a reload the cookie alone gets a new access token.
 */

/** The person has to log in (again). */
export class LoginNeededError extends Error {}

/**
 * @typedef {{ value: string, claims: { sub: string, sid: string, exp: number }, lifetime: number, expiresAt: number }} Token
 * @param {object} options
 * @param {(token: Token | null) => void} options.onChange told of every new access token, and with null when there is none any more
 * @param {typeof fetch} [options.fetch]
 */
export function createAuth ({ onChange, fetch = globalThis.fetch.bind(globalThis) }) {
  let token = null
  let refreshing = null

  return {
    async login (email, password) {
      const response = await fetch('/login', postJson({ email, password }))
      if (!response.ok) throw await errorOf(response)
      keep(await response.json())
    },

    /** After a page load: is someone logged in? */
    async restore () {
      try {
        await refresh()
      } catch (error) {
        if (!(error instanceof LoginNeededError)) throw error
      }
    },

    refresh,

    /** Like `fetch`, with the access token. A body must be one that can be sent twice, a string for example. */
    async fetch (url, init) {
      const used = token
      const response = await fetch(url, withBearer(init, used))
      if (response.status !== 401) return response
      // Another call of this tab may have fetched a new token while this one was under way.
      if (token === used) await refresh()
      // Another tab may have logged in as someone else: what Alice clicked must not happen in Bob's name.
      if (token === null || token.claims.sub !== used?.claims.sub) throw new LoginNeededError('Someone else has logged in meanwhile')
      return fetch(url, withBearer(init, token))
    },

    async logout ({ everywhere = false } = {}) {
      await refreshing?.catch(() => {}) // else its answer would log in again
      const response = await fetch('/auth/logout', postJson({ everywhere }))
      // 401 and 403: there was nothing left to end. Anything else must not look like a logout.
      if (!response.ok && !isOver(response)) throw await errorOf(response)
      forget()
    },

    /** The server has ended this session and taken the cookie back. */
    forget
  }

  /** One at a time in this tab, however many calls wait for it. Several tabs at once are the server's business. */
  function refresh () {
    refreshing ??= requestRefresh().finally(() => { refreshing = null })
    return refreshing
  }

  async function requestRefresh () {
    const response = await fetch('/auth/refresh', { method: 'POST' })
    if (response.ok) return keep(await response.json())
    const error = await errorOf(response)
    // Anything else, a 503 or no network at all, says nothing about the session: the next call tries again.
    if (!isOver(response)) throw error
    forget()
    throw new LoginNeededError('Your session has ended', { cause: error })
  }

  function keep ({ accessToken, expiresIn }) {
    // By this machine's clock, since `exp` is by the server's.
    token = { value: accessToken, claims: claimsOf(accessToken), lifetime: expiresIn * 1000, expiresAt: Date.now() + expiresIn * 1000 }
    onChange(token)
  }

  function forget () {
    token = null
    onChange(null)
  }
}

function isOver ({ status }) {
  return status === 401 || status === 403
}

export function postJson (body) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** @param {Response} response one that is not ok */
export async function errorOf (response) {
  const { message, code } = await response.json().catch(() => ({}))
  return Object.assign(new Error(message ?? `The server answered ${response.status}`), { code, status: response.status })
}

function withBearer (init, token) {
  const headers = new Headers(init?.headers)
  if (token !== null) headers.set('authorization', `Bearer ${token.value}`)
  return { ...init, headers }
}

/** To show them. What they allow is decided by the server, which verifies them. */
function claimsOf (accessToken) {
  const base64 = accessToken.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  return JSON.parse(new TextDecoder().decode(bytes))
}
