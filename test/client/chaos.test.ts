import t from 'tap'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { runChaos } from './chaos.ts'

/* A short version of `npm run test:chaos`. */

t.setTimeout(180_000)

t.test('six tabs in every weather', { skip: noChromium }, async (t) => {
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  for (const isBare of [false, true]) {
    t.test(isBare ? 'without locks and channels' : 'with locks and channels', async (t) => {
      const { refreshes, errors, alarms, statuses } = await runChaos(browser, 6, isBare)
      t.strictSame(statuses, Array(6).fill('signed-in'))
      t.strictSame(errors, [])
      t.strictSame(alarms, [])
      t.ok(refreshes > 0)
    })
  }
})
