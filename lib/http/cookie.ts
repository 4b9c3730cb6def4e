import type { FastifyInstance } from 'fastify'
import type { Session } from '../../types/session.ts'
import type { CookieConfig } from '../config.ts'
import { toNumericDate } from '../json.ts'
import type { AnyReply } from './hooks.ts'
import { createTokenCookie, MAX_COOKIE } from './token-cookie.ts'
import type { TokenCookie } from './token-cookie.ts'

/** The cookie of the refresh token. */
export interface RefreshCookie extends Pick<TokenCookie, 'read' | 'clear'> {
  /** @throws TypeError for a token with which browsers would drop the cookie; it names the claim to shorten */
  checkSize (token: string, session: Session): void
  /**
   * Lives as long as the session can, as the token in it does.
   *
   * @param persistent false: until the browser is closed (RFC 6265 §4.1.2.2)
   */
  set (reply: AnyReply, token: string, session: Session, now: number, persistent: boolean): void
}

/** The refresh cookie, which is cleared together with another cookie of its session. */
export function clearedWith (cookie: RefreshCookie, other: Pick<TokenCookie, 'clear'>): RefreshCookie {
  return {
    ...cookie,
    clear (reply) {
      cookie.clear(reply)
      other.clear(reply)
    }
  }
}

/** @param scope as for createTokenCookie */
export async function createRefreshCookie (scope: FastifyInstance, config: CookieConfig): Promise<RefreshCookie> {
  const { read, serialize, write, clear } = await createTokenCookie(scope, config)

  function serializeFor (token: string, { endsAt }: Session, now: number, persistent: boolean): string {
    return serialize(token, persistent ? toNumericDate(endsAt) - toNumericDate(now) : null)
  }

  return {
    read,
    clear,
    checkSize (token, session) {
      // All of it is ASCII. A refresh cannot exceed it where the login did not: Chromium and Firefox leave the attributes out
      // of the count, and a token grows by a few digits only.
      const { length } = serializeFor(token, session, session.createdAt, true)
      if (length <= MAX_COOKIE) return
      throw new TypeError(`issueTokens: claims.sub has ${Buffer.byteLength(session.subject)} bytes, so that the cookie ${config.name} has ${length}, ` +
        `and browsers drop a cookie of more than ${MAX_COOKIE} without a word: give a shorter sub`)
    },
    set (reply, token, session, now, persistent) {
      write(reply, serializeFor(token, session, now, persistent))
    }
  }
}
