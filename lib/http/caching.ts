import type { FastifyInstance, onSendHookHandler } from 'fastify'
import type { AnyRequest } from '../../types/requests.ts'
import { own } from '../json.ts'
import type { AnyReply } from './hooks.ts'

const NO_STORE = 'no-store'
const PRIVATE = 'private, no-store'
// Some caches obey other headers instead of Cache-Control: CDN-Cache-Control and its variants (RFC 9213), and those of nginx, Fastly
// and Akamai.
const FOR_SOME_CACHES = /^(?:.+-)?cdn-cache-control$|^(?:surrogate-control|edge-control|x-accel-expires)$/
const rule = Symbol('fastify-jwt-refresh cache-control')

interface WithRule {
  [rule]?: string | null
}

/**
 * Enforces what `noStore` and `privateNoStore` have set, even if the handler or later hooks set another Cache-Control, which a shared
 * cache would obey.
 */
export function enforceCaching (app: FastifyInstance): void {
  if (!app.hasReplyDecorator(rule)) app.decorateReply(rule, null)
  app.addHook('onSend', applyRule)
  // Runs after the hooks that the host adds later, to its scopes or to the route.
  app.addHook('onRoute', (route) => {
    route.onSend = [own(route, 'onSend') as onSendHookHandler | onSendHookHandler[] ?? [], applyRule].flat()
  })
}

function applyRule (_request: AnyRequest, reply: AnyReply, _payload: unknown, done: () => void): void {
  const value = (reply as WithRule)[rule]
  if (value) {
    reply.header('cache-control', value)
    for (const name of Object.keys(reply.getHeaders())) if (FOR_SOME_CACHES.test(name)) reply.removeHeader(name)
  }
  done()
}

/** RFC 6749 §5.1: a response that contains a token, or that refuses one, must not be cached. */
export function noStore (reply: AnyReply): void {
  setRule(reply, (reply as WithRule)[rule] ?? NO_STORE)
}

/** For a response that sets a cookie of the plugin: a CDN that cached it would give one user's session to another. */
export function privateNoStore (reply: AnyReply): void {
  setRule(reply, PRIVATE)
}

function setRule (reply: AnyReply, value: string): void {
  (reply as WithRule)[rule] = value
  reply.header('cache-control', value)
}
