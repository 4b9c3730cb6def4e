import { generateKeyPairSync } from 'node:crypto'
import fastifySwagger from '@fastify/swagger'
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import t from 'tap'
import { z } from 'zod'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { addPlugin, host, OTHER_SECRET, withDefaults } from '../fixtures/host-app/host.ts'

interface Operation {
  summary?: string
  tags?: string[]
  security?: Array<Record<string, string[]>>
  parameters?: unknown[]
  requestBody?: unknown
  responses: Record<string, { description?: string, schema?: unknown, content?: Record<string, { schema: unknown }> }>
}

interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { securitySchemes?: Record<string, unknown> }
  securityDefinitions?: Record<string, unknown>
}

const { privateKey, publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' }
})
const ALL_ROUTES = { secret: { private: privateKey, public: publicKey }, refreshToken: { secret: OTHER_SECRET }, routes: { sessions: true, jwks: true } }
const BEARER = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }
const COOKIE = { type: 'apiKey', in: 'cookie', name: '__Host-refreshToken' }
const VERSIONS: Record<string, FastifyDynamicSwaggerOptions> = {
  'OpenAPI 3.0': { openapi: { openapi: '3.0.3' } },
  'OpenAPI 3.1': { openapi: { openapi: '3.1.0' } },
  'Swagger 2': { swagger: {} }
}
const TRANSPORTS = ['cookie', 'body', 'both'] as const

async function documentOf (app: FastifyInstance): Promise<Document> {
  await app.ready()
  return app.swagger() as unknown as Document
}

for (const [version, options] of Object.entries(VERSIONS)) {
  t.test(`${version} shows our routes with their schemas and security`, async (t) => {
    const app = host(t)
    await app.register(fastifySwagger, options)
    await app.register(jwtRefresh, withDefaults(ALL_ROUTES))
    const document = await documentOf(app)
    const shown = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { security, responses }]) => [method, path, security?.[0] ?? null, Object.keys(responses)]))
    t.strictSame(shown, [
      ['post', '/auth/refresh', { refreshCookie: [] }, ['200']],
      ['post', '/auth/logout', { refreshCookie: [] }, ['204']],
      ['get', '/auth/sessions', { bearerAuth: [] }, ['200']],
      ['delete', '/auth/sessions/{id}', { bearerAuth: [] }, ['204']],
      ['get', '/.well-known/jwks.json', null, ['200']]
    ])
    const answer = document.paths['/auth/refresh']?.post?.responses['200']
    t.match(answer?.schema ?? answer?.content?.['application/json']?.schema, {
      type: 'object',
      required: ['accessToken', 'tokenType', 'expiresIn'],
      properties: { accessToken: { type: 'string' }, tokenType: { enum: ['Bearer'] }, expiresIn: { type: 'integer' } }
    })
  })

  for (const transport of TRANSPORTS) {
    t.test(`${version} with the transport ${transport} has nothing that its specification does not know`, async (t) => {
      // The JSON schemas of the specifications are too large to include. These checks cover the mistakes that they revealed.
      const app = host(t)
      await app.register(fastifySwagger, options)
      await app.register(jwtRefresh, withDefaults({ ...ALL_ROUTES, refreshToken: { secret: OTHER_SECRET, transport } }))
      const document = await documentOf(app)
      const text = JSON.stringify(document)
      t.notMatch(text, '"type":"null"', 'an empty answer is no schema of the type null')
      t.notMatch(text, '"nullable"', 'Swagger 2 and OpenAPI 3.1 do not have it')
      for (const operations of Object.values(document.paths)) {
        for (const { summary, responses, security = [] } of Object.values(operations)) {
          t.ok(summary)
          for (const { description } of Object.values(responses)) t.ok(description)
          const declared = Object.keys(document.securityDefinitions ?? document.components.securitySchemes ?? {})
          for (const scheme of security.flatMap(Object.keys)) t.ok(declared.includes(scheme), `${scheme} is declared`)
        }
      }
    })
  }
}

t.test('OpenAPI declares the cookie by its name and the access token as bearer', async (t) => {
  const app = host(t)
  await app.register(fastifySwagger, { openapi: {} })
  await app.register(jwtRefresh, withDefaults({ routes: { sessions: true }, cookie: { name: '__Host-rt' } }))
  t.strictSame((await documentOf(app)).components.securitySchemes, { refreshCookie: { ...COOKIE, name: '__Host-rt' }, bearerAuth: BEARER })
})

