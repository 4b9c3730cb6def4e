import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import type { Browser, Page } from 'playwright-core'
import { createCertificate, flagsFor } from '../../examples/certificate.ts'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { createExample, listen } from '../fixtures/example.ts'

/* Tests the page at /theft in a real browser. The server's clock only advances when the page asks for it. */

t.setTimeout(290_000) // allows for a busy machine; usually takes a tenth of that

const A_THEFT = ['Log in', 'Copy Alice’s cookie', 'A minute passes', 'Refresh as the thief', 'A minute passes', 'Refresh as Alice', 'A minute passes', 'Refresh as the thief', 'A minute passes', 'Refresh as Alice']

interface Visit {
  page: Page
  /** Errors and warnings of the page. */
  problems: string[]
}

t.test('the page of the theft', { skip: noChromium }, async (t) => {
  const browser = await launchChromium()
  t.teardown(() => browser.close())

  t.test('with rotation the theft is detected, and the family is drawn', async (t) => {
    const { page, problems } = await visit(t, browser)
    await see(page, '#verdict', 'Nobody is logged in.')
    t.match(await page.locator('.warning').textContent(), /^Only in this demo does the server hand over the cookie, at POST \/theft\/rotation\/copy\./)
    t.equal(await page.getByRole('button', { name: 'Refresh as the thief' }).isDisabled(), true)

    await play(page, A_THEFT.slice(0, 4))
    await see(page, '#verdict', 'Both are served, but not for long.')
    t.strictSame(await tokens(page), [
      'Token A generation 1 current Alice and the thief have it. Uses: Thief: confirm',
      'Token B generation 2 young The thief has it. Used within 45 seconds, it yields an access token only. Uses: none'
    ])
    t.equal(await page.locator('#tree svg .edge').count(), 1)
    t.equal(await page.locator('#tree svg .node').count(), 2)

    await play(page, A_THEFT.slice(4))
    await see(page, '#verdict', 'Detected: the session has ended, for both.')
    t.strictSame(await tokens(page), [
      'Token A generation 1 confirmed Alice and the thief have it. Uses: Thief: confirm, Alice: retry',
      'Token B generation 2 confirmed The thief has it. Uses: Thief: confirm',
      'Token C generation 2 reuse Alice has it. This use ended the session. Uses: Alice: reuse',
      'Token D generation 3 void The thief has it. The session is over. Uses: none'
    ])
    t.strictSame(await story(page), [
      'Alice logs in 200, new token A',
      'The thief copies the cookie has token A, too',
      'a minute passes',
      'The thief refreshes with A 200, new token B confirm: the first use of A',
      'a minute passes',
      'Alice refreshes with A 200, new token C retry: A again, while no child of it has been used. The answer may have been lost',
      'a minute passes',
      'The thief refreshes with B 200, new token D confirm: the first use of B',
      'a minute passes',
      'Alice refreshes with C 403 FST_JWT_REFRESH_TOKEN_REVOKED reuse of C: the session ends, for both'
    ])
    t.equal(await page.locator('#minutes').textContent(), '4:00')

    await play(page, ['Refresh as the thief'])
    await see(page, '#thief-saw', 'Last answer: 403 FST_JWT_REFRESH_TOKEN_REVOKED')
    await play(page, ['Log in'])
    await see(page, '#verdict', 'Alice alone has the session.')
    t.equal((await tokens(page)).length, 1, 'another login, another family')
    t.strictSame(problems, [])
  })

  t.test('without waiting: young tokens, retries and siblings', async (t) => {
    const { page, problems } = await visit(t, browser)
    await play(page, ['Log in', 'Refresh as Alice', 'Refresh as Alice', 'Copy Alice’s cookie', 'A minute passes', 'Refresh as the thief', 'Refresh as Alice'])
    t.strictSame(await tokens(page), [
      'Token A generation 1 confirmed Alice has it. Uses: Alice: confirm',
      'Token B generation 2 current Alice and the thief have it. Uses: Alice: young, Thief: confirm, Alice: retry',
      'Token C generation 3 young The thief has it. Used within 45 seconds, it yields an access token only. Uses: none'
    ])
    await play(page, ['A minute passes', 'Refresh as Alice', 'A minute passes'])
    const siblings = (await tokens(page)).slice(2)
    t.strictSame(siblings, [
      'Token C generation 3 not used yet The thief has it. Sibling of D: whichever is used second ends the session. Uses: none',
      'Token D generation 3 not used yet Alice has it. Sibling of C: whichever is used second ends the session. Uses: none'
    ])
    await play(page, ['Refresh as Alice'])
    t.match((await tokens(page))[2], 'Token C generation 3 sibling The thief has it. Sibling of D, which was used first: using this one ends the session.')
    await play(page, ['Refresh as the thief'])
    await see(page, '#verdict', 'The thief used token C, which the session had already moved past.')

    await page.reload()
    await see(page, '#verdict', 'Detected')
    t.equal((await tokens(page)).length, 5, 'it is all there after a reload')
    t.equal(await page.getByRole('button', { name: 'Refresh as the thief' }).isDisabled(), false, 'the thief still has the copy')
    t.strictSame(problems, [])
  })

  t.test('a store that loses a write', async (t) => {
    const { page, problems } = await visit(t, browser)
    await page.getByText('What the words mean').click()
    await play(page, ['Log in', 'Refresh as Alice', 'A minute passes', 'Refresh as Alice', 'A minute passes', 'Lose a write'])
    t.match((await tokens(page)).map((text) => /generation \d (.*?) Alice/.exec(text)?.[1]), ['current', 'forgotten', 'ahead'])
    await play(page, ['Refresh as Alice'])
    t.match((await story(page)).slice(-2), ['the store loses its last write', 'Alice refreshes with C 200, new token D ahead: the store has lost writes, and C heals the session'])
    t.equal(await page.getByRole('button', { name: 'Lose a write' }).getAttribute('aria-disabled'), 'true', 'once is enough')
    t.strictSame(problems, [])
  })

  t.test('strict rotation', async (t) => {
    const { page, problems } = await visit(t, browser)
    await choose(page, 'Strict rotation')
    await play(page, A_THEFT.slice(0, 6))
    await see(page, '#verdict', 'Alice used token A, which the session had already moved past.')
    t.strictSame(await tokens(page), [
      'Token A generation 1 reuse Alice and the thief have it. This use ended the session. Uses: Thief: confirm, Alice: reuse',
      'Token B generation 2 void The thief has it. The session is over. Uses: none'
    ])
    t.strictSame(problems, [])
  })

  t.test('no rotation', async (t) => {
    const { page, problems } = await visit(t, browser)
    await choose(page, 'No rotation')
    await play(page, A_THEFT.slice(0, 6))
    await see(page, '#verdict', 'The thief is served just like Alice, and always will be.')
    t.strictSame(await tokens(page), [
      'Token A generation 1 the only token Alice and the thief have it. It stays good until the session ends. Uses: Thief: static, Alice: static'
    ])
    t.strictSame(problems, [])
  })

  t.test('device-bound, in a browser that registers no key', async (t) => {
    const { page, problems } = await visit(t, browser)
    await choose(page, 'Device-bound')
    t.equal(await page.locator('#unbound').isVisible(), false)
    await play(page, A_THEFT.slice(0, 4))
    await see(page, '#unbound', 'This browser has not registered a key, so you see rotation alone.')
    await see(page, '#verdict', 'Both are served, but not for long.')
    await choose(page, 'Rotation')
    await see(page, '#verdict', 'Nobody is logged in.')
    t.equal(await page.locator('#unbound').isVisible(), false)
    t.strictSame(problems, [])
  })

  t.test('the whole theft plays by itself', async (t) => {
    const { page, problems } = await visit(t, browser)
    await choose(page, 'Strict rotation')
    await page.clock.install()
    await page.getByRole('button', { name: 'Play the theft' }).click()
    await see(page, '#play', 'Stop')
    const verdict = page.locator('#verdict', { hasText: 'Detected' })
    while (!(await verdict.isVisible())) await page.clock.runFor(900)
    await see(page, '#play', 'Play the theft')
    t.equal((await tokens(page)).length, 2)

    await page.getByRole('button', { name: 'Play the theft' }).click()
    await see(page, '#verdict', 'Alice alone has the session.')
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.clock.runFor(900)
    await see(page, '#play', 'Play the theft')
    t.equal((await tokens(page)).length, 1, 'it was stopped')
    t.strictSame(problems, [])
  })

  t.test('a server that does not answer, and that is back', async (t) => {
    const { page, problems } = await visit(t, browser)
    await page.clock.install()
    await page.route('**/theft/**', (route) => route.abort())
    await page.getByRole('button', { name: 'Log in' }).click()
    await see(page, '#notice', 'The server does not answer.')
    await page.clock.runFor(3000)
    t.equal(await page.locator('#notice').isVisible(), true)
    await page.unroute('**/theft/**')
    await page.clock.runFor(3000)
    await page.locator('#notice').waitFor({ state: 'hidden' })
    t.strictSame(problems.filter((problem) => !problem.includes('net::ERR_FAILED')), [])
  })

  t.test('with the keyboard alone', async (t) => {
    const { page, problems } = await visit(t, browser)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    await page.getByRole('radio', { name: 'Strict rotation', checked: true }).waitFor()
    for (const key of ['Tab', 'Enter']) await page.keyboard.press(key)
    await see(page, '#verdict', 'Alice alone has the session.')
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Log in', 'the focus stays where it was')
    t.strictSame(problems, [])
  })
})

