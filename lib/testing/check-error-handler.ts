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
  /** The headers in which an access token travels. Default `Authorization: Bearer`; for `accessToken.extract`. */
  authorize?: (accessToken: string) => Record<string, string>
  /** The name of the `issueTokens` decorator if it was changed: selects one of several registrations. */
  issueTokens?: string
}

interface Probe {
  /** What is sent. */
  name: string
  code: string
  headers: Record<string, string>
}

/**
 * Sends requests without, with a bad and with an expired access token through the app, its error handlers included, each of
 * which must answer 401 with `WWW-Authenticate` (RFC 9110 §15.5.2). Clients refresh on a 401 alone: a handler that
 * makes it a 500 or a 400 leaves every user with an error as soon as the first access token expires.
 *
 * ```ts
 * await checkErrorHandler(app, { url: '/me' })
 * ```
 *
 * @param app the scope in which the plugin is registered, or one below it
 * @throws AssertionError of `node:assert` that says what came instead and how to fix the handler; Error if the plugin is not
 *   registered there; TypeError for an unknown option, without `url`, and if the app has no key to sign with
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

/** For a session that ended in 1970 and that no store ever had. */
function expiredToken ({ signAccessToken }: ExposedLogin): string {
  return signAccessToken({ id: 'A'.repeat(22), subject: 'checkErrorHandler', endsAt: 1000 }, {}, null, null).response.accessToken
}

/** What is wrong with an answer, and the fix; null for a good one. */
function mistakeOf (statusCode: number, challenge: unknown, { code }: Probe): string | null {
  if (statusCode === 401) return challenge === undefined ? 'the 401 has no WWW-Authenticate header. Leave the headers of the reply as they are' : null
  return `the answer is ${statusCode}. ${mendOf(statusCode, code)}`
}

function mendOf (statusCode: number, code: string): string {
  if (statusCode < 400) return 'Put authenticate before the handler: onRequest: [app.authenticate]. An error handler must not make a success of the error'
  if (statusCode === 404 || statusCode === 405) return 'Give the url and method of a route that is there'
  if (statusCode < 500) {
    return `The error handler, or a hook before authenticate, makes a ${statusCode} of the error ${code}, whose statusCode is 401: reply.code(error.statusCode ?? 500)`
  }
  return `The error handler does not know the error ${code} and overlooks its statusCode, which is 401: reply.code(error.statusCode ?? 500)`
}
