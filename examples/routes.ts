import type { FastifyInstance } from 'fastify'
import { checkPassword, findUser } from './users.ts'

const loginSchema = {
  body: {
    type: 'object',
    required: ['email', 'password'],
    properties: {
      email: { type: 'string', maxLength: 254 },
      password: { type: 'string', maxLength: 256 } // hashing is expensive, so the input must be limited
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

/** The routes that an app writes itself: the login and its API. */
export function addRoutes (app: FastifyInstance): void {
  // In production, also use @fastify/rate-limit here.
  app.post<{ Body: { email: string, password: string } }>('/login', { schema: loginSchema }, async (request, reply) => {
    const user = await checkPassword(request.body.email, request.body.password)
    if (user === null) {
      // Does not reveal which of the two was wrong.
      return reply.code(401).send({ statusCode: 401, code: 'WRONG_LOGIN', error: 'Unauthorized', message: 'Wrong email or password' })
    }
    return reply.issueTokens({ sub: user.id, name: user.name, role: user.role })
  })

  // Only the access token is checked, not the store: it is valid for this route until it expires, even if its session has ended.
  app.get('/api/profile', { onRequest: [app.authenticate] }, async (request) => {
    return { profile: findUser(request.user.sub), claims: request.user }
  })

  // requireSession also checks the store: a session that has ended is refused immediately.
  app.post<{ Body: { amount: number } }>('/api/transfer', {
    onRequest: [app.authenticate, app.requireSession],
    schema: transferSchema
  }, async (request) => {
    return { transferred: request.body.amount, from: request.user.sub, note: 'A demo: no money moved' }
  })
}
