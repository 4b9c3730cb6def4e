import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import t from 'tap'
import { Type } from 'typebox'
import { z } from 'zod'
import { addPlugin, host, login } from '../fixtures/host-app/host.ts'

interface Library {
  setCompilers (app: FastifyInstance): void
  /** Adds `POST /typed`, which returns its body with a string `name`. */
  addRoute (app: FastifyInstance): void
}

const LIBRARIES: Record<string, Library> = {
  TypeBox: {
    setCompilers: (app) => { app.setValidatorCompiler(TypeBoxValidatorCompiler) },
    addRoute (app) {
      const schema = { body: Type.Object({ name: Type.String() }), response: { 200: Type.Object({ name: Type.String() }) } }
      app.withTypeProvider<TypeBoxTypeProvider>().post('/typed', { schema }, async (request) => ({ name: request.body.name }))
    }
  },
  zod: {
    setCompilers (app) {
      app.setValidatorCompiler(validatorCompiler)
      app.setSerializerCompiler(serializerCompiler)
    },
    addRoute (app) {
      const schema = { body: z.object({ name: z.string() }), response: { 200: z.object({ name: z.string() }) } }
      app.withTypeProvider<ZodTypeProvider>().post('/typed', { schema }, async (request) => ({ name: request.body.name }))
    }
  },
  'compilers that know no schema at all': {
    setCompilers (app) {
      app.setValidatorCompiler(() => { throw new Error('an unknown schema') })
      app.setSerializerCompiler(() => { throw new Error('an unknown schema') })
    },
    addRoute (app) {
      app.post('/typed', async (request, reply) => {
        const { name } = request.body as { name?: unknown }
        return typeof name === 'string' ? { name } : reply.code(400).send({})
      })
    }
  }
}

const ORDERS: Record<string, (app: FastifyInstance, library: Library) => Promise<void>> = {
  async before (app, { setCompilers }) {
    setCompilers(app)
    await addPlugin(app, { refreshToken: { transport: 'both' }, routes: { sessions: true } })
  },
  async after (app, { setCompilers }) {
    await addPlugin(app, { refreshToken: { transport: 'both' }, routes: { sessions: true } })
    setCompilers(app)
  },
  async 'above the scope of' (app, { setCompilers }) {
    setCompilers(app)
    await app.register(async (scope) => addPlugin(scope, { refreshToken: { transport: 'both' }, routes: { sessions: true } }))
  }
}

for (const [name, library] of Object.entries(LIBRARIES)) {
  for (const [order, build] of Object.entries(ORDERS)) {
    t.test(`a host with ${name} at its root, set ${order} the plugin`, async (t) => {
      const app = host(t)
      await build(app, library)
      library.addRoute(app)

      const typed = (payload: object) => app.inject({ method: 'POST', url: '/typed', payload })
      t.strictSame((await typed({ name: 'anna' })).json(), { name: 'anna' })
      t.equal((await typed({})).statusCode, 400, 'the host\'s validation is at work')

      const { cookies, headers } = await login(app)
      for (const payload of [undefined, '{}', '']) {
        const response = await app.inject({ method: 'POST', url: '/auth/refresh', cookies, headers: { 'content-type': 'application/json' }, ...(payload !== undefined && { payload }) })
        t.equal(response.statusCode, 200)
        t.strictSame(Object.keys(response.json()).sort(), ['accessToken', 'expiresIn', 'tokenType'])
      }
      const sessions = await app.inject({ url: '/auth/sessions', headers })
      t.match(sessions.json(), [{ current: true, metadata: { ip: '127.0.0.1' } }])
      const bad = await app.inject({ method: 'POST', url: '/auth/logout', payload: { everywhere: 'yes' } })
      t.equal(bad.json().code, 'FST_ERR_VALIDATION')
      t.equal((await app.inject({ method: 'POST', url: '/auth/logout', cookies, payload: { everywhere: true } })).statusCode, 204)
    })
  }
}

t.test('a host whose schemaController has compilers of its own boots', async (t) => {
  const refuse = (): never => { throw new Error('an unknown schema') }
  const app = host(t, { schemaController: { compilersFactory: { buildValidator: () => refuse, buildSerializer: () => refuse } } })
  await addPlugin(app, { routes: { sessions: true } })
  const { headers } = await login(app)
  t.equal((await app.inject({ url: '/auth/sessions', headers })).statusCode, 200)
})

t.test('a host that removes unknown properties or coerces types with Ajv does so in its own routes', async (t) => {
  const app = host(t, { ajv: { customOptions: { removeAdditional: 'all', coerceTypes: 'array' } } })
  await addPlugin(app, { refreshToken: { transport: 'body' } })
  const response = await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken: ['x'] } })
  t.equal(response.json().code, 'FST_ERR_VALIDATION')
})

t.test('a host\'s content type parsers stay its own', async (t) => {
  const app = host(t)
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, { wrapped: body }))
  app.addContentTypeParser('*', (_request, payload, done) => { payload.resume().on('end', () => done(null, 'anything')) })
  await addPlugin(app, { refreshToken: { transport: 'body' } })
  app.post('/mine', async (request) => ({ body: request.body }))
  t.strictSame((await app.inject({ method: 'POST', url: '/mine', payload: { a: 1 } })).json(), { body: { wrapped: '{"a":1}' } })
  t.strictSame((await app.inject({ method: 'POST', url: '/mine', payload: 'x', headers: { 'content-type': 'text/csv' } })).json(), { body: 'anything' })
  const { refreshToken } = (await app.inject({ method: 'POST', url: '/login', payload: {} })).json()
  t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken } })).statusCode, 200)
})
