import type { FastifyInstance } from 'fastify'
import type { DeviceBoundConfig } from '../../config.ts'
import type { DeviceProofs } from '../../tokens/dbsc/index.ts'
import { clearedWith } from '../cookie.ts'
import type { RefreshCookie } from '../cookie.ts'
import type { AnyReply } from '../hooks.ts'
import { createTokenCookie } from '../token-cookie.ts'
import type { TokenCookie } from '../token-cookie.ts'

const VALUE = /^[\w-]{22}\.\d{1,15}\.[\w-]{43}$/

/** A placeholder for what a device key adds to a refresh token. */
const KEY_ROOM = '.'.repeat(200)

/** The short-lived cookie that a browser gets for proving that it has its device key. */
export interface BoundCookie extends Pick<TokenCookie, 'read' | 'clear'> {
  set (reply: AnyReply, sessionId: string): void
}

/** @param scope as for createTokenCookie */
export async function createBoundCookie (scope: FastifyInstance, { cookie, lifetime }: DeviceBoundConfig, { boundValue }: DeviceProofs): Promise<BoundCookie> {
  const { read, serialize, write, clear } = await createTokenCookie(scope, cookie, VALUE)
  return {
    read,
    clear,
    set (reply, sessionId) {
      write(reply, serialize(boundValue(sessionId), lifetime))
    }
  }
}

/** Returns a refresh cookie whose `clear` also clears the bound cookie, and whose size limit leaves room for a device key. */
export function withBoundCookie (cookie: RefreshCookie, boundCookie: BoundCookie): RefreshCookie {
  return {
    ...clearedWith(cookie, boundCookie),
    checkSize (token, session) {
      cookie.checkSize(token + KEY_ROOM, session)
    }
  }
}
