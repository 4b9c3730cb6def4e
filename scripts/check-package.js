// Packs the package as it would be published, and checks its dependencies, its files, and its entry points with publint and attw.
// Apps that load it are in consumers/.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pack } from './packed.js'
import { root, run } from './run.js'

const DEPENDENCIES = ['@fastify/cookie', '@fastify/error', '@fastify/jwt', '@lukeed/ms', 'fast-jwt', 'fastify-plugin']
const PEERS = ['better-sqlite3', 'fastify', 'ioredis', 'mysql2', 'pg', 'postgres', 'react', 'redis']
const FILES = /^(dist\/|docs\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$|SECURITY\.md$)/
const KINDS = /\.(js|d\.ts|sql|json|md|svg)$|^LICENSE$/

const folder = join(root, 'node_modules', '.cache', 'package')
const packed = join(folder, 'node_modules', 'fastify-jwt-refresh')

await rm(folder, { recursive: true, force: true })
await mkdir(packed, { recursive: true })
const tarball = await pack(folder)
console.log('npm pack: ok')
execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', packed])

const manifest = JSON.parse(await readFile(join(packed, 'package.json'), 'utf8'))
assert.deepEqual(Object.keys(manifest.dependencies).sort(), DEPENDENCIES)
assert.deepEqual(Object.keys(manifest.peerDependencies).sort(), PEERS)
assert.deepEqual(Object.keys(manifest.peerDependenciesMeta).sort(), PEERS.filter((name) => name !== 'fastify'))
console.log('dependencies: ok')

const files = (await readdir(packed, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(packed.length + 1).replaceAll('\\', '/'))
assert.deepEqual(files.filter((file) => !FILES.test(file) || !KINDS.test(file) || file.includes('.tst.')), [])
for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md']) assert.ok(files.includes(file), `${file} is packed`)
console.log(`files: ok (${files.length})`)

await check('publint', run('node_modules/publint/src/cli.js', ['run', tarball, '--strict']))
await check('attw', run('node_modules/@arethetypeswrong/cli/dist/index.js', [tarball, '--no-emoji']))

/**
 * @param {string} name
 * @param {Promise<{ code: number, output: string }>} running
 */
async function check (name, running) {
  const { code, output } = await running
  console.log(code === 0 ? `${name}: ok` : `${output}\n${name}: FAILED`)
  if (code !== 0) process.exit(1)
}
