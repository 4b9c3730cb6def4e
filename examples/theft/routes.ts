import type { FastifyInstance } from 'fastify'
import type { Families } from './families.ts'
import { THIEF_HEADER } from './record.ts'
import type { DemoStore } from './store.ts'
import { findToken, findValue } from './token.ts'

const MINUTE = 60_000

interface TheftRouteParts {
  cookieName: string
  families: Families
  store: DemoStore
  now: () => number
  /** How many milliseconds the demo's clock is ahead. */
  clock: { ahead: number }
}

const replaySchema = {
  body: {
    type: 'object',
    required: ['cookie'],
    properties: { cookie: { type: 'string', maxLength: 4096 } }
  }
}

/** The routes of one setting. Except for the login, they exist only for the demo: no real app may have such routes. */
export function addTheftRoutes (scope: FastifyInstance, { cookieName, families, store, now, clock }: TheftRouteParts): void {
  scope.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'victim' }))

  // Returns a cookie that is HttpOnly precisely so that scripts cannot read it. Simulates malware, a stolen backup or a leaky proxy.
  scope.post('/copy', async (request, reply) => {
    const token = findToken(request.headers.cookie, cookieName)
    if (token === null) return reply.code(404).send({ message: 'There is no cookie to copy: log in as the victim first' })
    families.add(token.sessionId, { at: now(), action: 'copy', player: 'thief', token: token.id }, token)
    return { cookie: findValue(request.headers.cookie, cookieName) }
  })

  // A page cannot set the Cookie header, so the server sends the thief's request.
  scope.post<{ Body: { cookie: string } }>('/replay', { schema: replaySchema }, async (request) => {
    const { statusCode, cookies } = await scope.inject({
      method: 'POST',
      url: `${scope.prefix}/auth/refresh`,
      headers: { cookie: `${cookieName}=${encodeURIComponent(request.body.cookie)}`, [THIEF_HEADER]: '1' }
    })
    const issued = cookies.find(({ name }) => name === cookieName)?.value
    return { statusCode, cookie: issued ?? request.body.cookie }
  })

  scope.post('/wait', async (request) => {
    clock.ahead += MINUTE
    const token = findToken(request.headers.cookie, cookieName)
    if (token !== null) families.add(token.sessionId, { at: now(), action: 'wait', player: null })
    return { now: now() }
  })

  scope.post('/lose', async (request, reply) => {
    const token = findToken(request.headers.cookie, cookieName)
    if (token === null || !await store.loseLastWrite(token.sessionId)) return reply.code(409).send({ message: 'There is no write to lose' })
    families.add(token.sessionId, { at: now(), action: 'lose', player: null })
    return { now: now() }
  })

  // The data for the page. The browser keeps the cookie after the session has ended, so that it still identifies the family.
  scope.get('/family', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const token = findToken(request.headers.cookie, cookieName)
    const family = token === null ? null : families.find(token.sessionId)
    if (token === null || family === null) return { now: now(), family: null, session: null }
    const session = await store.find(token.sessionId)
    return {
      now: now(),
      holds: token.id,
      family,
      session: session === null ? null : { generation: session.generation, current: session.current, isBound: session.boundTo !== null }
    }
  })
}