t.test('access tokens in a cookie, and tokens that are bound to a key', async (t) => {
  for (const { options, schemes, required, tokenType } of [
    { options: { accessToken: { transport: 'cookie' } }, schemes: { accessCookie: { ...COOKIE, name: '__Host-accessToken' } }, required: ['tokenType', 'expiresIn'], tokenType: ['Bearer'] },
    { options: { accessToken: { transport: 'both' } }, schemes: { bearerAuth: BEARER }, required: ['accessToken', 'tokenType', 'expiresIn'], tokenType: ['Bearer'] },
    { options: { dpop: { bind: 'all' } }, schemes: { bearerAuth: BEARER }, required: ['accessToken', 'tokenType', 'expiresIn'], tokenType: ['Bearer', 'DPoP'] }
  ] as const) {
    const app = host(t)
    await app.register(fastifySwagger, { openapi: {} })
    await app.register(jwtRefresh, withDefaults({ routes: { sessions: true }, ...options }))
    const { components, paths } = await documentOf(app)
    t.strictSame(components.securitySchemes, { refreshCookie: COOKIE, ...schemes })
    t.match(paths['/auth/refresh']?.post?.responses['200']?.content?.['application/json']?.schema, { required, properties: { tokenType: { enum: tokenType } } })
  }
})

t.test('Swagger 2, which knows neither, declares both as headers', async (t) => {
  const app = host(t)
  await app.register(fastifySwagger, { swagger: {} })
  await app.register(jwtRefresh, withDefaults({ routes: { sessions: true } }))
  t.strictSame((await documentOf(app)).securityDefinitions, {
    refreshCookie: { type: 'apiKey', in: 'header', name: 'Cookie' },
    bearerAuth: { type: 'apiKey', in: 'header', name: 'Authorization' }
  })
})

t.test('the body transport shows no cookie scheme, and the token in the body', async (t) => {
  const app = host(t)
  await app.register(fastifySwagger, { openapi: {} })
  await app.register(jwtRefresh, withDefaults({ refreshToken: { transport: 'body' } }))
  const document = await documentOf(app)
  t.equal(document.components.securitySchemes, undefined)
  t.equal(document.paths['/auth/refresh']?.post?.security, undefined)
  t.match(document.paths['/auth/refresh']?.post?.requestBody, { content: { 'application/json': { schema: { properties: { refreshToken: { type: 'string' } } } } } })
})

t.test('the cookie transport shows a refresh without a body', async (t) => {
  const app = host(t)
  await app.register(fastifySwagger, { openapi: {} })
  await app.register(jwtRefresh, withDefaults())
  const document = await documentOf(app)
  t.equal(document.paths['/auth/refresh']?.post?.requestBody, undefined)
})

t.test('a host\'s own schemes stay as they are, those under our names too', async (t) => {
  const app = host(t)
  const securitySchemes = {
    apiKey: { type: 'apiKey' as const, in: 'header' as const, name: 'x-api-key' },
    bearerAuth: { type: 'http' as const, scheme: 'bearer', description: 'the host\'s words' }
  }
  const openapi = { components: { securitySchemes }, security: [{ apiKey: [] }] }
  const before = structuredClone(openapi)
  await app.register(fastifySwagger, { openapi })
  await app.register(jwtRefresh, withDefaults({ routes: { sessions: true } }))
  app.get('/me', { schema: { security: [{ bearerAuth: [] }] }, onRequest: [app.authenticate] }, async () => ({}))
  const document = await documentOf(app)
  t.strictSame(document.components.securitySchemes, { ...securitySchemes, refreshCookie: COOKIE })
  t.strictSame(document.paths['/me']?.get?.security, [{ bearerAuth: [] }])
  t.strictSame(openapi, before, 'and its options as they were')
})

t.test('a host\'s own transform is called for its routes, and not for ours', async (t) => {
  for (const transport of TRANSPORTS) {
    const app = host(t)
    const urls: string[] = []
    await app.register(fastifySwagger, {
      openapi: {},
      transform: ({ schema, url }) => {
        urls.push(url)
        return { schema: { ...schema, summary: 'the host\'s' }, url }
      }
    })
    await addPlugin(app, { ...ALL_ROUTES, refreshToken: { secret: OTHER_SECRET, transport } })
    const document = await documentOf(app)
    t.strictSame(urls, ['/login', '/me'], transport)
    t.equal(document.paths['/me']?.get?.summary, 'the host\'s')
    t.equal(document.paths['/auth/refresh']?.post?.summary, 'Refresh the access token')
  }
})