t.test('device-bound, in a browser that registers a key', { skip: noChromium }, async (t) => {
  const certificate = createCertificate()
  const { app } = await createExample(t, { certificate })
  // Closed before the app, which waits for the browser's open connections.
  const browser = await launchChromium(flagsFor(certificate).split(' '))
  t.teardown(() => browser.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const page = await (await browser.newContext()).newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(`https://localhost:${(app.server.address() as AddressInfo).port}/theft`)
  await see(page, '#verdict', 'Nobody is logged in.')
  await choose(page, 'Device-bound')
  await play(page, A_THEFT.slice(0, 6))
  await see(page, '#verdict', 'The copy is useless.')
  t.equal(await page.locator('#unbound').isVisible(), false)
  t.match(await tokens(page), [
    /^Token A generation 1 confirmed Alice has it\. Uses: Alice: key registered/,
    'Token B generation 2 current Alice and the thief have it. It carries the browser’s key. Uses: Thief: refused, no key, Alice: confirm',
    /^Token C generation 3 young Alice has it\. It carries the browser’s key\./
  ])
  t.match(await story(page), [/^Alice logs in/, /^Alice’s browser registers a key 200, new token B/])
})

async function visit (t: Test, browser: Browser): Promise<Visit> {
  const { app } = await createExample(t)
  const context = await browser.newContext()
  t.teardown(() => context.close())
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    // The browser logs each refused request, and some are refused on purpose.
    if (!/^Failed to load resource: .* status of 403 /.test(message.text())) problems.push(message.text())
  })
  await page.goto(`http://localhost:${await listen(app)}/theft`)
  await see(page, '#verdict', 'Nobody is logged in.')
  return { page, problems }
}

