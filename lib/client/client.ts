import { abortable } from './abortable.ts'
import { readClaims, readToken } from './access-token.ts'
import type { AccessToken } from './access-token.ts'
import { AuthUnavailableError, isOver } from './errors.ts'
import { createFetch } from './fetch.ts'
import { createLock } from './lock.ts'
import type { Page, PageEvent } from './page.ts'
import { createSchedule } from './schedule.ts'
import { unknown } from './snapshot.ts'
import { joinTabs } from './tabs.ts'
import type { Message, News } from './tabs.ts'
import type { AuthClient, AuthClientOptions, AuthSnapshot, GetTokenOptions, TokenResult } from './types.ts'

/** @param page undefined outside of one: then there is nothing that runs in the background */
export function createClient<Claims extends object> (options: AuthClientOptions, page: Page | undefined): AuthClient<Claims> {
  const {
    baseUrl, refreshPath = '/auth/refresh', logoutPath = '/auth/logout', loginPath = '/login', origins = [],
    fetch: send = (input, init) => fetch(input, init),
    leeway = 60, timeout = 10, autoRefresh = true, crossTab = true
  } = options
  const address = page?.document.baseURI
  // Resolved at each use: a page's server side may create a client that has no address yet, and never use it.
  const resolve = (path: string): string => new URL(path, baseUrl ?? address).href
  const name = (options.key ?? (page && resolve(refreshPath))) as string // used in a page only
  const disposal = new AbortController()
  const patience = timeout * 1000
  const exclusively = createLock(name, patience, page)
  const [tell, heard, leave] = joinTabs(name, !!crossTab, page, receive)
  if (page && autoRefresh) createSchedule(page, disposal.signal, check)

  /** A new one at each change, so that it tells whether anything has changed since. */
  let snapshot: AuthSnapshot = unknown
  let token: AccessToken | null = null
  let failures = 0
  /** When the next refresh is due, in ms. After a failure the server is left alone until then. */
  let due = Infinity
  let refreshing: Promise<void> | null = null
  const listeners = new Set<() => void>()

  function change (status: AuthSnapshot['status'], next: AccessToken | null, error: AuthUnavailableError | null = null): void {
    token = next
    due = Infinity
    if (error) due = Date.now() + error.retryAfter * 1000
    else {
      failures = 0
      // Not all tabs and users at once.
      if (next) due = next.expiresAt - Math.min(leeway * 1000, next.expiresIn * 250) * (1 - Math.random() / 4)
    }
    const { claims, expiresAt } = next ?? unknown
    snapshot = { status, claims: claims as AuthSnapshot['claims'], expiresAt, error }
    for (const listener of listeners) listener()
  }

  /** A change that the other tabs learn about. */
  function announce (news: News, next: AccessToken | null): void {
    tell([news, (next ?? token)?.claims.sid, crossTab !== 'strict' && next])
    change(next ? 'signed-in' : 'signed-out', next)
  }

  /** A token's rest of life, in ms. */
  function leftOf ({ expiresAt, expiresIn }: AccessToken): number {
    const left = expiresAt - Date.now()
    // More than there was at first: the clock has been set back since.
    return left > expiresIn * 1000 ? 0 : left
  }

  /**
   * Sends one of the two requests that carry the cookie: a refresh has no body, and resolves with the token. A logout resolves
   * with nothing. Either may resolve with why it failed.
   */
  async function post (path: string, body?: string): Promise<AccessToken | AuthUnavailableError | undefined> {
    const url = resolve(path)
    const since = Date.now()
    const signal = AbortSignal.timeout(patience)
    let response: Response | undefined
    let text = ''
    let cause: unknown
    try {
      // A `fetch` of the app's own may know nothing of signals.
      text = await abortable((async () => {
        response = await send(url, {
          method: 'POST',
          credentials: 'include',
          keepalive: true, // who leaves the page now must not lose the new cookie
          headers: { ...(body && { 'content-type': 'application/json' }), ...options.headers },
          body: body as string, // undefined is no body
          signal
        })
        return response.text()
      })(), signal)
      if ((response as Response | undefined)?.ok) return body ? undefined : readToken(JSON.parse(text) as TokenResult, since)
    } catch (error) {
      cause = error
    }
    const status = response?.status
    return Object.assign(new AuthUnavailableError(`fetch: ${status ?? cause}`, { cause }), {
      status,
      // Wherever the app's error handler has put it.
      code: /"(FST_JWT_\w+)"/.exec(text)?.[1],
      retryAfter: Number(response?.headers.get('retry-after')) || 0
    })
  }

  /** One refresh at a time, for everybody who asks. Resolves where it has turned out to be needless, too. */
  async function renew (isUrged?: boolean): Promise<void> {
    const asked = snapshot
    const retryAfter = (due - Date.now()) / 1000
    if (!refreshing && !isUrged && asked.error && retryAfter > 0) throw Object.assign(asked.error, { retryAfter })
    await (refreshing ??= exclusively(async (waited) => {
      if (waited && snapshot === asked) await heard()
      if (snapshot !== asked) return
      const answer = await post(refreshPath) as AccessToken | AuthUnavailableError
      // What began before a sign-in or sign-out says nothing after it.
      if (snapshot !== asked) return
      if ('claims' in answer) announce('refreshed', answer)
      else if (isOver(answer)) announce('signed-out', null)
      else {
        answer.retryAfter = Math.max(answer.retryAfter, Math.min(2 ** failures++, 30) * (1 - Math.random() / 2))
        change(asked.status, token, answer)
        throw answer
      }
    }).finally(() => { refreshing = null }))
  }

  function refreshUnasked (): void {
    renew(true).catch(() => {}) // the snapshot has it
  }

  function check ({ type, persisted }: Partial<PageEvent> = {}): void {
    // A page that was put away with its state has heard nothing meanwhile.
    const isDue = persisted || due <= Date.now() || (type === 'online' && snapshot.error)
    if (isDue && (autoRefresh === 'always' || (page as Page).document.visibilityState === 'visible')) refreshUnasked()
  }

  /** What another tab has told. */
  function receive ([news, sid, next]: Message): void {
    const isOurs = snapshot.status === 'unknown' || token?.claims.sid === sid
    if (next && (isOurs || news === 'signed-in')) change('signed-in', next)
    else if (news === 'signed-out' && isOurs) change(news, null)
    else if (news !== 'refreshed') {
      // The cookie is of another session than ours now, and only the server knows of which.
      refreshing = null
      refreshUnasked()
    }
  }

  async function getToken ({ url, minValidity, force, rejected, signal }: GetTokenOptions = {}): Promise<string | null> {
    if (url) {
      // As `fetch` resolves it.
      const { origin, pathname } = new URL(url, address ?? baseUrl)
      if (![new URL(resolve('')).origin, ...origins].includes(origin)) return null
      if ([refreshPath, logoutPath, loginPath].map(resolve).includes(origin + pathname)) {
        // A late answer to a refresh could take away the cookie that a login sets.
        await abortable(Promise.allSettled([refreshing]), signal)
        return null
      }
    }
    const { sub } = rejected ? readClaims(rejected) : token?.claims ?? {}
    const isGood = !force && token && token.accessToken !== rejected && leftOf(token) > 1000 * (minValidity ?? Math.min(5, token.expiresIn / 4))
    if (snapshot.status !== 'signed-out' && !isGood) await abortable(renew(), signal)
    // What Alice has clicked must not happen in Bob's name.
    if (sub && token && token.claims.sub !== sub) throw new Error('Another user')
    return token && token.accessToken
  }

  return {
    fetch: createFetch(send, getToken),
    getToken,
    async ready () {
      if (snapshot.status === 'unknown') await renew()
      return snapshot as AuthSnapshot<Claims>
    },
    async refresh () {
      await renew(true)
      return snapshot as AuthSnapshot<Claims>
    },
    setSession (result: TokenResult) {
      announce('signed-in', readToken(result, Date.now()))
    },
    logout: ({ everywhere } = {}) => exclusively(async () => {
      const before = token
      const failure = await post(logoutPath, JSON.stringify({ everywhere })) as AuthUnavailableError | undefined
      // A sign-in meanwhile is not meant.
      if ((!failure || isOver(failure)) && (before ?? token)?.claims.sid === token?.claims.sid) announce('signed-out', null)
      if (failure) throw failure
    }),
    getSnapshot: () => snapshot as AuthSnapshot<Claims>,
    subscribe (onChange) {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
    dispose () {
      disposal.abort()
      leave()
    }
  }
}
