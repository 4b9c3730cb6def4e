import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { root } from '../fixtures/package.ts'
import { startRedis, until } from '../fixtures/services.ts'

const PROGRAM = `
  import { leaveNothing } from './test/fixtures/leave-nothing.ts'
  import { startRedis } from './test/fixtures/services.ts'
  leaveNothing()
  console.log((await startRedis()).url)`

const redis = await startRedis()
if (typeof redis !== 'string') await redis.stop()
const skip = typeof redis === 'string' && redis

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} leaves no server and no file behind`, { skip }, async (t) => {
    const folder = t.testdir()
    const loader = pathToFileURL(join(root, 'scripts/load-typescript.js')).href
    const child = spawn(process.execPath, ['--import', loader, '--input-type=module', '-e', PROGRAM], {
      cwd: root, env: { PATH: process.env.PATH, TMPDIR: folder }, stdio: ['ignore', 'pipe', 'inherit']
    })
    const [url] = await once(child.stdout, 'data')
    t.equal((await readdir(folder)).length, 1)
    child.kill(signal)
    const [code] = await once(child, 'exit')
    t.equal(code, 1)
    t.strictSame(await readdir(folder), [])
    const address = String(url).trim().replace('redis:', 'http:')
    await until(async () => await fetch(address).then(() => false, ({ cause }) => cause.code === 'ECONNREFUSED'))
  })
}
