// `npm run test:chaos [-- SECONDS]`: six tabs of a real Chromium under random faults, with and without locks and channels.
// Exits with 1 if a tab is signed out or if there is an unhandled error.
import { launchChromium } from '../fixtures/chromium.ts'
import { runChaos } from './chaos.ts'

const seconds = Number(process.argv[2] ?? 120)
const browser = await launchChromium()
try {
  for (const isBare of [false, true]) {
    const report = await runChaos(browser, seconds, isBare)
    console.log(isBare ? 'without locks and channels' : 'with locks and channels', report)
    const isRight = report.errors.length === 0 && report.alarms.length === 0 && report.statuses.every((status) => status === 'signed-in')
    if (!isRight) process.exitCode = 1
  }
} finally {
  await browser.close()
}
