import type { FastifyInstance } from 'fastify'
import type { TokenResponse } from '../../types/tokens.ts'
import type { AccessTokenConfig, CookieConfig } from '../config.ts'
import type { AnyReply } from './hooks.ts'
import { createTokenCookie, MAX_COOKIE } from './token-cookie.ts'
import type { TokenCookie } from './token-cookie.ts'

/** The cookie of the access token (`accessToken.transport`). */
export interface AccessCookie extends Pick<TokenCookie, 'read' | 'clear'> {
  /**
   * @param caller what the message begins with
   * @throws TypeError for a token with which browsers would drop the cookie; it names the claim to shorten
   */
  checkSize (caller: string, response: TokenResponse, claims: Record<string, unknown>): void
  /**
   * Sets the cookie, which lives as long as the token, and returns the body to answer with.
   *
   * @param persistent false: at most until the browser is closed
   */
  deliver (reply: AnyReply, response: TokenResponse, persistent: boolean): TokenResponse
}

/** @param scope as for createTokenCookie */
export async function createAccessCookie (
  scope: FastifyInstance, config: CookieConfig, transport: AccessTokenConfig['transport']
): Promise<AccessCookie> {
  const { read, serialize, write, clear } = await createTokenCookie(scope, config)

  return {
    read,
    clear,
    checkSize (caller, { accessToken, expiresIn }, claims) {
      const { length } = serialize(accessToken, expiresIn)
      if (length <= MAX_COOKIE) return
      const [name, bytes] = longest(claims)
      throw new TypeError(`${caller}: claims.${name} has ${bytes} bytes as JSON, so that the cookie ${config.name} has ${length}, and browsers ` +
        `drop a cookie of more than ${MAX_COOKIE} without a word: shorten the claim, or look it up where it is needed`)
    },
    deliver (reply, response, persistent) {
      const { accessToken, ...rest } = response
      write(reply, serialize(accessToken, persistent ? rest.expiresIn : null))
      return transport === 'both' ? response : rest as TokenResponse
    }
  }
}

/** Where access tokens travel in the body alone. */
export const NO_ACCESS_COOKIE: AccessCookie = {
  read: () => [],
  clear: () => {},
  checkSize: () => {},
  deliver: (_reply, response) => response
}

function longest (claims: Record<string, unknown>): [name: string, bytes: number] {
  const sizes = Object.entries(claims).map(([name, value]): [string, number] => [name, Buffer.byteLength(JSON.stringify(value))])
  return sizes.reduce((most, one) => one[1] > most[1] ? one : most)
}
