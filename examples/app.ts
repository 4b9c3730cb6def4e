import { join } from 'node:path'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
// An app of yours: import jwtRefresh from 'fastify-jwt-refresh'
import jwtRefresh from '../index.ts'
import type { JwtRefreshEvent, TokenStore } from '../index.ts'
import type { Certificate } from './certificate.ts'
import { readSecret } from './data-folder.ts'
import { addPage } from './page.ts'
import { addRoutes } from './routes.ts'
import { createStore } from './store.ts'
import { addTheft } from './theft/index.ts'

export interface ExampleOptions {
  /** What outlives a restart is kept here: the secret and the sessions. Default: `data`, beside this file. */
  folder?: string
  /** Where the sessions live. Default: what `store.ts` chooses. */
  store?: TokenStore
  /** Serves https, and binds sessions to a key of their browser's device. Default: neither. */
  certificate?: Certificate
  /** Fastify's own option. Default: none. */
  logger?: FastifyServerOptions['logger']
  /** Told of every login, refresh and ending. */
  onEvent?: (event: JwtRefreshEvent) => void
  /** The clock in milliseconds, for tests. */
  now?: () => number
}

const FOLDER = join(import.meta.dirname, 'data')

export async function buildApp ({ folder = FOLDER, store, certificate, logger = false, onEvent, now }: ExampleOptions = {}): Promise<FastifyInstance> {
  const app = certificate === undefined ? Fastify({ logger }) : Fastify({ logger, https: certificate }) as unknown as FastifyInstance
  // Safari alone takes no Secure cookie from http://localhost.
  const secure = process.env.INSECURE_COOKIE !== '1'
  await addPage(app)
  await addTheft(app, { secure, onEvent, now }) // the page at /theft; nothing that an app of yours needs

  await app.register(jwtRefresh, {
    secret: process.env.AUTH_SECRET ?? await readSecret(folder),
    store: store ?? await createStore(app, folder),
    accessToken: { expiresIn: '30s' }, // so short that one can watch it end; the default is 15 minutes
    routes: { sessions: true },
    cookie: { secure },
    deviceBound: certificate !== undefined,
    onEvent,
    now
  })

  addRoutes(app)
  return app
}
