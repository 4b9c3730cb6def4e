import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
// In your app: import jwtRefresh from 'fastify-jwt-refresh'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshEvent, JwtRefreshOptions } from '../../index.ts'
import { createFamilies } from './families.ts'
import { recordAnswers } from './record.ts'
import { addTheftRoutes } from './routes.ts'
import { SETTINGS } from './settings.ts'
import { createDemoStore } from './store.ts'

export interface TheftOptions {
  /** false allows cookies over http, for Safari. */
  secure: boolean
  onEvent?: JwtRefreshOptions['onEvent'] | undefined
  now?: (() => number) | undefined
}

/**
 * The server's part of the page at /theft. It registers the plugin once for each setting, each time in a separate scope with its own
 * prefix, cookie, store and decorators. These sessions are independent of the app's sessions.
 *
 * Must be called before the app registers the plugin: otherwise the scopes inherit the app's decorators, whose names are then taken.
 */
export async function addTheft (app: FastifyInstance, options: TheftOptions): Promise<void> {
  for (const [name, setting] of Object.entries(SETTINGS)) {
    await app.register(async (scope) => addSetting(scope, name, setting, options), { prefix: `/theft/${name}` })
  }
}

async function addSetting (scope: FastifyInstance, name: string, setting: Partial<JwtRefreshOptions>, options: TheftOptions): Promise<void> {
  const { secure, onEvent, now = Date.now } = options
  const clock = { ahead: 0 }
  const demoNow = (): number => now() + clock.ahead
  const store = createDemoStore(demoNow)
  const families = createFamilies()
  const events = new WeakMap<object, JwtRefreshEvent>()
  const cookieName = `${secure ? '__Host-' : ''}demo-${name}`

  recordAnswers(scope, { cookieName, families, events, now: demoNow })
  await scope.register(jwtRefresh, {
    secret: randomBytes(32),
    store,
    cookie: { name: cookieName, secure },
    now: demoNow,
    onEvent (event, request) {
      if (request !== null) events.set(request, event)
      return onEvent?.(event, request)
    },
    ...setting,
    ...(!secure && { deviceBound: false })
  })
  addTheftRoutes(scope, { cookieName, families, store, now: demoNow, clock })
}
