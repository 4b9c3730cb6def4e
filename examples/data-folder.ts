import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The secret in this folder, created at the first start. A new secret at each start would log everyone out. */
export async function readSecret (folder: string): Promise<string> {
  const file = join(folder, 'secret')
  await mkdir(folder, { recursive: true })
  const kept = await read(file)
  if (kept !== null) return kept
  const secret = randomBytes(32).toString('base64url')
  await writeFile(file, secret, { flag: 'wx', mode: 0o600 })
  return secret
}

/**
 * Prevents a second process from using the folder, which would damage the embedded database.
 *
 * @returns a function that unlocks the folder
 * @throws Error if a running process has locked the folder
 */
export async function lockFolder (folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'lock')
  await mkdir(folder, { recursive: true })
  const owner = await read(file)
  if (owner !== null && isAlive(Number(owner))) {
    throw new Error(`${folder} is in use by process ${owner}: stop that one, or give REDIS_URL or DATABASE_URL, which several processes can share`)
  }
  if (owner !== null) await rm(file) // its owner was killed
  await writeFile(file, String(process.pid), { flag: 'wx' })
  return async () => rm(file, { force: true })
}

async function read (file: string): Promise<string | null> {
  return await readFile(file, 'utf8').catch(() => null)
}

function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0) // only checks that the process exists
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // it belongs to another user
  }
}
