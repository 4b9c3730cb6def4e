import type { FastifyInstance } from 'fastify'
import fastifyCookie from '@fastify/cookie'
import type { AnyRequest } from '../../types/requests.ts'
import type { CookieConfig } from '../config.ts'
import { isText, own, withoutPrototype } from '../json.ts'
import { privateNoStore } from './caching.ts'
import type { AnyReply } from './hooks.ts'

// A JWT, whose header begins with {" and a letter. No closer look: a key, or a version of this package, that an instance of
// a rolling deploy does not know yet is to be told apart from no token at all.
const TOKEN_START = /^eyJ[\w-]*\.[\w-]+\./

/** Bytes, for all of a Set-Cookie: more than browsers must take (RFC 6265 §6.1). */
export const MAX_COOKIE = 4096

/** An httpOnly cookie with a token in it. */
export interface TokenCookie {
  /**
   * The values under the cookie's name that look like ours, in the browser's order. There can be several: a changed path
   * or domain leaves an older cookie beside the new one, and a sibling subdomain can toss one in (RFC 6265 §8.6). Node.js
   * bounds their number, by its limit of 16 KiB for all headers.
   */
  read (request: AnyRequest): string[]
  /** @param maxAge seconds; null: until the browser is closed (RFC 6265 §4.1.2.2) */
  serialize (token: string, maxAge: number | null): string
  /** Puts it on the reply, in the place of an earlier one of the same name. */
  write (reply: AnyReply, serialized: string): void
  clear (reply: AnyReply): void
}

/**
 * @param scope private to us: it inherits the host's `@fastify/cookie`, or gets one that the host does not see
 * @param pattern what the values look like
 */
export async function createTokenCookie (scope: FastifyInstance, config: CookieConfig, pattern: RegExp = TOKEN_START): Promise<TokenCookie> {
  if (!scope.hasDecorator('serializeCookie')) await scope.register(fastifyCookie, withoutPrototype({}))
  const { serializeCookie, parseCookie } = scope
  const { name, domain, ...rest } = config
  // Never through the host's reply.setCookie, which mixes its own defaults in: what sets the cookie must match what clears it.
  // Attributes that we leave out are named, too: otherwise the library would read them from a polluted `Object.prototype`.
  const leftOut: object = { maxAge: undefined, expires: undefined, priority: undefined, encode: undefined }
  const attributes = { ...leftOut, ...rest, domain: domain as string, httpOnly: true }
  const start = `${name}=`
  // Max-Age apart, all that follows the token is known now. A JWT needs no encoding: it is base64url and dots.
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
        // What we set has nothing to decode. One pair at a time, because the parser keeps only the first one of a name.
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
 * Without the spaces and tabs around it (RFC 6265bis §5.6). `String.trim` would take a no-break space off as well, which
 * browsers keep as a part of the name: a sibling subdomain could then set what we take for a `__Host-` cookie.
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
