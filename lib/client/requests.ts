import { readToken } from './access-token.ts'
import type { AccessToken } from './access-token.ts'
import { AuthUnavailableError, LogInRefusedError } from './errors.ts'
import type { Answer, Transport } from './transport.ts'
import type { LogoutOptions } from './types.ts'

/** @throws AuthUnavailableError */
export async function requestToken (post: Transport): Promise<AccessToken> {
  const since = Date.now()
  const answer = await post('refreshPath')
  mustBeOk(answer, 'refreshPath')
  try {
    return readToken(JSON.parse(answer.text), since)
  } catch (cause) {
    throw unavailable(answer, ' without an access token: is refreshPath right?', cause)
  }
}

/** @throws AuthUnavailableError */
export async function requestLogout (post: Transport, { everywhere }: LogoutOptions): Promise<void> {
  mustBeOk(await post('logoutPath', { everywhere }), 'logoutPath')
}

/** @throws LogInRefusedError, or AuthUnavailableError if there is no response */
export async function requestLogIn (post: Transport, credentials: object): Promise<AccessToken> {
  const since = Date.now()
  const { ok, status, text, call } = await post('loginPath', credentials)
  let body: any = text // eslint-disable-line @typescript-eslint/no-explicit-any -- readToken checks it
  try {
    body = JSON.parse(text)
    if (ok) return readToken(body, since)
  } catch {
    // Not JSON, or without a token: the server may be asking for a second factor.
  }
  throw new LogInRefusedError(`${call} answered ${status}${explainRoute(status, 'loginPath')}`, status, body)
}

function mustBeOk (answer: Answer, option: string): void {
  if (!answer.ok) throw unavailable(answer, explain(answer, option))
}

function unavailable ({ call, status, text, retryAfter }: Answer, problem: string, cause?: unknown): AuthUnavailableError {
  return new AuthUnavailableError(`${call} answered ${status}${problem}`, { status, code: codeIn(text), retryAfter, cause })
}

/** The plugin's error code, wherever the app's error handler puts it in the body. */
function codeIn (text: string): string | undefined {
  return /"(FST_JWT_\w+)"/.exec(text)?.[1]
}

/** What the response says in addition to its status, and what to check. */
function explain ({ status, text }: Answer, option: string): string {
  const code = codeIn(text)
  if (status === 429) return ': is the rate limit too strict?'
  if (code) return ` ${code}${code === 'FST_JWT_CROSS_SITE_REQUEST' ? ': is this origin in trustedOrigins?' : ''}`
  return explainRoute(status, option) || ': is the server down, or did a proxy answer?'
}

/** Empty if the route exists. */
function explainRoute (status: number, option: string): string {
  return status === 404 || status === 405 ? `: is ${option} right?` : ''
}
