import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { mock } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type { BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { createProject, root } from '../fixtures/package.ts'

process.env.AUTH_SECRET = 'the secret of the page about rendered pages, in an environment variable'

t.setTimeout(240_000) // it builds the package; allows for a busy machine

const ACCESS_COOKIE = '__Host-accessToken'
const MINUTE = 60_000

const page = await readFile(join(root, 'docs/server-rendered.md'), 'utf8')
const [withForms = '', inBetween = '', ...rest] = [...page.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code)
const project = await createProject(t)
await writeFile(join(project, 'package.json'), '{ "type": "module" }')

t.strictSame(rest, [], 'each block is run')

t.test('an app with forms, in a browser', { skip: noChromium }, async (t) => {
  const { app, url, context } = await start(t)
  const tabs = await Promise.all(Array.from({ length: 10 }, async () => await context.newPage()))
  const [first] = tabs as [Page]

  await t.test('who is not signed in is sent to the form, and signs in', async (t) => {
    await first.goto(`${url}/account`)
    t.equal(new URL(first.url()).pathname, '/login')
    await first.fill('[name=email]', 'anna@example.com')
    await first.click('button')
    t.equal(await userOf(first), 'anna@example.com')
    const cookies = await context.cookies()
    t.strictSame(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]).sort(), [[ACCESS_COOKIE, true, 'Lax'], ['__Host-refreshToken', true, 'Lax']])
  })

  await t.test('ten tabs open, reload, go back and forward, and stay signed in while the access cookie is gone', async (t) => {
    for (let round = 0; round < 4; round++) {
      mock.timers.tick(16 * MINUTE)
      await context.clearCookies({ name: ACCESS_COOKIE }) // the browser's own clock has not advanced
      await Promise.all(tabs.map(async (tab) => await tab.goto(`${url}/account`)))
      await context.clearCookies({ name: ACCESS_COOKIE })
      await Promise.all(tabs.map(async (tab) => await tab.reload()))
      t.strictSame(await Promise.all(tabs.map(userOf)), Array(10).fill('anna@example.com'))
    }
    await first.goto(`${url}/`)
    mock.timers.tick(16 * MINUTE)
    await first.goBack()
    t.equal(await userOf(first), 'anna@example.com')
    await first.goForward()
    t.equal(await first.textContent('a'), 'Your account')
  })

  await t.test('a link on another site opens the page', async (t) => {
    mock.timers.tick(16 * MINUTE)
    await first.goto(`data:text/html,<a href="${url}/account">Your order</a>`)
    await Promise.all([first.waitForURL(`${url}/account`), first.click('a')])
    t.equal(await userOf(first), 'anna@example.com')
  })

  await t.test('a form of another site changes nothing', async (t) => {
    const forged = await context.request.post(`${url}/logout`, { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } })
    t.equal(forged.status(), 403)
    t.equal((await app.sessions.list('anna@example.com')).length, 1)
  })

  await t.test('a logout in one tab is one in all', async (t) => {
    await first.click('button')
    await first.waitForURL(`${url}/`)
    t.strictSame(await context.cookies(), [])
    await Promise.all(tabs.map(async (tab) => await tab.goto(`${url}/account`)))
    t.strictSame(tabs.map((tab) => new URL(tab.url()).pathname), Array(10).fill('/login'))
  })
})

t.test('a server in between', async (t) => {
  mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
  t.teardown(() => mock.timers.reset())
  const { app, web } = await run<{ app: FastifyInstance, web: Server }>(inBetween, 'app', 'web')
  t.teardown(() => app.close())
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  t.teardown(() => web.close())
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
  const jar = new Map<string, string>()

  async function visit (path: string, options: RequestInit = {}, cookies = cookieHeader()): Promise<Response> {
    return await fetch(url + path, { ...options, redirect: 'manual', headers: { ...options.headers as object, cookie: cookies } })
  }

  function cookieHeader (): string {
    return [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  function keep (response: Response): void {
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      jar.set(name, value)
    }
  }

  t.equal((await visit('/')).headers.get('location'), '/login')
  keep(await visit('/login', { method: 'POST', body: '{"email":"anna@example.com"}', headers: { origin: 'http://localhost:3000' } }))
  t.equal(jar.size, 2)
  for (let round = 0; round < 5; round++) {
    mock.timers.tick(16 * MINUTE)
    jar.delete(ACCESS_COOKIE)
    const cookies = cookieHeader()
    const answers = await Promise.all(Array.from({ length: 10 }, async () => await visit('/', {}, cookies)))
    for (const answer of answers) {
      t.equal(answer.status, 200)
      t.equal(answer.headers.get('cache-control'), 'private, no-store')
      keep(answer)
    }
  }
  const [session] = await app.sessions.list('anna@example.com')
  t.match(session?.metadata, { userAgent: 'node' })
  t.equal((await visit('/email', { method: 'POST', body: '{}', headers: { origin: 'http://localhost:3000' } })).status, 200)
  t.equal((await visit('/email', { method: 'POST', body: '{}', headers: { origin: 'https://evil.example' } })).status, 403)
  jar.delete(ACCESS_COOKIE)
  t.equal((await visit('/email', { method: 'POST', body: '{}', headers: { origin: 'https://evil.example' } })).status, 403)
})

async function start (t: Test): Promise<{ app: FastifyInstance, url: string, context: BrowserContext }> {
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  t.teardown(() => mock.timers.reset())
  const { app } = await run<{ app: FastifyInstance }>(withForms, 'app')
  t.teardown(() => app.close())
  const url = await app.listen({ host: 'localhost', port: 0 })
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  return { app, url, context: await browser.newContext() }
}

async function userOf (tab: Page): Promise<string | null> {
  return await tab.textContent('#user')
}

async function run<Names> (code: string, ...names: string[]): Promise<Names> {
  const file = join(project, `block-${names.join('-')}.js`)
  await writeFile(file, `${code}\nexport { ${names.join(', ')} }\n`)
  return await import(pathToFileURL(file).href) as Names
}
