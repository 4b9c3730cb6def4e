import { randomBytes } from 'node:crypto'
import cors from '@fastify/cors'
import Fastify from 'fastify'
import jwtRefresh from 'fastify-jwt-refresh'
import { checkPassword, findUser } from './users.js'

const credentials = body({ email: { type: 'string' }, password: { type: 'string' } })
const note = body({ text: { type: 'string', minLength: 1, maxLength: 200 } })

// Without your own `secret`, a restart logs everyone out. So does the default store, which keeps sessions in memory.
export async function buildApi ({ pageOrigin, secret = randomBytes(32), ...options }) {
  const app = Fastify(options)
  await app.register(cors, { origin: pageOrigin, credentials: true, exposedHeaders: ['Retry-After'] })
  await app.register(jwtRefresh, {
    secret,
    trustedOrigins: [pageOrigin],
    // Called at each refresh, so that a new name or a locked account takes effect. null ends the session.
    claims: (session) => toClaims(findUser(session.subject))
  })

  app.post('/login', { schema: { body: credentials } }, async (request, reply) => {
    const user = await checkPassword(request.body.email, request.body.password)
    if (user === null) return reply.code(401).send({ message: 'Wrong e-mail or password' })
    return reply.issueTokens(toClaims(user))
  })

  app.get('/me', { onRequest: [app.authenticate] }, async (request) => findUser(request.user.sub))

  const notes = new Map() // in place of your database: the notes of each user

  app.get('/notes', { onRequest: [app.authenticate] }, async (request) => notes.get(request.user.sub) ?? [])

  app.post('/notes', { onRequest: [app.authenticate], schema: { body: note } }, async (request, reply) => {
    const { sub } = request.user
    const added = { id: crypto.randomUUID(), text: request.body.text }
    notes.set(sub, [...notes.get(sub) ?? [], added])
    return reply.code(201).send(added)
  })

  return app
}

function toClaims (user) {
  return user && { sub: user.id, name: user.name }
}

function body (properties) {
  return { type: 'object', required: Object.keys(properties), properties }
}
