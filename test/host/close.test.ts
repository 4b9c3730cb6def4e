import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { build } from 'esbuild'
import t from 'tap'
import { MemoryStore } from '../../index.ts'
import type { TokenStore } from '../../index.ts'
import { addPlugin, host, OTHER_SECRET } from '../fixtures/host-app/host.ts'

const APP = join(import.meta.dirname, '../fixtures/host-exit/app.ts')
const PATIENCE = 20_000 // ms; only a process that hangs takes this long

// Bundled once, so that not every process compiles it.
const compiled = join(t.testdir(), 'app.mjs')
await build({ entryPoints: [APP], outfile: compiled, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' })

for (const [title, way] of Object.entries({
  'that is used and closed': 'use and close',
  'that listens and is closed': 'listen and close',
  'that is used by inject and never closed': 'use, not close',
  'that only gets ready': 'only ready'
})) {
  t.test(`the process of an app ${title} ends by itself`, async (t) => {
    const child = spawn(process.execPath, [compiled, way], { stdio: ['ignore', 'pipe', 'pipe'] })
    const watch = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
    t.teardown(() => clearTimeout(watch))
    const [output, errors, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    t.strictSame({ output, errors, code, signal }, { output: 'done\n', errors: '', code: 0, signal: null })
  })
}

t.test('app.close() closes the store', async (t) => {
  const app = host(t)
  const store: TokenStore = new MemoryStore()
  let closed = 0
  store.close = () => { closed++ }
  await addPlugin(app, { store })
  t.equal(closed, 0)
  await app.close()
  t.equal(closed, 1)
})

t.test('app.close() waits for a store that takes its time, and fails with it', async (t) => {
  for (const outcome of ['resolves', 'rejects'] as const) {
    const app = host({ teardown: () => {} })
    const store = new MemoryStore()
    let closed = false
    Object.assign(store, {
      async close () {
        await new Promise((resolve) => setImmediate(resolve))
        closed = true
        if (outcome === 'rejects') throw new Error('stuck')
      }
    })
    await addPlugin(app, { store })
    if (outcome === 'resolves') await app.close()
    else await t.rejects(app.close(), { message: 'stuck' })
    t.ok(closed)
  }
})

t.test('a store without close, and one of two registrations, do no harm at app.close()', async (t) => {
  const app = host(t)
  const store = new MemoryStore()
  app.register(async (scope) => addPlugin(scope, { store }), { prefix: '/a' })
  app.register(async (scope) => addPlugin(scope, { store, secret: OTHER_SECRET }), { prefix: '/b' })
  const methods = ['create', 'find', 'rotate', 'delete', 'list', 'deleteAll'] as const
  const bare = Object.fromEntries(methods.map((name) => [name, (store[name] as () => unknown).bind(store)])) as never
  app.register(async (scope) => addPlugin(scope, { store: bare }), { prefix: '/c' })
  await app.ready()
  await t.resolves(app.close())
})

t.test('a boot that fails leaves no timer behind, and app.close() works', async (t) => {
  const app = host(t)
  await t.rejects(addPlugin(app, { cookie: { path: '/elsewhere' } }), { code: 'FST_JWT_INVALID_OPTION' })
  await app.close()
})
