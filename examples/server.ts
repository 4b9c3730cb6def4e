import { randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
// An app of yours: import jwtRefresh from 'fastify-jwt-refresh'
import jwtRefresh from '../index.ts'
import type { JwtRefreshEvent, TokenStore } from '../index.ts'
import { addPage } from './page.ts'
import { addRoutes } from './routes.ts'
import { createStore } from './store.ts'

export interface ExampleOptions {
  /** Where the sessions live. Default: what `store.ts` chooses. */
  store?: TokenStore
  /** Fastify's own option. Default: none. */
  logger?: FastifyServerOptions['logger']
  /** Told of every login, refresh and ending. */
  onEvent?: (event: JwtRefreshEvent) => void
  /** The clock in milliseconds, for tests. */
  now?: () => number
}

export async function buildApp ({ store, logger = false, onEvent, now }: ExampleOptions = {}): Promise<FastifyInstance> {
  const app = Fastify({ logger })
  await addPage(app)

  await app.register(jwtRefresh, {
    secret: process.env.AUTH_SECRET ?? randomSecret(app),
    store: store ?? await createStore(app),
    accessToken: { expiresIn: '30s' }, // so short that one can watch it end; the default is 15 minutes
    routes: { sessions: true },
    // Safari alone takes no Secure cookie from http://localhost.
    cookie: { secure: process.env.INSECURE_COOKIE !== '1' },
    onEvent,
    now
  })

  addRoutes(app)
  return app
}

function randomSecret (app: FastifyInstance): string {
  app.log.warn('AUTH_SECRET is not set: a random one is used, and a restart logs everyone out')
  return randomBytes(32).toString('base64url')
}

async function start (): Promise<void> {
  const app = await buildApp({
    logger: { level: 'warn' },
    onEvent: (event) => console.log(new Date().toLocaleTimeString(), JSON.stringify(event))
  })
  const port = Number(process.env.PORT ?? 3000)
  await app.listen({ host: '127.0.0.1', port })
  console.log(`\n  Open http://localhost:${port} and log in: the page says who may. Ctrl+C stops.\n`)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
}

const isRunDirectly = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
if (isRunDirectly) await start()
