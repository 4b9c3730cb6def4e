import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { npm, root } from './run.js'

/**
 * Packs the package as it would be published.
 *
 * @param {string} folder for the tarball
 * @param {NodeJS.ProcessEnv} [env]
 * @returns the tarball
 */
export async function pack (folder, env) {
  await succeed('npm pack', ['pack', '--pack-destination', folder], root, env)
  return join(folder, (await readdir(folder)).find((file) => file.endsWith('.tgz')) ?? 'none')
}

/**
 * Installs what a project's lockfile names, and the packed package, which the lockfile does not name.
 *
 * @param {string} tarball
 * @param {string} cwd the project
 * @param {NodeJS.ProcessEnv} [env]
 */
export async function installPacked (tarball, cwd, env) {
  await succeed('npm install', ['install', '--no-save', '--no-audit', '--no-fund', tarball], cwd, env)
}

/**
 * @param {string} what
 * @param {string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} [env]
 */
async function succeed (what, args, cwd, env = process.env) {
  const { code, output } = await npm(args, { cwd, env, quiet: true })
  if (code !== 0) throw new Error(`${what}: ${output}`)
}
