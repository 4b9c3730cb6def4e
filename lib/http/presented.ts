import type { AnyRequest } from '../../types/requests.ts'
import type { Transport } from '../../types/tokens.ts'
import { RefreshTokenAmbiguousError, RefreshTokenInvalidError, RefreshTokenMissingError } from '../errors.ts'
import { isText } from '../json.ts'
import type { RefreshToken, RefreshTokens } from '../tokens/refresh-token.ts'
import type { RefreshCookie } from './cookie.ts'
import { refuseCrossSite } from './csrf.ts'
import type { IsCrossSite } from './csrf.ts'
import type { AnyReply } from './hooks.ts'
import { challenged } from './replies.ts'

/** The refresh tokens of a request: verified, the highest generation of each session, the latest session first. */
export interface Presented {
  transport: Transport
  tokens: [RefreshToken, ...RefreshToken[]]
}

/**
 * `'invalid'`: nothing genuine, the cookie may go. `'undecided'`: a key that this instance of a rolling deploy may not
 * know yet, or cookies of two people; to clear or end anything could hit the wrong one.
 */
export type Found = Presented | { transport: Transport | null, tokens: 'missing' | 'invalid' | 'undecided' }

/**
 * Looks for refresh tokens where the transport allows them.
 *
 * @throws RefreshTokenAmbiguousError, CrossSiteRequestError
 */
export type FindTokens = (request: AnyRequest) => Found

export function createFindTokens (
  transport: Transport | 'both', cookie: RefreshCookie, refreshTokens: RefreshTokens, isCrossSite: IsCrossSite
): FindTokens {
  return function findTokens (request) {
    const cookies = transport === 'body' ? [] : cookie.read(request.headers.cookie)
    const inBody = transport === 'cookie' ? undefined : bodyToken(request.body)
    if (inBody !== undefined) {
      if (cookies.length > 0) throw new RefreshTokenAmbiguousError()
      return judge([inBody], 'body')
    }
    if (cookies.length === 0) return { transport: null, tokens: 'missing' }
    // A body is put together by the client's own code; only a cookie comes along by itself.
    if (isCrossSite(request)) throw refuseCrossSite(request)
    return judge(cookies, 'cookie')
  }

  function judge (texts: string[], transport: Transport): Found {
    const bySession = new Map<string, RefreshToken>()
    let unknownKey = false
    for (const text of texts) {
      const token = refreshTokens.verify(text)
      if (token === 'unknown key') unknownKey = true
      if (typeof token === 'string') continue
      const other = bySession.get(token.sessionId)
      if (other === undefined || other.generation < token.generation) bySession.set(token.sessionId, token)
    }
    const [latest, ...others] = [...bySession.values()].sort((a, b) => b.issuedAt - a.issuedAt)
    if (latest === undefined) return { transport, tokens: unknownKey ? 'undecided' : 'invalid' }
    if (others.some(({ subject }) => subject !== latest.subject)) return { transport, tokens: 'undecided' }
    return { transport, tokens: [latest, ...others] }
  }
}

/**
 * The tokens, or the error that says what the client should do.
 *
 * @throws RefreshTokenMissingError, RefreshTokenInvalidError
 */
export function demandToken (reply: AnyReply, cookie: RefreshCookie, found: Found): Presented {
  switch (found.tokens) {
    case 'missing':
      throw challenged(reply, new RefreshTokenMissingError())
    case 'invalid':
      if (found.transport === 'cookie') cookie.clear(reply)
      throw new RefreshTokenInvalidError()
    case 'undecided':
      throw new RefreshTokenInvalidError()
    default:
      return found as Presented
  }
}

function bodyToken (body: unknown): string | undefined {
  const token = (body as { refreshToken?: unknown } | null | undefined)?.refreshToken
  return isText(token) ? token : undefined
}
