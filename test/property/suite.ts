import fc from 'fast-check'
import type { Test } from 'tap'
import type { JwtRefreshOptions, TokenStore } from '../../index.ts'
import { createApp } from '../fixtures/app.ts'
import { parameters } from '../fixtures/property.ts'
import { MoodyStore } from './moody-store.ts'
import { play } from './play.ts'
import { program } from './program.ts'
import { lenient, strict, withWindow } from './reference.ts'
import type { Windows } from './reference.ts'

const variants: Array<[name: string, refreshToken: JwtRefreshOptions['refreshToken'], windows: Windows]> = [
  ['as it comes', {}, lenient],
  ['with a retry window', { retryWindow: '1m' }, withWindow],
  ['strict', { rotation: 'strict' }, strict]
]

/** Runs random programs with the store and compares it with the reference implementation. */
export function propertySuite (t: Test, runs: number, createStore: () => TokenStore): void {
  for (const [name, refreshToken, windows] of variants) {
    t.test(name, async (t) => {
      const store = new MoodyStore(createStore())
      const app = await createApp(t, { store, refreshToken: refreshToken ?? {} })
      const property = fc.asyncProperty(program, (steps) => play(steps, app, store, windows))
      await fc.assert(property, parameters(runs))
      t.pass(`${parameters(runs).numRuns} programs`)
    })
  }
}
