import type { FastifyInstance, FastifyPluginCallback, preHandlerHookHandler } from 'fastify'
import t from 'tap'
import { addPlugin, host, login, refresh } from '../fixtures/host-app/host.ts'

interface Passport {
  use (name: string, strategy: unknown): void
  initialize (): FastifyPluginCallback
  authenticate (strategy: string, options: object): preHandlerHookHandler
}

// The cast hides the module from TypeScript, because its types would change `request.user` in all tests.
const { Authenticator, Strategy } = await import('@fastify/passport' as string) as {
  Authenticator: new () => Passport
  Strategy: new (name: string) => object
}

/** Accepts any user who sends a name. */
class NameStrategy extends Strategy {
  authenticate (this: NameStrategy & { success (user: object): void, fail (): void }, request: { headers: Record<string, string> }): void {
    const name = request.headers['x-name']
    if (name === undefined) this.fail()
    else this.success({ passportUser: name })
  }
}

for (const order of ['before', 'after'] as const) {
  t.test(`@fastify/passport ${order} the plugin: it checks the login, we carry the session`, async (t) => {
    const app: FastifyInstance = host(t)
    app.decorateRequest('session', null) // required by passport, even without sessions
    const passport = new Authenticator()
    passport.use('name', new NameStrategy('name'))
    if (order === 'before') await app.register(passport.initialize())
    await addPlugin(app)
    if (order === 'after') await app.register(passport.initialize())
    const byName = passport.authenticate('name', { session: false })
    app.post('/passport-login', { preValidation: [byName] }, async (request, reply) =>
      reply.issueTokens({ sub: (request.user as unknown as { passportUser: string }).passportUser }))
    app.get('/passport-me', { preValidation: [byName] }, async (request) => request.user)

    t.equal((await app.inject({ method: 'POST', url: '/passport-login' })).statusCode, 401)
    const response = await app.inject({ method: 'POST', url: '/passport-login', headers: { 'x-name': 'anna' } })
    const headers = { authorization: `Bearer ${response.json().accessToken}` }
    t.equal((await app.inject({ url: '/me', headers })).json().sub, 'anna')
    t.strictSame((await app.inject({ url: '/passport-me', headers: { ...headers, 'x-name': 'bert' } })).json(), { passportUser: 'bert' }, 'its user is its own')
    t.equal((await refresh(app, await login(app))).statusCode, 200)
  })
}
