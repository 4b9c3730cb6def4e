import t from 'tap'
import { findViolations } from '../fixtures/axe.ts'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { createExample, listen } from '../fixtures/example.ts'

/* Tests the accessibility of both pages of the example, with axe and the keyboard: wide and light, narrow and dark. */

t.setTimeout(290_000) // allows for a busy machine; usually takes a twentieth of that

const LOOKS = [[1280, 'light'], [390, 'dark']] as const
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
// Whether the focused element, or the label that displays its focus, has an outline.
const OUTLINE = '[document.activeElement, document.activeElement.closest("label")].some((one) => one && getComputedStyle(one).outlineStyle === "solid" && parseFloat(getComputedStyle(one).outlineWidth) >= 3)'
// In a group of radio buttons, the Tab key reaches only the selected one.
const CONTROLS = '[...document.querySelectorAll("a, button:enabled, input:not([type=radio]:not(:checked)), summary, [tabindex=\\"0\\"]")].filter((one) => one.offsetParent !== null)'

t.test('the pages', { skip: noChromium }, async (t) => {
  const { app } = await createExample(t, { now: Date.now })
  const url = `http://localhost:${await listen(app)}`
  // Closed before the app, which waits for the browser's open connections.
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const page = await (await browser.newContext()).newPage()
  page.setDefaultTimeout(20_000)

  await page.goto(url)
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  await check('the login form')
  await page.getByRole('button', { name: 'Fill in Alice' }).click()
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.getByText('this device').waitFor()
  await page.getByRole('button', { name: 'Call protected API' }).click()
  await page.getByText('answered 200').waitFor()
  await check('a session')
  await tabThrough('the page of a session')
  await page.getByRole('button', { name: 'Log out everywhere' }).click()
  await check('the question before everything ends')

  await page.goto(`${url}/theft`)
  await page.getByText('Nobody is logged in.').waitFor()
  await check('before the theft')
  await play(['login', 'copy', 'wait', 'thief', 'wait', 'victim', 'wait', 'thief', 'victim'])
  await page.getByText('What the words mean').click()
  await check('after the theft')
  await tabThrough('the page of the theft')
  await page.getByRole('radio', { name: /^Device-bound/ }).check()
  await page.locator('#story[data-setting="bound"]').waitFor({ state: 'attached' })
  await play(['login', 'victim'])
  await check('a young token, and a browser that has no key')

  async function check (what: string): Promise<void> {
    for (const [width, colorScheme] of LOOKS) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }) // no colours in the middle of a transition
      t.strictSame(await findViolations(page), [], `${what}, ${width} pixels, ${colorScheme}: no violation`)
      t.equal(await page.evaluate(OVERFLOW), 0, `${what}, ${width} pixels: nothing is cut off`)
    }
  }

  /** Checks that the Tab key reaches every control, and that its focus is visible. */
  async function tabThrough (what: string): Promise<void> {
    const controls = await page.evaluate(`${CONTROLS}.map((one) => one.outerHTML)`) as string[]
    const seen = new Set<string>()
    // One more press, because the focus leaves the page once per round.
    for (let presses = 0; presses <= controls.length; presses++) {
      await page.keyboard.press('Tab')
      const [control, isVisible] = await page.evaluate(`[document.activeElement.outerHTML, ${OUTLINE}]`) as [string, boolean]
      if (control.startsWith('<body')) continue
      if (!isVisible) t.fail(`${what}: the focus does not show on ${control}`)
      seen.add(control)
    }
    t.strictSame(controls.filter((control) => !seen.has(control)), [], `${what}: the keyboard reaches each of ${controls.length} controls`)
  }

  async function play (ids: string[]): Promise<void> {
    for (const id of ids) {
      const before = await page.locator('#story').getAttribute('data-steps')
      await page.locator(`#${id}`).click()
      await page.locator(`#story:not([data-steps="${before}"])`).waitFor()
    }
  }
})
