import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import t from 'tap'

const APP = join(import.meta.dirname, '../fixtures/polluted/app.ts')

// Bundled once, so that not every process compiles it.
const compiled = join(t.testdir(), 'app.mjs')
await build({ entryPoints: [APP], outfile: compiled, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' })

async function day (when: string): Promise<Array<{ request: string, statusCode: number }>> {
  const { stdout } = await promisify(execFile)(process.execPath, [compiled, when])
  return JSON.parse(stdout)
}

t.test('what an attacker has written to Object.prototype opens nothing and changes nothing', async (t) => {
  const clean = await day('clean')
  t.strictSame(clean.slice(0, 6).map(({ statusCode }) => statusCode), [401, 401, 401, 401, 401, 401])
  for (const expected of ['200 GET /me', '200 GET /sensitive', '200 POST /login', '403 POST /login', '200 POST /auth/refresh', '403 POST /auth/refresh', '204 POST /auth/logout', '204 POST /leave']) {
    t.ok(clean.some((answer) => `${answer.statusCode} ${answer.request}` === expected), `the day has a ${expected}`)
  }
  t.strictSame(await day('running'), clean, 'once the app runs')
  t.strictSame(await day('boot'), clean, 'before the plugin is registered')
})
