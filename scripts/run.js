import { spawn } from 'node:child_process'
import { resolve as resolvePath } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs a program of a development dependency, or npm, with any Node.js and without a shell: on Windows, the files that npm
 * puts into `node_modules/.bin` cannot be spawned without one.
 *
 * @param {string} file the program's JavaScript file, absolute or relative to the project's root
 * @param {string[]} args
 * @param {{ node?: string, env?: NodeJS.ProcessEnv, cwd?: string, quiet?: boolean }} [options]
 *   `quiet` returns the output instead of showing it
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run (file, args, { node = process.execPath, env = process.env, cwd = root, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const stream = quiet ? 'pipe' : 'inherit'
    const child = spawn(node, [resolvePath(root, file), ...args], { cwd, env, stdio: ['ignore', stream, stream] })
    let output = ''
    for (const readable of [child.stdout, child.stderr]) {
      readable?.setEncoding('utf8').on('data', (text) => { output += text })
    }
    child.on('error', reject)
    child.on('close', (code) => { resolve({ code: code ?? 1, output }) })
  })
}

/**
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, quiet?: boolean }} [options]
 */
export function npm (args, options) {
  const cli = process.env.npm_execpath
  if (cli === undefined) throw new Error('Start this script with `npm run`')
  return run(cli, args, options)
}
