import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
// An app of yours: import jwtRefresh from 'fastify-jwt-refresh'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshEvent, JwtRefreshOptions } from '../../index.ts'
import { createFamilies } from './families.ts'
import { recordAnswers } from './record.ts'
import { addTheftRoutes } from './routes.ts'
import { SETTINGS } from './settings.ts'
import { createDemoStore } from './store.ts'

export interface TheftOptions {
  /** false: cookies over plain http, for Safari. */
  secure: boolean
  onEvent?: JwtRefreshOptions['onEvent'] | undefined
  now?: (() => number) | undefined
}

/**
 * A victim and a thief for the page at /theft: one registration of the plugin for each setting, in a scope of its own, so that
 * each has its own prefix, cookie, store and decorators. Their sessions have nothing to do with those of the app.
 *
 * Register it before the plugin of the app: afterwards a scope inherits the app's decorators, and their names are taken.
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
