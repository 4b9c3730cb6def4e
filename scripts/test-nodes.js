// Runs the tests on other versions of Node.js than the one that runs this script: `npm run test:nodes [-- 22 24]`.
// The binaries come from npm, into node_modules/.cache. What does not depend on the version of Node.js is left to `npm test`:
// coverage, what a compiler or a browser says, and long searches.

import { mkdir, readdir } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { npm, root, run } from './run.js'

const ELSEWHERE = /^(types|readme)\.|^(client|docs|examples|faults|fuzz|model|property)\b/
const DEFAULT_MAJORS = ['22', '24', '26']
const platform = process.platform === 'win32' ? 'win' : process.platform

const files = (await readdir(join(root, 'test'), { recursive: true }))
  .filter((file) => file.endsWith('.test.ts') && !ELSEWHERE.test(file))
  .map((file) => join('test', file))
const majors = process.argv.length > 2 ? process.argv.slice(2) : DEFAULT_MAJORS
for (const major of majors) {
  const node = await install(major)
  if (node === null || !await test(major, node)) process.exitCode = 1
}

/** @param {string} major */
async function install (major) {
  const name = `node-${platform}-${process.arch}`
  const folder = join(root, 'node_modules', '.cache', 'nodes', major)
  await mkdir(folder, { recursive: true })
  const { code, output } = await npm(['install', '--prefix', folder, '--no-save', '--no-package-lock', `${name}@${major}`], { quiet: true })
  if (code === 0) return join(folder, 'node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node')
  console.log(`${output}\nNode.js ${major} could not be installed: FAILED`)
  return null
}

/**
 * @param {string} major
 * @param {string} node
 */
async function test (major, node) {
  const env = { ...process.env }
  // npm tells its scripts the options it was called with, and the Node.js that runs it.
  const path = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  env[path] = `${dirname(node)}${delimiter}${env[path] ?? ''}`
  env.NODE = env.npm_node_execpath = node

  const start = performance.now()
  const { code, output } = await run('node_modules/tap/dist/esm/run.mjs', ['--disable-coverage', '--reporter=tap', ...files], { node, env, quiet: true })
  const totals = output.match(/^# \{ total: .*\}$/gm)?.at(-1) ?? 'no totals'
  console.log(code === 0 ? totals : output)
  console.log(`Node.js ${major}: ${code === 0 ? 'ok' : 'FAILED'} (${Math.round((performance.now() - start) / 1000)} s)`)
  return code === 0
}
