import type { FastifyInstance, onSendHookHandler } from 'fastify'
import type { AnyRequest } from '../../types/requests.ts'
import { own } from '../json.ts'
import type { AnyReply } from './hooks.ts'

const NO_STORE = 'no-store'
const PRIVATE = 'private, no-store'
// Some caches believe these and not Cache-Control: CDN-Cache-Control and its like (RFC 9213), and those of nginx, Fastly and Akamai.
const FOR_SOME_CACHES = /^(?:.+-)?cdn-cache-control$|^(?:surrogate-control|edge-control|x-accel-expires)$/
const rule = Symbol('fastify-jwt-refresh cache-control')

interface WithRule {
  [rule]?: string | null
}

/** Lets what `noStore` and `privateNoStore` say of an answer win over what the handler and later hooks say: a shared cache believes the last word. */
export function enforceCaching (app: FastifyInstance): void {
  if (!app.hasReplyDecorator(rule)) app.decorateReply(rule, null)
  app.addHook('onSend', applyRule)
  // Behind the hooks that the host adds later, to its scopes or to the route.
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

/** RFC 6749 §5.1: a token, or the news that there is none, must not be answered from a cache. */
export function noStore (reply: AnyReply): void {
  setRule(reply, (reply as WithRule)[rule] ?? NO_STORE)
}

/** For an answer that sets our cookie: a CDN that kept it would hand one user's session to another. */
export function privateNoStore (reply: AnyReply): void {
  setRule(reply, PRIVATE)
}

function setRule (reply: AnyReply, value: string): void {
  (reply as WithRule)[rule] = value
  reply.header('cache-control', value)
}
