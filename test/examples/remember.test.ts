import { join } from 'node:path'
import t from 'tap'
import { createApp } from '../fixtures/app.ts'
import { launchProfile, noChromium } from '../fixtures/chromium.ts'

/* Tests "remember me" in a real browser that is closed and started again. */

t.setTimeout(120_000) // allows for a busy machine

t.test('a session is there after the browser was closed, but for one that was not to be remembered', { skip: noChromium }, async (t) => {
  const { app } = await createApp(t, { now: Date.now })
  app.get('/', async (_request, reply) => reply.type('text/html').send('<!doctype html><title>a page</title><link rel="icon" href="data:,">'))
  app.post('/remember', async (request, reply) => await reply.issueTokens({ sub: 'anna' }, request.body as object))
  const url = await app.listen({ host: 'localhost', port: 0 })
  const folder = t.testdir()

  async function visit (persistent: boolean, logIn: boolean): Promise<number[]> {
    const browser = await launchProfile(join(folder, String(persistent)))
    try {
      const page = await browser.newPage()
      await page.goto(url)
      return await page.evaluate(async ([persistent, logIn]) => {
        const post = async (path: string, body: object): Promise<number> => {
          const { status } = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
          return status
        }
        return [...(logIn ? [await post('/remember', { persistent })] : []), await post('/auth/refresh', {}), await post('/auth/refresh', {})]
      }, [persistent, logIn] as const)
    } finally {
      await browser.close()
    }
  }

  for (const [persistent, later] of [[true, [200, 200]], [false, [403, 403]]] as const) {
    t.strictSame(await visit(persistent, true), [200, 200, 200], `persistent: ${persistent}, logged in`)
    t.strictSame(await visit(persistent, false), later, `persistent: ${persistent}, opened again`)
  }
})
