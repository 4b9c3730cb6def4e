import { AssertionError } from 'node:assert/strict'
import type { FastifyInstance, HTTPMethods } from 'fastify'
import { checkCallOptions } from '../checks/fields.ts'
import { exposedLogin } from '../sessions/start-session.ts'
import type { ExposedLogin } from '../sessions/start-session.ts'

/** Options of `checkErrorHandler`. */
export interface CheckErrorHandlerOptions {
  /** A route behind `authenticate`, such as `'/me'`. */
  url: string
  /** Default `'GET'`. */
  method?: HTTPMethods
  /** Headers that the route requires before it checks the token. */
  headers?: Record<string, string>
  /** Returns the headers that send an access token, for an app with `accessToken.extract`. Default: `Authorization: Bearer`. */
  authorize?: (accessToken: string) => Record<string, string>
  /** The name of the `issueTokens` decorator if it was changed; selects one of several registrations. */
  issueTokens?: string
}

interface Probe {
  /** What is sent. */
  name: string
  code: string
  headers: Record<string, string>
}

/**
 * Sends requests without an access token, with an invalid one and with an expired one through the app and its error handlers. Each
 * must get a 401 with `WWW-Authenticate` (RFC 9110 §15.5.2). Clients refresh only after a 401: with a handler that turns it into a
 * 500 or a 400, every user gets an error as soon as the first access token expires.
 *
 * ```ts
 * await checkErrorHandler(app, { url: '/me' })
 * ```
 *
 * @param app the scope in which the plugin is registered, or one below it
 * @throws AssertionError of `node:assert` with the actual response and how to fix the handler; Error if the plugin is not
 *   registered there; TypeError for an unknown option, if `url` is missing, and if the app has no key to sign with
 */
export async function checkErrorHandler (app: FastifyInstance, options: CheckErrorHandlerOptions): Promise<void> {
  const { url, method = 'GET', headers = {}, authorize = bearer, issueTokens = 'issueTokens' } =
    checkCallOptions('checkErrorHandler', options, ['url', 'method', 'headers', 'authorize', 'issueTokens'])
  if (typeof url !== 'string') throw new TypeError('checkErrorHandler: url must be that of a route behind authenticate, such as "/me"')
  await app.ready()
  const login = exposedLogin(app, issueTokens)
  if (login === undefined) throw new Error(`checkErrorHandler: fastify-jwt-refresh is not registered in this scope with reply.${issueTokens}`)

  const probes: Probe[] = [
    { name: 'no access token', code: 'FST_JWT_ACCESS_TOKEN_MISSING', headers: {} },
    { name: 'a bad access token', code: 'FST_JWT_ACCESS_TOKEN_INVALID', headers: authorize('bad') },
    { name: 'an expired access token', code: 'FST_JWT_ACCESS_TOKEN_EXPIRED', headers: authorize(expiredToken(login)) }
  ]
  const mistakes: string[] = []
  for (const probe of probes) {
    const { statusCode, headers: answered } = await app.inject({ method, url, headers: { ...headers, ...probe.headers } })
    const mistake = mistakeOf(statusCode, answered['www-authenticate'], probe)
    if (mistake !== null) mistakes.push(`- ${probe.name}: ${mistake}`)
  }
  if (mistakes.length > 0) throw new AssertionError({ message: [`${method} ${url} must answer 401 to a request without a good access token`, ...mistakes].join('\n') })
}

function bearer (accessToken: string): Record<string, string> {
  return { authorization: `Bearer ${accessToken}` }
}

/** A token of a session that ended in 1970 and that was never in a store. */
function expiredToken ({ signAccessToken }: ExposedLogin): string {
  return signAccessToken({ id: 'A'.repeat(22), subject: 'checkErrorHandler', endsAt: 1000 }, {}, null, null).response.accessToken
}

/** What is wrong with a response, and the fix; null if it is as it should be. */
function mistakeOf (statusCode: number, challenge: unknown, { code }: Probe): string | null {
  if (statusCode === 401) return challenge === undefined ? 'the 401 has no WWW-Authenticate header. Leave the headers of the reply as they are' : null
  return `the answer is ${statusCode}. ${mendOf(statusCode, code)}`
}

function mendOf (statusCode: number, code: string): string {
  if (statusCode < 400) return 'Put authenticate before the handler: onRequest: [app.authenticate]. An error handler must not turn the error into a success'
  if (statusCode === 404 || statusCode === 405) return 'Give the url and method of a route that exists'
  if (statusCode < 500) {
    return `The error handler, or a hook before authenticate, turns the error ${code}, whose statusCode is 401, into a ${statusCode}: reply.code(error.statusCode ?? 500)`
  }
  return `The error handler does not know the error ${code} and ignores its statusCode, which is 401: reply.code(error.statusCode ?? 500)`
}
