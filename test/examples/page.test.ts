import t from 'tap'
import type { Test } from 'tap'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import type { JwtRefreshEvent } from '../../index.ts'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { createExample, listen } from '../fixtures/example.ts'

/*
 * Tests the example in a real browser. The clocks of the server and of the page stand still until a test advances them, so that
 * access tokens expire without waiting and at the exact millisecond.
 */

const SECOND = 1000

t.setTimeout(290_000) // allows for a busy machine; usually takes a tenth of that

interface World {
  url: string
  events: JwtRefreshEvent[]
  /** A browser with separate cookies and a separate clock. */
  newDevice (): Promise<BrowserContext>
  open (device: BrowserContext): Promise<Page>
  /** Advances the clocks of the server and all devices, and fires the pages' timers. */
  pass (milliseconds: number): Promise<void>
  /** Errors and warnings of the pages, and requests to other hosts. */
  problems: string[]
}

t.test('the page', { skip: noChromium }, async (t) => {
  const browser = await launchChromium()
  t.teardown(() => browser.close())

  t.test('without a session it shows the login form', async (t) => {
    const { newDevice, open, problems } = await createWorld(t, browser)
    const page = await open(await newDevice())
    await see(page.getByRole('heading', { name: 'Log in' }))
    t.match(await page.locator('#signed-out').textContent(), /alice@example\.com\s*wonderland/)
    t.equal(await page.getByRole('heading', { name: 'Hello' }).isVisible(), false)
    t.equal(await page.getByRole('alert').filter({ hasText: /./ }).count(), 0, 'and no error')
    t.strictSame(problems, [])
  })

  t.test('a wrong password', async (t) => {
    const { newDevice, open, events, problems } = await createWorld(t, browser)
    const page = await open(await newDevice())
    await page.getByLabel('Email').fill('alice@example.com')
    await page.getByLabel('Password').fill('builder')
    await page.keyboard.press('Enter')
    await see(page.getByRole('alert').filter({ hasText: 'Wrong email or password.' }))
    t.strictSame(events, [])

    await page.getByLabel('Password').fill('wonderland')
    await page.keyboard.press('Enter')
    await see(page.getByRole('heading', { name: 'Hello, Alice' }))
    t.strictSame(problems, [])
  })

  t.test('the countdown and a refresh in the background', async (t) => {
    const { newDevice, open, pass, events, problems } = await createWorld(t, browser)
    const page = await open(await newDevice())
    await logIn(page)
    await seconds(page, '30')
    await pass(12 * SECOND)
    await seconds(page, '18')
    t.equal(await page.locator('#ring').getAttribute('data-state'), 'fresh')

    await pass(15 * SECOND)
    await seconds(page, '30')
    await logged(page, '200 POST /auth/refresh a new access token for 30 seconds')
    t.match(events, [{ type: 'issued' }, { type: 'refreshed', rotated: true }])
    t.strictSame(problems, [])
  })

  t.test('a call with an expired token heals itself', async (t) => {
    const { newDevice, open, pass, events, problems } = await createWorld(t, browser)
    const page = await open(await newDevice())
    await logIn(page)
    await page.getByRole('switch', { name: 'Refresh in the background' }).uncheck()
    await pass(29_999)
    await seconds(page, '1')
    t.equal(await page.locator('#ring').getAttribute('data-state'), 'ending')
    await pass(1 * SECOND)
    await seconds(page, 'expired')
    await logged(page, 'The access token has expired')
    await see(page.getByText('The access token has expired, but the session has not: the next call fetches a new token first.'))
    t.equal(events.length, 1, 'nothing was refreshed yet')

    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('button', { name: 'Call protected API' }).click()
    await see(page.getByText('GET /api/profile answered 200'))
    t.strictSame(await log(page), [
      '200 POST /auth/refresh a new access token for 30 seconds',
      '200 GET /api/profile'
    ])
    t.match(JSON.parse(await page.locator('#result').textContent() ?? ''), { profile: { name: 'Alice' }, claims: { sub: 'user-1', role: 'admin' } })
    await seconds(page, '30')
    t.strictSame(problems, [])
  })

  t.test('several calls with an expired token refresh once', async (t) => {
    const { newDevice, open, pass, events, problems } = await createWorld(t, browser)
    const page = await open(await newDevice())
    await logIn(page)
    await page.getByRole('switch').uncheck()
    await pass(40 * SECOND)
    // In the same turn of the event loop, as when a page loads its parts.
    await page.evaluate("['profile', 'transfer', 'reload-devices', 'profile'].forEach((id) => document.getElementById(id).click())")
    await see(page.locator('#log .fine', { hasText: /api|sessions/ }).nth(4)) // the fifth: the first is from the login
    t.equal(events.filter(({ type }) => type === 'refreshed').length, 1)
    t.strictSame(problems, [])
  })

  t.test('a second tab gets in without a login, and both stay in when they refresh at once', async (t) => {
    const { url, newDevice, open, pass, events, problems } = await createWorld(t, browser)
    const device = await newDevice()
    const first = await open(device)
    await logIn(first)
    const opened = device.waitForEvent('page')
    await first.getByRole('link', { name: 'Open a second tab' }).click()
    const second = await opened
    await see(second.getByRole('heading', { name: 'Hello, Alice' }))
    t.equal(second.url(), `${url}/`)

    for (const pause of [1, 11, 25, 3, 60, 0, 3600]) {
      await pass(pause * SECOND)
      await Promise.all([first, second].map(async (page) => {
        // Not click(), which waits for a frame: only the foreground tab gets frames.
        for (const name of ['Clear', 'Refresh now', 'Call sensitive API']) await page.getByRole('button', { name }).dispatchEvent('click')
        await see(page.locator('#log li', { hasText: '200 POST /api/transfer' }))
      }))
    }
    await first.getByRole('button', { name: 'Reload' }).click()
    await see(first.getByText('this device'))
    t.equal(await first.getByRole('button', { name: /^End / }).count(), 1, 'two tabs are one device')
    // Checks the server's events, because the log of a tab may have been cleared after a refresh by its timer.
    t.ok(events.some(({ type }) => type === 'refreshed'))
    t.notOk(events.some(({ type }) => type === 'reused' || type === 'ended'))
    t.strictSame(problems, [])
  })

  t.test('another browser is a second device; ending it logs it out at its next call', async (t) => {
    const { newDevice, open, pass, problems } = await createWorld(t, browser)
    const laptop = await open(await newDevice())
    const phone = await open(await newDevice())
    await logIn(laptop)
    await pass(1 * SECOND)
    await logIn(phone)
    await pass(1 * SECOND)

    await laptop.getByRole('button', { name: 'Reload' }).click()
    const devices = laptop.locator('#devices li')
    await see(devices.nth(1))
    t.match(await devices.nth(0).textContent(), /^Chrome on \w+ Logged in/, 'the latest first')
    t.match(await devices.nth(1).textContent(), /^Chrome on \w+ this device/)

    await devices.nth(0).getByRole('button', { name: /^End / }).click()
    await devices.nth(1).waitFor({ state: 'detached' })
    await phone.getByRole('button', { name: 'Call sensitive API' }).click()
    await see(phone.getByText('Your session has ended. Please log in again.'))
    await see(phone.getByRole('heading', { name: 'Log in' }))
    await logged(phone, '401 POST /api/transfer FST_JWT_SESSION_ENDED')
    await logged(phone, '403 POST /auth/refresh FST_JWT_REFRESH_TOKEN_REVOKED')

    await laptop.getByRole('button', { name: 'Call sensitive API' }).click()
    await see(laptop.getByText('POST /api/transfer answered 200'))
    t.strictSame(problems, [])
  })

  t.test('without requireSession an ended device goes on until its access token ends', async (t) => {
    const { newDevice, open, pass, problems } = await createWorld(t, browser)
    const laptop = await open(await newDevice())
    const phone = await open(await newDevice())
    await logIn(phone)
    await logIn(laptop)
    await phone.getByRole('switch').uncheck()
    await logOutEverywhere(laptop)
    await see(laptop.getByRole('heading', { name: 'Log in' }))

    await phone.getByRole('button', { name: 'Call protected API' }).click()
    await see(phone.getByText('GET /api/profile answered 200'))
    await pass(30 * SECOND)
    await phone.getByRole('button', { name: 'Call protected API' }).click()
    await see(phone.getByRole('heading', { name: 'Log in' }))
    t.strictSame(problems, [])
  })

  t.test('ending the own device', async (t) => {
    const { newDevice, open, events, problems } = await createWorld(t, browser)
    const page = await open(await newDevice())
    await logIn(page)
    await page.getByRole('button', { name: /^End / }).click()
    await see(page.getByRole('heading', { name: 'Log in' }))
    await page.reload()
    await see(page.getByRole('heading', { name: 'Log in' }))
    t.match(events, [{ type: 'issued' }, { type: 'ended', reason: 'revoked' }])
    t.strictSame(problems, [])
  })

  t.test('log out, here only', async (t) => {
    const { newDevice, open, pass, problems } = await createWorld(t, browser)
    const device = await newDevice()
    const page = await open(device)
    const other = await open(await newDevice())
    await logIn(page)
    await logIn(other)
    await page.reload()
    await see(page.getByRole('heading', { name: 'Hello, Alice' }))
    await page.getByRole('button', { name: 'Log out', exact: true }).click()
    await see(page.getByRole('heading', { name: 'Log in' }))
    t.strictSame(await device.cookies(), [], 'the cookie is gone')
    await pass(60 * SECOND)
    await page.reload()
    await see(page.getByRole('heading', { name: 'Log in' }))
    await other.getByRole('button', { name: 'Call sensitive API' }).click()
    await see(other.getByText('POST /api/transfer answered 200'))
    t.strictSame(problems, [])
  })

  t.test('log out everywhere', async (t) => {
    const { newDevice, open, events, problems } = await createWorld(t, browser)
    const pages = [await open(await newDevice()), await open(await newDevice())] as const
    for (const page of pages) await logIn(page)
    const button = pages[0].getByRole('button', { name: 'Log out everywhere' })
    await button.focus()
    await pages[0].keyboard.press('Enter')
    await see(pages[0].getByRole('dialog', { name: 'Log out on every device?' }))
    await pages[0].keyboard.press('Enter')
    await pages[0].getByRole('dialog').waitFor({ state: 'hidden' })
    t.equal(events.at(-1)?.type, 'issued', 'Enter, pressed once too often, ends nothing: the focus is on Cancel')
    t.equal(await pages[0].evaluate('document.activeElement.id'), 'logout-everywhere', 'and goes back to where it was')
    await logOutEverywhere(pages[0])
    await see(pages[0].getByRole('heading', { name: 'Log in' }))
    t.match(events.at(-1), { type: 'ended', reason: 'logout', subject: 'user-1', count: 2 })
    await pages[1].getByRole('button', { name: 'Refresh now' }).click()
    await see(pages[1].getByText('Your session has ended. Please log in again.'))
    t.strictSame(problems, [])
  })

  t.test('what one tab does about the login, the other shows', async (t) => {
    const { newDevice, open, problems } = await createWorld(t, browser)
    const device = await newDevice()
    const first = await open(device)
    await logIn(first)
    const second = await open(device)
    await second.getByRole('button', { name: 'Log out', exact: true }).click()
    await see(first.getByRole('heading', { name: 'Log in' }))
    await see(first.getByText('You were logged out in another tab.'))
    t.equal(await notices(second), 0, 'the tab that has logged out knows')
    await logIn(second, 'Bob')
    await see(first.getByRole('heading', { name: 'Hello, Bob' }))
    t.equal(await notices(first), 0)

    const init = JSON.stringify({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'alice@example.com', password: 'wonderland' }) })
    t.equal(await second.evaluate(`fetch('/login', ${init}).then(({ status }) => status)`), 200, 'a login that no tab tells of')
    await first.getByRole('button', { name: 'Refresh now' }).click()
    await see(first.getByText('Another tab has logged in as Alice.'))
    await see(first.getByRole('heading', { name: 'Hello, Alice' }))
    t.strictSame(problems, [])
  })

  t.test('a server that does not answer logs no one out', async (t) => {
    const { newDevice, open, problems } = await createWorld(t, browser)
    const device = await newDevice()
    const page = await open(device)
    await logIn(page)
    await page.route('**/auth/refresh', (route) => route.fulfill({ status: 503, json: { message: 'The session store is unavailable, try again' } }))
    await page.getByRole('button', { name: 'Refresh now' }).click()
    await see(page.getByText('The server is unavailable, you stay logged in.'))
    await page.unroute('**/auth/refresh')
    await page.route('**/auth/logout', (route) => route.abort())
    await page.getByRole('button', { name: 'Log out', exact: true }).click()
    await see(page.getByText('The server is unavailable, you stay logged in.'))
    await see(page.getByRole('heading', { name: 'Hello, Alice' }))
    await page.getByRole('button', { name: 'Refresh now' }).click()
    await page.getByText('The server is unavailable, you stay logged in.').waitFor({ state: 'hidden' })
    t.strictSame(problems.filter((problem) => !/503|net::ERR_FAILED/.test(problem)), [])
  })

  t.test('when the server is back, the red message goes away by itself', async (t) => {
    const { newDevice, open, pass, problems } = await createWorld(t, browser)
    const page = await open(await newDevice())
    await logIn(page)
    await page.getByRole('switch').uncheck()
    await page.route('**/{auth,api}/**', (route) => route.abort())
    await page.getByRole('button', { name: 'Call protected API' }).click()
    await see(page.getByText('The server did not answer.'))
    await pass(3 * SECOND)
    await see(page.getByText('The server is unavailable, you stay logged in.'))
    await page.unroute('**/{auth,api}/**')
    await pass(3 * SECOND)
    await logged(page, 'The server answers again')
    t.equal(await notices(page), 0)
    t.equal(await page.locator('#log .refused').count(), 1, 'it is said once that there was no answer')
    t.strictSame(problems.filter((problem) => !problem.includes('net::ERR_FAILED')), [])
  })

  t.test('that a page asks before anyone is logged in is no unexplained error', async (t) => {
    const { newDevice, open, problems } = await createWorld(t, browser)
    const page = await open(await newDevice())
    await logIn(page)
    t.match((await log(page))[0], '403 POST /auth/refresh nobody is logged in yet: the page asks when it opens')
    t.equal(await page.locator('#log .refused').count(), 0)
    t.strictSame(problems, [])
  })

  t.test('a session that ends while nobody looks is explained', async (t) => {
    const { newDevice, open, pass, problems } = await createWorld(t, browser)
    const page = await open(await newDevice())
    await logIn(page)
    const phone = await open(await newDevice())
    await logIn(phone)
    await logOutEverywhere(phone)
    await see(phone.getByRole('heading', { name: 'Log in' }))
    await pass(27 * SECOND)
    await see(page.getByText('Your session has ended. Please log in again.'))
    t.strictSame(problems, [])
  })

  t.test('no token is shown or stored', async (t) => {
    const { newDevice, open, problems } = await createWorld(t, browser)
    const device = await newDevice()
    const page = await open(device)
    const tokens: string[] = []
    page.on('response', async (response) => {
      if (/login|refresh/.test(response.url()) && response.ok()) tokens.push((await response.json()).accessToken)
    })
    await logIn(page)
    const [cookie] = await device.cookies()
    t.match(cookie, { name: '__Host-refreshToken', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' })
    t.equal(tokens.length, 1)
    const seen = String(await page.evaluate('document.documentElement.outerHTML + JSON.stringify([localStorage, sessionStorage]) + document.cookie'))
    for (const token of [...tokens, cookie?.value ?? '']) t.notOk(seen.includes(token.split('.')[1] ?? token))
    t.strictSame(problems, [])
  })

  t.test('it works on localhost, too', async (t) => {
    const { url, newDevice, problems } = await createWorld(t, browser)
    const page = await (await newDevice()).newPage()
    await page.goto(url.replace('127.0.0.1', 'localhost'))
    await logIn(page)
    await page.reload()
    await see(page.getByRole('heading', { name: 'Hello, Alice' }))
    t.strictSame(problems, [])
  })

  t.test('it fits on a phone', async (t) => {
    const { newDevice, open, problems } = await createWorld(t, browser)
    const page = await open(await newDevice())
    await page.setViewportSize({ width: 320, height: 640 })
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    t.equal(await page.evaluate(overflow), 0, 'the login form')
    await logIn(page)
    await page.getByRole('button', { name: 'Call protected API' }).click()
    await see(page.getByText('GET /api/profile answered 200'))
    t.equal(await page.evaluate(overflow), 0, 'the session')
    t.strictSame(problems, [])
  })
})

