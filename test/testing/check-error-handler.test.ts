import { AssertionError } from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { checkErrorHandler } from '../../lib/testing/index.ts'
import { SECRET } from '../fixtures/app.ts'

interface Thrown extends Error { code: string, statusCode: number }
type Handler = (error: Thrown, request: FastifyRequest, reply: FastifyReply) => unknown

async function build (t: Test, handler?: Handler, options: Partial<JwtRefreshOptions> = {}) {
  const app = Fastify()
  t.teardown(() => app.close())
  if (handler !== undefined) app.setErrorHandler(handler)
  await app.register(jwtRefresh, { secret: SECRET, ...options })
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  app.delete('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  app.get('/open', async () => 'open')
  return app
}

function keyPair (): { private: string, public: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' }
  })
  return { private: privateKey, public: publicKey }
}

t.test('an app without an error handler, or with one that answers with the statusCode, is fine', async (t) => {
  await t.resolves(checkErrorHandler(await build(t), { url: '/me' }))
  const seen: string[] = []
  const shaped: Handler = (error, _request, reply) => {
    seen.push(error.code)
    return reply.code(error.statusCode).send({ oops: error.message })
  }
  const app = await build(t, shaped)
  await checkErrorHandler(app, { url: '/me', method: 'DELETE' })
  t.strictSame(seen, ['FST_JWT_ACCESS_TOKEN_MISSING', 'FST_JWT_ACCESS_TOKEN_INVALID', 'FST_JWT_ACCESS_TOKEN_EXPIRED'])
})

t.test('the expired token is one by any key, whatever the app demands of its tokens', async (t) => {
  const seen: string[] = []
  const app = await build(t, (error, _request, reply) => {
    seen.push(error.code)
    return reply.code(401).send()
  }, {
    secret: keyPair(),
    refreshToken: { secret: SECRET },
    accessToken: { issuer: 'https://api.example', audience: ['a', 'b'], extract: ({ headers }) => headers['x-token'] as string ?? null }
  })
  await checkErrorHandler(app, { url: '/me', authorize: (token) => ({ 'x-token': token }) })
  t.equal(seen[2], 'FST_JWT_ACCESS_TOKEN_EXPIRED')
  t.strictSame(await app.sessions.list('checkErrorHandler'), [], 'and no session is there')
})

const MISTAKES: Record<string, { handler: Handler, says: RegExp }> = {
  'makes everything a 500': {
    handler: (_error, _request, reply) => reply.code(500).send(),
    says: /^GET \/me must answer 401 .*\n- no access token: the answer is 500\. The error handler does not know the error FST_JWT_ACCESS_TOKEN_MISSING and ignores its statusCode, which is 401: reply\.code\(error\.statusCode \?\? 500\)\n- a bad access token: .*_INVALID.*\n- an expired access token: .*_EXPIRED/
  },
  'makes everything a 400': {
    handler: (_error, _request, reply) => reply.code(400).send(),
    says: /no access token: the answer is 400\. The error handler, or a hook before authenticate, turns the error FST_JWT_ACCESS_TOKEN_MISSING, whose statusCode is 401, into a 400/
  },
  'makes everything a success': {
    handler: (_error, _request, reply) => reply.code(200).send({ errors: [] }),
    says: /the answer is 200\. Put authenticate before the handler: onRequest: \[app\.authenticate\]\. An error handler must not turn the error into a success/
  },
  'drops the challenge': {
    handler: (error, _request, reply) => reply.removeHeader('www-authenticate').code(error.statusCode).send(),
    says: /no access token: the 401 has no WWW-Authenticate header/
  },
  'knows the codes of another plugin': {
    handler: (error, _request, reply) => reply.code(error.code === 'FST_JWT_ACCESS_TOKEN_MISSING' ? 401 : 500).send(),
    says: /^GET \/me must .*\n- a bad access token: the answer is 500.*\n- an expired access token: the answer is 500.*$/
  }
}

for (const [mistake, { handler, says }] of Object.entries(MISTAKES)) {
  t.test(`an error handler that ${mistake}`, async (t) => {
    const app = await build(t, handler)
    const error = await checkErrorHandler(app, { url: '/me' }).catch((error: unknown) => error)
    t.ok(error instanceof AssertionError)
    t.match((error as Error).message, says)
  })
}

t.test('a route that is not protected, and one that is not there', async (t) => {
  const app = await build(t)
  await t.rejects(checkErrorHandler(app, { url: '/open' }), { message: /the answer is 200\. Put authenticate before/ })
  await t.rejects(checkErrorHandler(app, { url: '/nowhere' }), { message: /the answer is 404\. Give the url and method of a route that exists/ })
})

t.test('headers that the route wants first come along', async (t) => {
  const app = await build(t)
  app.addHook('onRequest', async (request, reply) => request.headers['x-api'] === '1' ? undefined : reply.code(403).send())
  app.get('/late', { onRequest: [app.authenticate] }, async () => 'late')
  await t.rejects(checkErrorHandler(app, { url: '/late' }), { message: /the answer is 403\. The error handler, or a hook before/ })
  await t.resolves(checkErrorHandler(app, { url: '/late', headers: { 'x-api': '1' } }))
})

t.test('where it cannot check', async (t) => {
  const app = await build(t)
  await t.rejects(checkErrorHandler(app, {} as never), { name: 'TypeError', message: /^checkErrorHandler: url must be that of a route/ })
  await t.rejects(checkErrorHandler(app, { url: '/me', methd: 'GET' } as never), { name: 'TypeError', message: /did you mean method\?$/ })
  await t.rejects(checkErrorHandler(app, { url: '/me', issueTokens: 'other' }), /not registered in this scope with reply\.other/)
  const { public: publicKey } = keyPair()
  await t.rejects(checkErrorHandler(await build(t, undefined, { secret: { public: publicKey } }), { url: '/me' }), { name: 'TypeError', message: /signs nothing/ })
})
