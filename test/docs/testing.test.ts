import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { isFile, openPage, passesNodeTest } from '../fixtures/page.ts'

process.env.AUTH_SECRET = 'the secret of the page about testing, in an environment variable'

t.setTimeout(120_000) // it builds the package

const { project, check, run } = await openPage('docs/testing.md')

check({
  'Log in, and let time pass': [async (_t, code) => { await run(code) }],
  'Does a 401 stay a 401?': [
    async (t, code) => {
      const app = "import Fastify from 'fastify'\nimport jwtRefresh from 'fastify-jwt-refresh'\n" +
        'export async function build () {\n  const app = Fastify()\n  await app.register(jwtRefresh, { secret: process.env.AUTH_SECRET })\n' +
        "  app.get('/me', { onRequest: [app.authenticate] }, async () => 'me')\n  return app\n}\n"
      await writeFile(join(project, 'app.js'), app)
      await passes(t, 'error-handler.test.js', code)
    }
  ],
  Jest: [isFile('consumers/jest-babel/jest.config.js')],
  'A fake clock of the runner': [async (t, code) => { await passes(t, 'clock.test.js', code) }]
})

t.test('a store that fails as the page says', async (t) => {
  const { app, store, loginAs } = await run(`
    import Fastify from 'fastify'
    import jwtRefresh, { MemoryStore } from 'fastify-jwt-refresh'
    import { loginAs } from 'fastify-jwt-refresh/testing'
    const app = Fastify()
    const store = new MemoryStore()
    await app.register(jwtRefresh, { secret: process.env.AUTH_SECRET, store })
  `, 'app', 'store', 'loginAs')
  const { cookies } = await loginAs(app, { sub: 'user-1' })
  store.rotate = async () => { throw new Error('down') }
  t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 503)
})

async function passes (t: Test, name: string, code: string): Promise<void> {
  const file = join(project, name)
  await writeFile(file, code)
  await passesNodeTest(t, file)
}