async function createWorld (t: Test, browser: Browser): Promise<World> {
  const { app, clock, events } = await createExample(t)
  const url = `http://127.0.0.1:${await listen(app)}`
  const devices: BrowserContext[] = []
  const problems: string[] = []

  return {
    url,
    events,
    problems,
    async newDevice () {
      const device = await browser.newContext()
      t.teardown(() => device.close())
      device.setDefaultTimeout(20_000)
      // A page's clock can only be paused at a time after its start.
      await device.clock.install({ time: clock.now - SECOND })
      await device.clock.pauseAt(clock.now)
      device.on('page', (page) => watch(page, problems))
      devices.push(device)
      return device
    },
    async open (device) {
      const page = await device.newPage()
      await page.goto(url)
      await page.locator('#signed-in:not([hidden]), #signed-out:not([hidden])').waitFor()
      return page
    },
    async pass (milliseconds) {
      clock.now += milliseconds
      await Promise.all(devices.map((device) => device.clock.fastForward(milliseconds)))
    }
  }
}

function watch (page: Page, problems: string[]): void {
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    // The browser logs each refused request, and some are refused on purpose.
    if (!/^Failed to load resource: .* status of 40[13] /.test(message.text())) problems.push(`${message.type()}: ${message.text()}`)
  })
  page.on('request', (request) => {
    if (!['127.0.0.1', 'localhost'].includes(new URL(request.url()).hostname)) problems.push(`asked ${request.url()}`)
  })
}

async function logIn (page: Page, name = 'Alice'): Promise<void> {
  await page.getByRole('button', { name: `Fill in ${name}` }).click()
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await see(page.getByRole('heading', { name: `Hello, ${name}` }))
  await see(page.getByText('this device'))
}

async function logOutEverywhere (page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Log out everywhere' }).click()
  await page.getByRole('button', { name: 'Yes, end all sessions' }).click()
}

/** The number of notices above the page. */
async function notices (page: Page): Promise<number> {
  return await page.locator('#notice:not([hidden])').count()
}

async function see (locator: Locator): Promise<void> {
  await locator.first().waitFor()
}

async function seconds (page: Page, text: string): Promise<void> {
  await see(page.getByRole('timer').filter({ hasText: new RegExp(`^${text}$`) }))
}

/** The lines of the event log without their times. */
async function log (page: Page): Promise<string[]> {
  const lines = await page.locator('#log li').allTextContents()
  return lines.map((line) => line.replace(/^\S+ /, '').trim())
}

async function logged (page: Page, line: string): Promise<void> {
  // Not necessarily visible: the login form hides the log.
  await page.locator('#log li', { hasText: line }).first().waitFor({ state: 'attached' })
}
