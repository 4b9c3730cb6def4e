import { mkdir } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { npm, root } from './run.js'

const platform = process.platform === 'win32' ? 'win' : process.platform

/**
 * Another Node.js than the one that runs, from npm, into node_modules/.cache.
 *
 * @param {string} version such as `22` or `20.19.0`
 * @returns its program, or null where it cannot be had
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
 * So that what a program starts runs on that Node.js too.
 *
 * @param {string} node
 * @param {NodeJS.ProcessEnv} [base]
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentOf (node, base = process.env) {
  // npm tells its scripts the options it was called with, and the Node.js that runs it.
  const path = Object.keys(base).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  return { ...base, [path]: `${dirname(node)}${delimiter}${base[path] ?? ''}`, NODE: node, npm_node_execpath: node }
}
