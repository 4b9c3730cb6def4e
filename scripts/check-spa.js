import { launchChromium } from '../test/fixtures/chromium.ts'

/**
 * The example `spa` as its user sees it, in two tabs.
 *
 * @param {import('tap').Test} t
 * @param {string} url the page
 */
export async function checkSpa (t, url) {
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const device = await browser.newContext()
  device.setDefaultTimeout(60_000)
  /** @type {string[]} */
  const errors = []
  device.on('weberror', (error) => errors.push(error.error().message))

  const first = await openTab()
  await shows(first, 'Log in')
  await first.getByLabel('E-mail').fill('alice@example.com')
  await first.getByLabel('Password').fill('builder')
  await first.getByRole('button', { name: 'Log in' }).click()
  t.equal(await first.getByRole('alert').textContent(), 'Wrong e-mail or password.')
  await first.getByLabel('Password').fill('wonderland')
  await first.getByRole('button', { name: 'Log in' }).click()
  await shows(first, 'Notes of Alice')
  await first.getByLabel('New note').fill('Feed the cat')
  await first.getByRole('button', { name: 'Add' }).click()
  await first.getByRole('listitem').waitFor()

  await first.reload()
  await shows(first, 'Notes of Alice', 'after a reload')
  t.equal(await first.getByRole('listitem').textContent(), 'Feed the cat')

  const second = await openTab()
  await shows(second, 'Notes of Alice', 'in a second tab')
  await second.getByRole('button', { name: 'Log out' }).click()
  await shows(second, 'Log in', 'after the logout')
  await shows(first, 'Log in', 'in the other tab too')
  await first.reload()
  await shows(first, 'Log in', 'after another reload')
  t.strictSame(errors, [])

  async function openTab () {
    const page = await device.newPage()
    await page.goto(url)
    return page
  }

  /**
   * @param {import('playwright-core').Page} page
   * @param {string} heading
   */
  async function shows (page, heading, when = 'at first') {
    await page.getByRole('heading', { name: heading }).waitFor()
    t.pass(`${heading}, ${when}`)
  }
}