for (const transport of TRANSPORTS) {
  t.test(`a host on zod, with its transform, gets a document with the transport ${transport}`, async (t) => {
    const app = host(t)
    app.setValidatorCompiler(validatorCompiler)
    app.setSerializerCompiler(serializerCompiler)
    await app.register(fastifySwagger, { openapi: {}, transform: jsonSchemaTransform })
    await app.register(jwtRefresh, withDefaults({ ...ALL_ROUTES, refreshToken: { secret: OTHER_SECRET, transport } }))
    app.post('/login', { schema: { body: z.object({ email: z.string() }) } }, async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
    const document = await documentOf(app)
    t.match(document.paths['/login']?.post?.requestBody, { content: { 'application/json': { schema: { properties: { email: { type: 'string' } } } } } })
    t.match(document.paths['/auth/logout']?.post?.requestBody, { content: { 'application/json': { schema: { properties: { everywhere: { type: 'boolean' } } } } } })
  })
}

t.test('a host adds tags, words and answers to our routes', async (t) => {
  const app = host(t)
  await app.register(fastifySwagger, { openapi: {}, hideUntagged: true })
  await app.register(jwtRefresh, withDefaults({
    routes: {
      refresh: {
        schema: { tags: ['auth'], summary: 'Renew', response: { 429: { description: 'Too many', type: 'object', properties: { wait: { type: 'integer' } } } } }
      }
    }
  }))
  const document = await documentOf(app)
  t.strictSame(Object.keys(document.paths), ['/auth/refresh'], 'what has no tag is hidden, as the host wants')
  const { tags, summary, responses, security } = document.paths['/auth/refresh']?.post as Operation
  t.strictSame({ tags, summary, statuses: Object.keys(responses), security }, { tags: ['auth'], summary: 'Renew', statuses: ['200', '429'], security: [{ refreshCookie: [] }] })
})

t.test('a host hides our routes, or names another scheme for them', async (t) => {
  const app = host(t)
  await app.register(fastifySwagger, { openapi: { components: { securitySchemes: { session: COOKIE as never } } } })
  await app.register(jwtRefresh, withDefaults({
    routes: { refresh: { schema: { security: [{ session: [] }] } }, logout: { schema: { hide: true } } }
  }))
  const document = await documentOf(app)
  t.strictSame(Object.keys(document.paths), ['/auth/refresh'])
  t.strictSame(document.paths['/auth/refresh']?.post?.security, [{ session: [] }])
})

t.test('two registrations with cookies of two names each have a scheme of their own', async (t) => {
  const app = host(t)
  await app.register(fastifySwagger, { openapi: {} })
  app.register(async (scope) => addPlugin(scope), { prefix: '/users' })
  app.register(async (scope) => addPlugin(scope, { cookie: { name: 'adminToken' } }), { prefix: '/admins' })
  app.register(async (scope) => addPlugin(scope), { prefix: '/guests' })
  const document = await documentOf(app)
  t.strictSame(document.components.securitySchemes, { refreshCookie: COOKIE, refreshCookie2: { ...COOKIE, name: 'adminToken' } })
  const schemeOf = (prefix: string): unknown => document.paths[`${prefix}/auth/logout`]?.post?.security
  t.strictSame(['/users', '/admins', '/guests'].map(schemeOf), [[{ refreshCookie: [] }], [{ refreshCookie2: [] }], [{ refreshCookie: [] }]])
})

t.test('@fastify/swagger after the plugin does not show our routes, as with every plugin', async (t) => {
  const app = host(t)
  await app.register(jwtRefresh, withDefaults())
  await app.register(fastifySwagger, { openapi: {} })
  app.get('/later', async () => ({}))
  t.strictSame(Object.keys((await documentOf(app)).paths), ['/later'])
})

t.test('the routes answer as they do without a document', async (t) => {
  const app = host(t)
  await app.register(fastifySwagger, { openapi: {} })
  await addPlugin(app, { routes: { sessions: true } } satisfies Partial<JwtRefreshOptions>)
  const response = await app.inject({ method: 'POST', url: '/login', payload: {} })
  const cookies = { '__Host-refreshToken': response.cookies[0]?.value ?? '' }
  t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
  t.equal((await app.inject({ method: 'POST', url: '/auth/logout', cookies })).statusCode, 204)
})
