import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { CookieOptions } from '../../index.ts'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { addPlugin, host } from '../fixtures/host-app/host.ts'

/* Tests what a real browser sends to a page that refreshes when a page of another site or of a subdomain links to it. */

t.setTimeout(120_000) // allows for a busy machine

interface Seen {
  dest: unknown
  site: unknown
  status: number
  code: string
}

const WAYS = {
  image: '<img src="URL">',
  iframe: '<iframe src="URL"></iframe>',
  empty: '<script>fetch("URL", { credentials: "include", mode: "no-cors" })</script>',
  form: '<form method="post" action="URL"><button>send</button></form>'
}

async function listen (app: FastifyInstance, name: string): Promise<string> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return `http://${name}:${(app.server.address() as AddressInfo).port}`
}

/** An app with a server-rendered page, and its responses to the browser. */
async function createPage (t: Test, cookie: CookieOptions): Promise<{ url: string, seen: Seen[] }> {
  const app = host(t)
  const seen: Seen[] = []
  await addPlugin(app, { cookie, now: Date.now })
  app.addContentTypeParser('application/x-www-form-urlencoded', (_request, _payload, done) => done(null, {}))
  app.route({ method: ['GET', 'POST'], url: '/page', preHandler: [app.refresh], handler: async (request) => request.user.sub })
  app.get('/', async (_request, reply) => reply.type('text/html').send('<p>home</p>'))
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.url !== '/page') return
    const { 'sec-fetch-dest': dest, 'sec-fetch-site': site } = request.headers
    seen.push({ dest, site, status: reply.statusCode, code: reply.statusCode === 200 ? '' : JSON.parse(String(payload)).code })
  })
  return { url: await listen(app, 'app.localhost'), seen }
}

t.test('a page that refreshes, asked for from another site', { skip: noChromium }, async (t) => {
  const browser = await launchChromium()
  t.teardown(() => browser.close())

  // If the browser itself withholds the cookie, it is missing; if it sends the cookie, the request is refused.
  const cases: Array<[sameSite: 'lax' | 'strict', from: string, site: string, link: string, others: string]> = [
    ['lax', '127.0.0.1', 'cross-site', '', 'FST_JWT_REFRESH_TOKEN_MISSING'],
    ['strict', '127.0.0.1', 'cross-site', 'FST_JWT_REFRESH_TOKEN_MISSING', 'FST_JWT_REFRESH_TOKEN_MISSING'],
    ['strict', 'blog.app.localhost', 'same-site', '', 'FST_JWT_CROSS_SITE_REQUEST']
  ]
  for (const [sameSite, from, site, link, others] of cases) {
    t.test(`with a cookie that is SameSite=${sameSite}, from a page that is ${site}`, async (t) => {
      const { url, seen } = await createPage(t, { sameSite })
      const evil = host(t)
      evil.get('/', async (_request, reply) => reply.type('text/html').send(`<a href="${url}/page">open</a>`))
      for (const [way, html] of Object.entries(WAYS)) evil.get(`/${way}`, async (_request, reply) => reply.type('text/html').send(html.replace('URL', `${url}/page`)))
      const evilUrl = await listen(evil, from)

      const device = await browser.newContext()
      t.teardown(() => device.close())
      const page = await device.newPage()
      await page.goto(url)
      await page.evaluate('fetch("/login", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })')
      t.match(await device.cookies(), [{ name: '__Host-refreshToken' }])

      await page.goto(`${evilUrl}/`)
      await page.click('a')
      while (seen.length === 0) await page.waitForTimeout(20)
      t.strictSame(seen.splice(0), [{ dest: 'document', site, status: link === '' ? 200 : 403, code: link }], 'a link')

      for (const way of Object.keys(WAYS)) {
        await page.goto(`${evilUrl}/${way}`)
        if (way === 'form') await page.click('button')
        while (seen.length === 0) await page.waitForTimeout(20)
        t.strictSame(seen.splice(0), [{ dest: way === 'form' ? 'document' : way, site, status: 403, code: others }], way)
      }

      await page.goto(`${url}/page`)
      t.strictSame(seen.splice(0), [{ dest: 'document', site: 'none', status: 200, code: '' }], 'typed by hand')
    })
  }
})