/** Clicks buttons, and waits after each click until the page shows the step. */
async function play (page: Page, buttons: string[]): Promise<void> {
  for (const name of buttons) {
    const before = await page.locator('#story').getAttribute('data-steps')
    await page.getByRole('button', { name, exact: true }).click()
    await page.locator(`#story:not([data-steps="${before}"])`).waitFor()
  }
}

async function choose (page: Page, setting: string): Promise<void> {
  const radio = page.getByRole('radio', { name: new RegExp(`^${setting}`) })
  await radio.check()
  await page.locator(`#story[data-setting="${await radio.getAttribute('value')}"]`).waitFor({ state: 'attached' })
}

async function see (page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector, { hasText: text }).waitFor()
}

/** The items of the list of tokens. */
async function tokens (page: Page): Promise<string[]> {
  const items = await page.locator('#tree ol > li').all()
  return await Promise.all(items.map(async (item) => {
    const [title, about] = await item.locator('> p').allTextContents()
    const uses = await item.locator('li').allTextContents()
    return `${title} ${about} Uses: ${uses.join(', ') || 'none'}`
  }))
}

async function story (page: Page): Promise<string[]> {
  const items = await page.locator('#story > li').all()
  return await Promise.all(items.map(async (item) => {
    const parts = await item.locator('p').allTextContents()
    return parts.length === 0 ? await item.textContent() ?? '' : parts.join(' ')
  }))
}
