import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { freePort, until } from '../test/fixtures/services.ts'

/**
 * Starts an example as the last command of its script `start` does, on ports of its own, and waits until it answers.
 *
 * @param {import('tap').Test} t which ends it
 * @param {string} cwd the example's folder
 * @param {NodeJS.ProcessEnv} env
 * @returns what a user opens
 */
export async function startExample (t, cwd, env) {
  const { scripts } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'))
  const file = /\bnode (\S+)$/.exec(scripts.start)?.[1] ?? 'none'
  const port = await freePort()
  const ports = { PORT: String(port), API_PORT: String(await freePort()) }
  const child = spawn(process.execPath, [file], { cwd, env: { ...env, ...ports }, stdio: ['ignore', 'ignore', 'pipe'] })
  const [closed, errors] = [once(child, 'close'), text(child.stderr)]
  t.teardown(async () => {
    child.kill()
    await closed
  })
  const url = `http://localhost:${port}`
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${scripts.start}: ${await errors}`)
    return await fetch(url).then(() => true, () => false)
  })
  t.pass(`start: ${url} answers`)
  return url
}
