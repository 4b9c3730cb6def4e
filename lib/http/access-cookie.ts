import type { FastifyInstance } from 'fastify'
import type { TokenResponse } from '../../types/tokens.ts'
import type { AccessTokenConfig, CookieConfig } from '../config.ts'
import type { AnyReply } from './hooks.ts'
import { createTokenCookie, MAX_COOKIE } from './token-cookie.ts'
import type { TokenCookie } from './token-cookie.ts'

/** The cookie of the access token (`accessToken.transport`). */
export interface AccessCookie extends Pick<TokenCookie, 'read' | 'clear'> {
  /**
   * @param caller the name with which the message begins
   * @throws TypeError if the cookie would be so long that browsers drop it; the message names the claim to shorten
   */
  checkSize (caller: string, response: TokenResponse, claims: Record<string, unknown>): void
  /**
   * Sets the cookie, which lives as long as the token, and returns the body to answer with.
   *
   * @param persistent if false, the cookie lives at most until the browser is closed
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
      throw new TypeError(`${caller}: claims.${name} has ${bytes} bytes as JSON, which makes the cookie ${config.name} ${length} bytes long, and browsers ` +
        `silently drop cookies of more than ${MAX_COOKIE} bytes: shorten the claim, or look it up where it is needed`)
    },
    deliver (reply, response, persistent) {
      const { accessToken, ...rest } = response
      write(reply, serialize(accessToken, persistent ? rest.expiresIn : null))
      return transport === 'both' ? response : rest as TokenResponse
    }
  }
}

/** Used when access tokens travel only in the body. */
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
