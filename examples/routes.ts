import type { FastifyInstance } from 'fastify'
import { checkPassword, findUser } from './users.ts'

const loginSchema = {
  body: {
    type: 'object',
    required: ['email', 'password'],
    properties: {
      email: { type: 'string', maxLength: 254 },
      password: { type: 'string', maxLength: 256 } // hashing is dear: a stranger must not choose how dear
    }
  }
}

const transferSchema = {
  body: {
    type: 'object',
    required: ['amount'],
    properties: { amount: { type: 'integer', minimum: 1, maximum: 1000 } }
  }
}

/** What an app writes itself: the login and its own routes. */
export function addRoutes (app: FastifyInstance): void {
  // An app that strangers reach also wants @fastify/rate-limit here.
  app.post<{ Body: { email: string, password: string } }>('/login', { schema: loginSchema }, async (request, reply) => {
    const user = await checkPassword(request.body.email, request.body.password)
    if (user === null) {
      // Does not say which of the two was wrong.
      return reply.code(401).send({ statusCode: 401, code: 'WRONG_LOGIN', error: 'Unauthorized', message: 'Wrong email or password' })
    }
    return reply.issueTokens({ sub: user.id, name: user.name, role: user.role })
  })

  // The access token alone decides: no store is asked, so it opens this route until it ends, whatever happened to its session.
  app.get('/api/profile', { onRequest: [app.authenticate] }, async (request) => {
    return { profile: findUser(request.user.sub), claims: request.user }
  })

  // requireSession asks the store as well: a session that was ended a moment ago is refused at once.
  app.post<{ Body: { amount: number } }>('/api/transfer', {
    onRequest: [app.authenticate, app.requireSession],
    schema: transferSchema
  }, async (request) => {
    return { transferred: request.body.amount, from: request.user.sub, note: 'A demo: no money moved' }
  })
}
