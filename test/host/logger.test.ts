import { generateKeyPairSync } from 'node:crypto'
import { Writable } from 'node:stream'
import Fastify from 'fastify'
import type { FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh, { MemoryStore } from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { withDefaults } from '../fixtures/host-app/host.ts'

interface Line {
  level: number
  msg: string
  [field: string]: unknown
}

function sink (): { stream: Writable, lines: Line[] } {
  const lines: Line[] = []
  const stream = new Writable({
    write (chunk, _encoding, done) {
      lines.push(JSON.parse(chunk))
      done()
    }
  })
  return { stream, lines }
}

async function appWithLog (t: Test, options: Partial<JwtRefreshOptions> = {}) {
  const { stream, lines } = sink()
  const app = Fastify({ loggerInstance: pino({ level: 'trace' }, stream) })
  t.teardown(() => app.close())
  await app.register(jwtRefresh, withDefaults(options))
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  return { app, lines }
}

t.test('a pino instance of the host\'s logs our requests', async (t) => {
  const { app, lines } = await appWithLog(t)
  await app.inject({ method: 'POST', url: '/auth/refresh' })
  t.match(lines.map(({ msg }) => msg), ['fastify-jwt-refresh keeps the sessions in memory: they end with this process and no other process sees them', 'incoming request', /./])
  t.ok(lines.some(({ msg }) => msg === 'request completed'))
})

t.test('a logger that is not pino will do', async (t) => {
  const messages: unknown[] = []
  const write = (...args: unknown[]): void => { messages.push(args) }
  const logger: FastifyBaseLogger = {
    level: 'info', fatal: write, error: write, warn: write, info: write, debug: write, trace: write, silent: write, child: () => logger
  } as FastifyBaseLogger
  const app = Fastify({ loggerInstance: logger })
  t.teardown(() => app.close())
  await app.register(jwtRefresh, withDefaults({ onEvent: () => { throw new Error('broken') } }))
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  t.equal((await app.inject({ method: 'POST', url: '/login' })).statusCode, 200)
  t.match(messages, [[/in memory/]])
})

t.test('the warning about memory is there for the MemoryStore alone', async (t) => {
  const own = new MemoryStore()
  const store = Object.fromEntries(['create', 'find', 'rotate', 'delete', 'list', 'deleteAll'].map((name) => [name, (own as never)[name]])) as never
  const { lines } = await appWithLog(t, { store })
  t.strictSame(lines, [])
})

t.test('an instance that only verifies keeps no sessions, and warns of none', async (t) => {
  const { publicKey } = generateKeyPairSync('ed25519')
  const { lines } = await appWithLog(t, { secret: { public: publicKey.export({ type: 'spki', format: 'pem' }) } })
  t.strictSame(lines, [])
})

t.test('logLevel in the plugin\'s options quiets our routes, and no others', async (t) => {
  const { app, lines } = await appWithLog(t, { logLevel: 'silent' })
  lines.length = 0
  await app.inject({ method: 'POST', url: '/auth/refresh' })
  t.strictSame(lines, [])
  await app.inject({ method: 'POST', url: '/login' })
  t.ok(lines.length > 0)
})

t.test('logLevel in a route\'s options quiets that route', async (t) => {
  const { app, lines } = await appWithLog(t, { routes: { refresh: { logLevel: 'silent' } } })
  lines.length = 0
  await app.inject({ method: 'POST', url: '/auth/refresh' })
  t.strictSame(lines, [])
  await app.inject({ method: 'POST', url: '/auth/logout' })
  t.ok(lines.length > 0)
})

t.test('logSerializers in the plugin\'s options write what our routes log', async (t) => {
  const { app, lines } = await appWithLog(t, { logSerializers: { req: () => 'in our words' } })
  lines.length = 0
  await app.inject({ method: 'POST', url: '/auth/refresh' })
  t.match(lines[0], { msg: 'incoming request', req: 'in our words' })
  lines.length = 0
  await app.inject({ method: 'POST', url: '/login' })
  t.match(lines[0], { msg: 'incoming request', req: { method: 'POST' } })
})

t.test('a refusal of another site is logged with its origin and the option that helps', async (t) => {
  const { app, lines } = await appWithLog(t)
  const [{ name, value }] = (await app.inject({ method: 'POST', url: '/login' })).cookies as [{ name: string, value: string }]
  await app.inject({ method: 'POST', url: '/auth/refresh', cookies: { [name]: value }, headers: { origin: 'https://app.example.com' } })
  t.match(lines.find(({ origin }) => origin === 'https://app.example.com'), { level: 40, msg: /trustedOrigins/ })
})

t.test('a whole session leaves no token in a log at trace level', async (t) => {
  const { app, lines } = await appWithLog(t, { refreshToken: { rotation: 'strict' } })
  const response = await app.inject({ method: 'POST', url: '/login' })
  const cookies = { '__Host-refreshToken': response.cookies[0]?.value ?? '' }
  const refreshed = await app.inject({ method: 'POST', url: '/auth/refresh', cookies })
  await app.inject({ method: 'POST', url: '/auth/refresh', cookies })
  const tokens = [response.json().accessToken, cookies['__Host-refreshToken'], refreshed.json().accessToken, refreshed.cookies[0]?.value ?? '']
  const log = JSON.stringify(lines)
  t.ok(lines.some(({ msg }) => msg.includes('used again')), 'the reuse is told')
  for (const token of tokens) {
    t.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/)
    for (const part of token.split('.').slice(1)) t.notOk(log.includes(part))
  }
})
