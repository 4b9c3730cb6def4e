// Runs the tests on versions of Node.js other than the one that runs this script: `npm run test:nodes [-- 22 24]`.
// What does not depend on the version of Node.js is left to `npm test`:
// coverage, compilers, browsers, long searches, and the behavior of database servers.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { environmentOf, installNode } from './install-node.js'
import { root, run } from './run.js'

const ELSEWHERE = /^(types|readme|publish|package)\.|^(client|docs|faults|fuzz|model|property)\b|^examples.(accessibility|curl|page|remember|server|theft-page)\b|^stores.(postgres|pgbouncer|mysql|sql|redis-cluster|memory-model)\b|^http.(pglite|redis-cluster|postgres-js|mysql)\b|^host.(device-bound-chromium|other-site)\b/
const DEFAULT_MAJORS = ['22', '24', '26']

const files = (await readdir(join(root, 'test'), { recursive: true }))
  .filter((file) => file.endsWith('.test.ts') && !ELSEWHERE.test(file))
  .map((file) => join('test', file))
const majors = process.argv.length > 2 ? process.argv.slice(2) : DEFAULT_MAJORS
for (const major of majors) {
  const node = await installNode(major)
  if (node === null || !await test(major, node)) process.exitCode = 1
}

/**
 * @param {string} major
 * @param {string} node
 */
async function test (major, node) {
  const start = performance.now()
  const { code, output } = await run('node_modules/tap/dist/esm/run.mjs', ['--disable-coverage', '--reporter=tap', ...files], { node, env: environmentOf(node), quiet: true })
  const totals = output.match(/^# \{ total: .*\}$/gm)?.at(-1) ?? 'no totals'
  console.log(code === 0 ? totals : output)
  console.log(`Node.js ${major}: ${code === 0 ? 'ok' : 'FAILED'} (${Math.round((performance.now() - start) / 1000)} s)`)
  return code === 0
}
