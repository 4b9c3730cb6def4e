import { mkdir } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { npm, root } from './run.js'

const platform = process.platform === 'win32' ? 'win' : process.platform

/**
 * Installs another version of Node.js from npm, into node_modules/.cache.
 *
 * @param {string} version such as `22` or `20.19.0`
 * @returns the path of its executable, or null if it cannot be installed
 */
export async function installNode (version) {
  const name = `node-${platform}-${process.arch}`
  const folder = join(root, 'node_modules', '.cache', 'nodes', version)
  await mkdir(folder, { recursive: true })
  const { code, output } = await npm(['install', '--prefix', folder, '--no-save', '--no-package-lock', `${name}@${version}`], { quiet: true })
  if (code === 0) return join(folder, 'node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node')
  console.log(`${output}\nNode.js ${version} could not be installed: FAILED`)
  return null
}

/**
 * Returns an environment in which child processes use that Node.js, too.
 *
 * @param {string} node
 * @param {NodeJS.ProcessEnv} [base]
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentOf (node, base = process.env) {
  // npm passes to its scripts, in variables, the Node.js that runs it.
  const path = Object.keys(base).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  return { ...base, [path]: `${dirname(node)}${delimiter}${base[path] ?? ''}`, NODE: node, npm_node_execpath: node }
}
