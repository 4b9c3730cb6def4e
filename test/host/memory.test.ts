import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { build } from 'esbuild'
import t from 'tap'
import { addPlugin, host } from '../fixtures/host-app/host.ts'

const APP = join(import.meta.dirname, '../fixtures/host-memory/app.ts')

// Bundled once, so that not every process compiles it.
const compiled = join(t.testdir(), 'app.mjs')
await build({ entryPoints: [APP], outfile: compiled, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' })

async function warningsOf (way: string, NODE_ENV: string): Promise<unknown> {
  const child = spawn(process.execPath, ['--no-warnings', compiled, way], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_ENV } })
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  return JSON.parse(output)
}

const WARNING = {
  code: 'FST_JWT_MEMORY_STORE',
  message: 'fastify-jwt-refresh keeps the sessions in memory: they end with this process and no other process sees them. Give the option store a store that all processes share'
}

t.test('sessions in memory are a warning of the process, once, in production and in a cluster\'s worker', async (t) => {
  t.strictSame(await warningsOf('process', 'production'), [WARNING])
  t.strictSame(await warningsOf('worker', 'development'), [WARNING])
})

t.test('elsewhere, and where sessions are only verified, there is none', async (t) => {
  t.strictSame(await warningsOf('process', 'development'), [])
  t.strictSame(await warningsOf('verifies', 'production'), [])
})

t.test('the log is told of each, and the process once', async (t) => {
  const emitWarning = t.capture(process, 'emitWarning')
  const before = process.env.NODE_ENV
  t.teardown(() => { process.env.NODE_ENV = before })
  process.env.NODE_ENV = 'development'
  await addPlugin(host(t))
  t.strictSame(emitWarning(), [])
  process.env.NODE_ENV = 'production'
  await addPlugin(host(t))
  await addPlugin(host(t))
  t.match(emitWarning(), [{ args: [WARNING.message, { code: WARNING.code }] }])
})
