import type { FastifyInstance } from 'fastify'
import fastifyCookie from '@fastify/cookie'
import type { Session } from '../../types/session.ts'
import type { CookieConfig } from '../config.ts'
import { toNumericDate } from '../json.ts'
import { privateNoStore } from './caching.ts'
import type { AnyReply } from './hooks.ts'

const ENCODED = /[%"]/

export interface RefreshCookie {
  /**
   * All values under our name, in the browser's order: a changed path or domain leaves an older cookie beside the new one,
   * and a sibling subdomain can toss one in (RFC 6265 §8.6).
   */
  read (cookieHeader: string | undefined): string[]
  /** Lives as long as the session can, as the token in it does. */
  set (reply: AnyReply, token: string, session: Session, now: number): void
  clear (reply: AnyReply): void
}

/** @param scope private to us: it inherits the host's `@fastify/cookie`, or gets one that the host does not see */
export async function createRefreshCookie (scope: FastifyInstance, config: CookieConfig): Promise<RefreshCookie> {
  if (!scope.hasDecorator('serializeCookie')) await scope.register(fastifyCookie)
  const { serializeCookie, parseCookie } = scope
  const { name, domain, ...rest } = config
  // Never through the host's reply.setCookie, which mixes its own defaults in: what sets the cookie must match what clears it.
  const attributes = { ...rest, ...(domain !== undefined && { domain }), httpOnly: true }
  const start = `${name}=`
  // Max-Age apart, all that follows the token is known now. A JWT needs no encoding: it is base64url and dots.
  const afterToken = serializeCookie(name, '', attributes).slice(start.length)
  const cleared = serializeCookie(name, '', { ...attributes, maxAge: 0, expires: new Date(0) })

  function write (reply: AnyReply, cookie: string): void {
    const earlier = reply.getHeader('set-cookie')
    if (earlier !== undefined) {
      const others = [earlier].flat().filter((one) => !String(one).startsWith(start)).map(String)
      reply.removeHeader('set-cookie')
      if (others.length > 0) reply.header('set-cookie', others)
    }
    reply.header('set-cookie', cookie)
    privateNoStore(reply)
  }

  return {
    read (cookieHeader) {
      if (cookieHeader === undefined || !cookieHeader.includes(start)) return []
      const values: string[] = []
      for (const pair of cookieHeader.split(';')) {
        const text = pair.trim()
        if (!text.startsWith(start)) continue
        // What we set has nothing to decode. One pair at a time, because the parser keeps the first of a name only.
        const value = ENCODED.test(text) ? parseCookie(text)[name] : text.slice(start.length).trimStart()
        if (value) values.push(value)
      }
      return values
    },
    set (reply, token, { endsAt }, now) {
      write(reply, `${start}${token}; Max-Age=${toNumericDate(endsAt) - toNumericDate(now)}${afterToken}`)
    },
    clear: (reply) => write(reply, cleared)
  }
}
