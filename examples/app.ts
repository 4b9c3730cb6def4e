import { join } from 'node:path'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
// In your app: import jwtRefresh from 'fastify-jwt-refresh'
import jwtRefresh from '../index.ts'
import type { JwtRefreshEvent, TokenStore } from '../index.ts'
import type { Certificate } from './certificate.ts'
import { readSecret } from './data-folder.ts'
import { addPage } from './page.ts'
import { addRoutes } from './routes.ts'
import { createStore } from './store.ts'
import { addTheft } from './theft/index.ts'

export interface ExampleOptions {
  /** The folder for the data that survives a restart: the secret and the sessions. Default: `data` next to this file. */
  folder?: string
  /** The store for sessions. Default: the one that `store.ts` chooses. */
  store?: TokenStore
  /** If set, the app serves https and binds sessions to a key of the browser's device. Default: none. */
  certificate?: Certificate
  /** Fastify's own option. Default: none. */
  logger?: FastifyServerOptions['logger']
  /** Called for every login, refresh and end of a session. */
  onEvent?: (event: JwtRefreshEvent) => void
  /** The clock in milliseconds, for tests. */
  now?: () => number
}

const FOLDER = join(import.meta.dirname, 'data')

export async function buildApp ({ folder = FOLDER, store, certificate, logger = false, onEvent, now }: ExampleOptions = {}): Promise<FastifyInstance> {
  const app = certificate === undefined ? Fastify({ logger }) : Fastify({ logger, https: certificate }) as unknown as FastifyInstance
  // Safari does not accept Secure cookies from http://localhost.
  const secure = process.env.INSECURE_COOKIE !== '1'
  await addPage(app)
  await addTheft(app, { secure, onEvent, now }) // the page at /theft; your app does not need it

  await app.register(jwtRefresh, {
    secret: process.env.AUTH_SECRET ?? await readSecret(folder),
    store: store ?? await createStore(app, folder),
    accessToken: { expiresIn: '30s' }, // short enough to watch it expire; the default is 15 minutes
    routes: { sessions: true },
    cookie: { secure },
    deviceBound: certificate !== undefined,
    onEvent,
    now
  })

  addRoutes(app)
  return app
}
