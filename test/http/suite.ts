import type { Test } from 'tap'
import type { JwtRefreshOptions, TokenStore } from '../../index.ts'
import { createApp } from '../fixtures/app.ts'
import type { TestApp } from '../fixtures/app.ts'
import { adoptTests } from './adopt.ts'
import { deviceBoundTests } from './device-bound.ts'
import { loginTests } from './login.ts'
import { logoutTests } from './logout.ts'
import { refreshTests } from './refresh.ts'
import { rotationTests } from './rotation.ts'
import { sessionsTests } from './sessions.ts'
import { termsTests } from './terms.ts'

/** Creates an app with the store under test. */
export type Create = (t: Test, options?: Partial<JwtRefreshOptions>) => Promise<TestApp>

/**
 * Tests the plugin over HTTP with any store.
 *
 * @param createStore returns a store that is empty or whose other sessions do not matter, because each test has its own subjects
 */
export function httpSuite (t: Test, createStore: (t: Test) => TokenStore | Promise<TokenStore>): void {
  const create: Create = async (t, options) => createApp(t, { store: await createStore(t), ...options })
  loginTests(t, create)
  refreshTests(t, create)
  rotationTests(t, create)
  logoutTests(t, create)
  sessionsTests(t, create)
  termsTests(t, create)
  adoptTests(t, create)
  deviceBoundTests(t, create)
}
