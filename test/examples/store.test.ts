import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import type { Writable } from 'node:stream'
import t from 'tap'
import type { Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../examples/app.ts'
import { root } from '../fixtures/package.ts'
import { createSchema, urlOf } from '../fixtures/scratch.ts'
import { findPostgres, findRedis } from '../fixtures/services.ts'
import { driver } from '../fixtures/sqlite.ts'

const ALICE = { email: 'alice@example.com', password: 'wonderland' }

/** One folder for all tests, because creating an embedded database takes long. */
const folder = t.testdir()
const redis = await findRedis()
const postgres = await findPostgres()
t.teardown(async () => {
  for (const service of [redis, postgres]) if (typeof service !== 'string') await service.stop()
})

/** Sets or removes the variables of the example; others stay as they are. */
function useEnvironment (t: Test, variables: { REDIS_URL?: string, DATABASE_URL?: string } = {}): void {
  const { REDIS_URL, DATABASE_URL, AUTH_SECRET, ...rest } = process.env
  const before = process.env
  process.env = { ...rest, ...variables }
  t.teardown(() => { process.env = before })
}

async function login (app: FastifyInstance): Promise<Record<string, string>> {
  const answer = await app.inject({ method: 'POST', url: '/login', payload: ALICE })
  return { '__Host-refreshToken': answer.cookies[0]?.value ?? '' }
}

async function refresh (app: FastifyInstance, cookies: Record<string, string>): Promise<number> {
  return (await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode
}

/** Simulates a Node.js with or without `node:sqlite`, with libsql in its place on Node.js 20. */
function useSqlite (t: Test, hasSqlite: boolean): void {
  const DatabaseSync = function (file: string) { return driver.open(file) }
  t.intercept(process, 'getBuiltinModule', { value: () => hasSqlite ? { DatabaseSync } : undefined })
}

/** Logs in, restarts the app, and refreshes. */
async function survivesRestart (t: Test, where = folder): Promise<void> {
  const first = await buildApp({ folder: where })
  const cookies = await login(first)
  await first.close()
  const second = await buildApp({ folder: where })
  t.equal(await refresh(second, cookies), 200, 'still signed in')
  t.equal((await second.inject({ method: 'POST', url: '/auth/logout', cookies })).statusCode, 204)
  t.equal(await refresh(second, cookies), 403)
  await second.close()
}

t.test('in the embedded database sessions outlive a restart, and one process at a time has it', async (t) => {
  useEnvironment(t)
  useSqlite(t, false)
  await writeFile(join(folder, 'lock'), String(await pidOfTheDead()))
  await survivesRestart(t)
  if (process.platform !== 'win32') t.equal((await stat(join(folder, 'secret'))).mode & 0o777, 0o600, 'the secret is for its owner')

  const app = await buildApp({ folder })
  await t.rejects(buildApp({ folder }), { message: new RegExp(`in use by process ${process.pid}.*REDIS_URL or DATABASE_URL`) })
  t.equal(await refresh(app, await login(app)), 200, 'the first goes on')
  await app.close()
})

t.test('in a file sessions outlive a restart, and several processes can share it', async (t) => {
  useEnvironment(t)
  useSqlite(t, true)
  const folder = t.testdir()
  await survivesRestart(t, folder)

  const [first, second] = [await buildApp({ folder }), await buildApp({ folder })]
  t.equal(await refresh(second, await login(first)), 200)
  await Promise.all([first.close(), second.close()])
  await stat(join(folder, 'sessions.db'))
})

t.test('a file in a folder that is not there yet', async (t) => {
  useEnvironment(t)
  useSqlite(t, true)
  process.env.AUTH_SECRET = 'a secret of more than thirty-two bytes'
  const app = await buildApp({ folder: join(t.testdir(), 'new') })
  t.equal(await refresh(app, await login(app)), 200)
  await app.close()
})

t.test('in Redis', { skip: typeof redis === 'string' && redis }, async (t) => {
  useEnvironment(t, { REDIS_URL: urlOf(redis) })
  await survivesRestart(t)
})

t.test('in PostgreSQL', { skip: typeof postgres === 'string' && postgres }, async (t) => {
  const { url } = await createSchema(t, urlOf(postgres))
  useEnvironment(t, { DATABASE_URL: url })
  await survivesRestart(t)
})

t.test('a Redis that is away', async (t) => {
  useEnvironment(t, { REDIS_URL: 'redis://127.0.0.1:1' })
  const { logger, error } = createLog()
  const app = await buildApp({ folder, logger })
  t.match(JSON.parse(await error), { level: 50, err: { code: 'ECONNREFUSED' } })
  t.equal((await app.inject({ method: 'POST', url: '/login', payload: ALICE })).statusCode, 503)
  await app.close()
})

t.test('a PostgreSQL that drops its connections', { skip: typeof postgres === 'string' && postgres }, async (t) => {
  const { pool, schema, url } = await createSchema(t, urlOf(postgres))
  const named = new URL(url)
  named.searchParams.set('application_name', schema)
  useEnvironment(t, { DATABASE_URL: named.href })
  const { logger, error } = createLog()
  const app = await buildApp({ folder, logger })
  const cookies = await login(app)
  await pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [schema])
  t.match(JSON.parse(await error), { level: 50, err: { code: '57P01' } })
  t.equal(await refresh(app, cookies), 200, 'the next one is served by a new connection')
  await app.close()
})

t.test('a folder that cannot hold a secret', async (t) => {
  useEnvironment(t)
  const broken = t.testdir({ secret: {}, file: '' })
  await t.rejects(buildApp({ folder: broken }), { code: 'EEXIST' })
  await t.rejects(buildApp({ folder: join(broken, 'file') }), { code: 'EEXIST' })
})

t.test('a folder that is locked', async (t) => {
  useEnvironment(t)
  useSqlite(t, false)
  await t.rejects(buildApp({ folder: t.testdir({ lock: '1' }) }), /in use by process 1:/, 'alive, and another user\'s or not')
  await t.rejects(buildApp({ folder: t.testdir({ lock: {} }) }), { code: 'EEXIST' })
})

t.test('who was signed in when the process was killed still is', async (t) => {
  useEnvironment(t)
  const first = await start(t)
  const answer = await fetch(`${first.url}/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(ALICE) })
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  first.process.kill('SIGKILL')
  await once(first.process, 'exit')

  const second = await start(t)
  const refreshed = await fetch(`${second.url}/auth/refresh`, { method: 'POST', headers: { cookie } })
  t.equal(refreshed.status, 200)
  second.process.kill('SIGTERM')
  t.strictSame(await once(second.process, 'exit'), [0, null], 'it closes by itself')
})

async function pidOfTheDead (): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid ?? 0
}

/** A logger, and a promise for its first error. */
function createLog (): { logger: { level: string, stream: Writable }, error: Promise<string> } {
  const stream = new PassThrough({ encoding: 'utf8' })
  return { logger: { level: 'error', stream }, error: once(stream, 'data').then(([line]) => line as string) }
}

async function start (t: Test): Promise<{ process: ChildProcess, url: string }> {
  // Without coverage: the process compiles the sources differently, which would distort tap's results.
  const env = { ...process.env, _TAPJS_PROCESSINFO_COVERAGE_: '0' }
  const server = spawn(process.execPath, ['--import', './scripts/load-typescript.js', 'examples/server.ts'], {
    cwd: root, env: { ...env, DATA_FOLDER: folder, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => server.kill('SIGKILL'))
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /http:\/\/localhost:\d+/.exec(line)?.[0]
    if (url === undefined) continue
    server.stdout.resume()
    return { process: server, url: url.replace('localhost', '127.0.0.1') }
  }
  throw new Error('the example ended before it listened')
}
