import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { build } from 'esbuild'
import t, { test } from 'tap'
import { sqliteStore } from '../../lib/stores/sqlite/index.ts'
import { sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { root } from '../fixtures/package.ts'
import { createFile, driver } from '../fixtures/sqlite.ts'

// In a folder from which packages resolve.
const cache = join(root, 'node_modules/.cache')
await mkdir(cache, { recursive: true })
const folder = await mkdtemp(join(cache, 'sqlite-'))
const program = join(folder, 'process.mjs')
await build({ entryPoints: [join(root, 'test/fixtures/sqlite-process.ts')], outfile: program, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' })
t.teardown(() => rm(folder, { recursive: true }))

interface Running {
  process: ChildProcess
  lines: Interface
  ended: Promise<unknown>
}

function start (...args: string[]): Running {
  return run(process.execPath, program, ...args)
}

function run (command: string, ...args: string[]): Running {
  // Without coverage: the process compiles the sources differently, which would distort tap's results.
  const env = { ...process.env, _TAPJS_PROCESSINFO_COVERAGE_: '0', NODE_NO_WARNINGS: '1' }
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  return { process: child, lines: createInterface({ input: child.stdout }), ended: once(child, 'exit') }
}

test('kill -9 loses nothing that was answered', async (t) => {
  const file = await createFile(t)
  for (const kills of [10, 25, 40]) {
    const { process: child, lines, ended } = start(file, 'write')
    const written = new Map<string, string | null>()
    let count = 0
    for await (const line of lines) {
      const { id, current } = JSON.parse(line) as { id: string, current: string | null }
      written.set(id, current)
      if (++count === kills) child.kill('SIGKILL')
    }
    await ended
    t.ok(count >= kills)
    const db = driver.open(file)
    const store = sqliteStore(db)
    const [last] = [...written.keys()].slice(-1)
    for (const [id, current] of written) {
      const session = await store.find(id)
      // The write after the last report may have been completed.
      if (id !== last || current === null) t.equal(session?.current ?? null, current)
      else t.ok(session)
    }
    t.match(db.prepare('PRAGMA integrity_check').all(), [{ integrity_check: 'ok' }])
    db.close()
  }
})

test('a full disk refuses what has no room, and loses nothing that was answered', { skip: process.platform === 'win32' && 'no ulimit' }, async (t) => {
  const file = await createFile(t)
  const db = driver.open(file)
  t.teardown(() => db.close())
  const store = sqliteStore(db)
  await store.migrate()
  const first = sampleSession()
  await store.create(first)
  // Limits the size of files, so that SQLite's writes fail as on a full disk, although with another error code.
  const { lines, ended } = run('sh', '-c', 'ulimit -f 400 && exec "$@"', 'sh', process.execPath, program, file, 'fill', first.id)
  const written = new Map<string, string>()
  for await (const line of lines) {
    const { id, current, lost } = JSON.parse(line) as { id: string, current: string, lost?: string }
    t.equal(lost, undefined)
    written.set(id, current)
  }
  t.strictSame(await ended, [0, null])
  t.ok(written.size > 10, `${written.size} sessions`)
  for (const [id, current] of written) t.equal((await store.find(id))?.current, current)
  t.strictSame(await store.find(first.id), first)
  t.match(db.prepare('PRAGMA integrity_check').all(), [{ integrity_check: 'ok' }])
  await store.create(sampleSession())
})

test('four processes on one file', async (t) => {
  const file = await createFile(t)
  const db = driver.open(file)
  t.teardown(() => db.close())
  const store = sqliteStore(db)
  await store.migrate()
  const shared = sampleSession()
  await store.create(shared)
  const processes = Array.from({ length: 4 }, () => start(file, 'share', shared.id))
  let wins = 0
  await Promise.all(processes.map(async ({ lines, ended }) => {
    const [line] = await once(lines, 'line') as [string]
    const result = JSON.parse(line) as { wins: number, errors: string[] }
    wins += result.wins
    t.strictSame(result.errors, [])
    t.strictSame(await ended, [0, null])
  }))
  t.equal((await store.find(shared.id))?.generation, wins, 'each rotation that was answered is there, and no other')
  t.equal((await store.list('ann')).length, 400)
})

test('four processes make the file at once', async (t) => {
  const file = await createFile(t)
  const processes = Array.from({ length: 4 }, () => start(file, 'write'))
  await Promise.all(processes.map(async ({ process: child, lines, ended }) => {
    const first = await Promise.race([once(lines, 'line'), ended])
    t.match(first, [/current/])
    child.kill('SIGKILL')
    await ended
  }))
})
