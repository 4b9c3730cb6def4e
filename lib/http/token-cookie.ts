import type { FastifyInstance } from 'fastify'
import fastifyCookie from '@fastify/cookie'
import type { AnyRequest } from '../../types/requests.ts'
import type { CookieConfig } from '../config.ts'
import { isText, own, withoutPrototype } from '../json.ts'
import { privateNoStore } from './caching.ts'
import type { AnyReply } from './hooks.ts'

// A JWT, whose header begins with {" and a letter. The check is no stricter than that, because during a rolling deploy a token may
// be signed by a key, or come from a version of this package, that this instance does not know yet. That is not the same as no token.
const TOKEN_START = /^eyJ[\w-]*\.[\w-]+\./

/** In bytes, for a whole Set-Cookie value: browsers need not accept more (RFC 6265 §6.1). */
export const MAX_COOKIE = 4096

/** An httpOnly cookie that holds a token. */
export interface TokenCookie {
  /**
   * The values of the cookies with this name that match the pattern, in the browser's order. There can be several: after a change
   * of path or domain an older cookie remains next to the new one, and a sibling subdomain can add one (RFC 6265 §8.6).
   * The limit of 16 KiB that Node.js has for all headers bounds their number.
   */
  read (request: AnyRequest): string[]
  /** @param maxAge in seconds; with null, the cookie lives until the browser is closed (RFC 6265 §4.1.2.2) */
  serialize (token: string, maxAge: number | null): string
  /** Sets the cookie on the reply, in place of an earlier one with the same name. */
  write (reply: AnyReply, serialized: string): void
  clear (reply: AnyReply): void
}

/**
 * @param scope a private scope: it inherits the host's `@fastify/cookie`, or gets one that the host does not see
 * @param pattern matches the values that the plugin may have set
 */
export async function createTokenCookie (scope: FastifyInstance, config: CookieConfig, pattern: RegExp = TOKEN_START): Promise<TokenCookie> {
  if (!scope.hasDecorator('serializeCookie')) await scope.register(fastifyCookie, withoutPrototype({}))
  const { serializeCookie, parseCookie } = scope
  const { name, domain, ...rest } = config
  // Never through the host's reply.setCookie, which adds its own defaults: the cookie is only cleared if its attributes match.
  // Unused attributes are listed, too: otherwise the library would read them from a polluted `Object.prototype`.
  const leftOut: object = { maxAge: undefined, expires: undefined, priority: undefined, encode: undefined }
  const attributes = { ...leftOut, ...rest, domain: domain as string, httpOnly: true }
  const start = `${name}=`
  // Everything that follows the token is known now, except for Max-Age. A JWT needs no encoding: it consists of base64url and dots.
  const afterToken = serializeCookie(name, '', attributes).slice(start.length)
  const cleared = serializeCookie(name, '', { ...attributes, maxAge: 0, expires: new Date(0) })

  function write (reply: AnyReply, serialized: string): void {
    const earlier = reply.getHeader('set-cookie')
    if (earlier !== undefined) {
      const others = [earlier].flat().filter((one) => !String(one).startsWith(start)).map(String)
      reply.removeHeader('set-cookie')
      if (others.length > 0) reply.header('set-cookie', others)
    }
    reply.header('set-cookie', serialized)
    privateNoStore(reply)
  }

  return {
    read ({ headers }) {
      const cookieHeader = own(headers, 'cookie') as string | undefined
      if (cookieHeader === undefined || !cookieHeader.includes(start)) return []
      const values: string[] = []
      for (const pair of cookieHeader.split(';')) {
        const text = trimBlanks(pair)
        if (!text.startsWith(start)) continue
        // The plugin's own values need no decoding. Pairs are parsed one by one, since the parser keeps only the first cookie of a name.
        const value = text.includes('%') ? own(parseCookie(text), name) : trimBlanks(text.slice(start.length))
        if (isText(value) && pattern.test(value)) values.push(value)
      }
      return values
    },
    serialize: (token, maxAge) => `${start}${token}${maxAge === null ? '' : `; Max-Age=${maxAge}`}${afterToken}`,
    write,
    clear: (reply) => write(reply, cleared)
  }
}

/**
 * Removes the spaces and tabs around the text (RFC 6265bis §5.6). `String.trim` would also remove a no-break space, which browsers
 * keep as a part of the name: a sibling subdomain could then set a cookie that would be mistaken for a `__Host-` cookie.
 */
function trimBlanks (text: string): string {
  let start = 0
  let end = text.length
  while (isBlank(text[start])) start++
  while (end > start && isBlank(text[end - 1])) end--
  return text.slice(start, end)
}

function isBlank (character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}
