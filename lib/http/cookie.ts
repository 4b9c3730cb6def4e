import type { FastifyInstance } from 'fastify'
import type { Session } from '../../types/session.ts'
import type { CookieConfig } from '../config.ts'
import { toNumericDate } from '../json.ts'
import type { AnyReply } from './hooks.ts'
import { createTokenCookie, MAX_COOKIE } from './token-cookie.ts'
import type { TokenCookie } from './token-cookie.ts'

/** The cookie of the refresh token. */
export interface RefreshCookie extends Pick<TokenCookie, 'read' | 'clear'> {
  /** @throws TypeError if the cookie would be so long that browsers drop it; the message names the claim to shorten */
  checkSize (token: string, session: Session): void
  /**
   * Sets the cookie, which, like the token in it, lives until the session's absolute end.
   *
   * @param persistent if false, the cookie lives until the browser is closed (RFC 6265 §4.1.2.2)
   */
  set (reply: AnyReply, token: string, session: Session, now: number, persistent: boolean): void
}

/** Returns a refresh cookie whose `clear` also clears another cookie of the session. */
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
      // The text is ASCII, so characters are bytes. If the login's cookie is short enough, those of refreshes are, too: a token grows
      // only by a few digits, and Chromium and Firefox do not count the attributes.
      const { length } = serializeFor(token, session, session.createdAt, true)
      if (length <= MAX_COOKIE) return
      throw new TypeError(`issueTokens: claims.sub has ${Buffer.byteLength(session.subject)} bytes, which makes the cookie ${config.name} ${length} bytes ` +
        `long, and browsers silently drop cookies of more than ${MAX_COOKIE} bytes: give a shorter sub`)
    },
    set (reply, token, session, now, persistent) {
      write(reply, serializeFor(token, session, now, persistent))
    }
  }
}
