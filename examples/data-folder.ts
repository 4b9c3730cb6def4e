import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The secret of this folder, made at the first start: with a new one at each start, a restart would log everyone out. */
export async function readSecret (folder: string): Promise<string> {
  const file = join(folder, 'secret')
  await mkdir(folder, { recursive: true })
  try {
    await writeFile(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
  return await readFile(file, 'utf8')
}

/**
 * Keeps a second process out of the folder: the embedded database does not, and two would damage it.
 *
 * @returns how to let go of the folder
 * @throws Error where a living process has it
 */
export async function lockFolder (folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'lock')
  await mkdir(folder, { recursive: true })
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    const owner = Number(await readFile(file, 'utf8'))
    if (isAlive(owner)) {
      throw new Error(`${folder} is in use by process ${owner}: stop that one, or give REDIS_URL or DATABASE_URL, which several processes can share`)
    }
    await writeFile(file, String(process.pid)) // it was killed
  }
  return async () => rm(file, { force: true })
}

function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0) // sends nothing
  } catch (error) {
    return hasCode(error, 'EPERM') // another user's
  }
}

function hasCode (error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
