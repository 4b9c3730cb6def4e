// Tests the package as it is published in all kinds of apps that load it: `npm run check:consumers`. Each folder of consumers/ is an
// app, whose package.json scripts are run. The TypeScript app is compiled with each of the settings below. The ORMs, which need
// PostgreSQL and MariaDB, are a separate project, and so is each of the examples, which is started as well.

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { noChromium } from '../test/fixtures/chromium.ts'
import { findMysql } from '../test/fixtures/mysql.ts'
import { findPostgres } from '../test/fixtures/services.ts'
import { checkSpa } from './check-spa.js'
import { environmentOf, installNode } from './install-node.js'
import { installPacked, pack } from './packed.js'
import { npm, root } from './run.js'
import { startExample } from './start-example.js'

const NODES = ['20.19.0', '22', '24', '26']

const COMPILED = {
  'TypeScript 5.9': 'node ../node_modules/typescript-5.9/bin/tsc && node out/app.js',
  'TypeScript 6.0': 'node ../node_modules/typescript/bin/tsc && node out/app.js'
}
const BUNDLED = {
  'TypeScript 5.9': 'node ../node_modules/typescript-5.9/bin/tsc && esbuild out/app.js --bundle --platform=node --outfile=out/bundle.cjs && node out/bundle.cjs',
  'TypeScript 6.0': COMPILED['TypeScript 6.0']
}
/** TypeScript 6 calls this resolution deprecated, and 5.9 does not know its way to be silent. */
const NODE10 = {
  'TypeScript 5.9': COMPILED['TypeScript 5.9'],
  'TypeScript 6.0': 'node ../node_modules/typescript/bin/tsc --ignoreDeprecations 6.0 && node out/app.js'
}

const node10 = { module: 'commonjs', moduleResolution: 'node10' }
const kinds = [
  { name: 'nodenext, an ES project', type: 'module', scripts: COMPILED, options: { module: 'nodenext' } },
  { name: 'nodenext, a CommonJS project', type: 'commonjs', scripts: COMPILED, options: { module: 'nodenext' } },
  { name: 'node16, an ES project', type: 'module', scripts: COMPILED, options: { module: 'node16' } },
  { name: 'node16, a CommonJS project', type: 'commonjs', scripts: COMPILED, options: { module: 'node16' } },
  { name: 'bundler', type: 'module', scripts: BUNDLED, options: { module: 'esnext', moduleResolution: 'bundler' } },
  { name: 'commonjs, node10', type: 'commonjs', scripts: NODE10, options: { ...node10, esModuleInterop: true } },
  // Fastify's own declarations need it.
  { name: 'commonjs, node10, no esModuleInterop', type: 'commonjs', scripts: NODE10, options: { ...node10, esModuleInterop: false, skipLibCheck: true } }
]

t.setTimeout(1_200_000)
t.jobs = 2 // applies to the tests that are `buffered`

// Not in a folder below node_modules, which test runners ignore. The examples are not below the consumers either, where they would find
// packages that they do not declare as dependencies.
const folder = await createFolder('consumers')
const examples = await createFolder('examples')
// Without the variables that tap sets for the programs that it starts.
const outside = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:_?TAP|NODE_OPTIONS$|NODE_V8_COVERAGE$)/.test(name)))

const tarball = await pack(folder, outside)
await cp(join(root, 'consumers'), folder, { recursive: true, filter: isSource })
const apps = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
for (const project of ['.', 'orms']) {
  await succeed('npm ci', ['ci', '--no-audit', '--no-fund'], join(folder, project))
  await installPacked(tarball, join(folder, project), outside)
}

/** @type {Array<{ version: string, env: NodeJS.ProcessEnv }>} */
const nodes = []
for (const version of NODES) {
  const node = await installNode(version)
  if (node === null) throw new Error(`Node.js ${version} cannot be installed`)
  nodes.push({ version, env: environmentOf(node, outside) })
}

for (const app of apps.filter((name) => name !== 'typescript')) {
  t.test(app, { buffered: true, skip: app === 'orms' && await missingDatabase() }, async (t) => {
    const cwd = join(folder, app)
    if (!app.startsWith('node-')) return await runScripts(t, cwd, outside)
    for (const { version, env } of nodes) await runScripts(t, cwd, env, ` on Node.js ${version}`)
  })
}

for (const name of ['nestjs', 'server-rendered', 'spa']) {
  t.test(`the example ${name}`, { buffered: true }, async (t) => {
    const cwd = join(examples, name)
    await cp(join(root, 'examples', name), cwd, { recursive: true, filter: isSource })
    await installPacked(tarball, cwd, outside)
    await runScripts(t, cwd, outside)
    const url = await startExample(t, cwd, outside)
    if (name === 'spa') await t.test('in a browser', { skip: noChromium }, async (t) => await checkSpa(t, url))
  })
}

for (const [i, { name, type, scripts, options }] of kinds.entries()) {
  t.test(`TypeScript, ${name}`, { buffered: true }, async (t) => {
    const cwd = join(folder, `typescript-${i}`)
    await cp(join(folder, 'typescript'), cwd, { recursive: true })
    await writeFile(join(cwd, 'package.json'), JSON.stringify({ private: true, type, scripts }))
    await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({
      compilerOptions: { target: 'es2023', lib: ['es2023'], types: ['node'], strict: true, exactOptionalPropertyTypes: true, outDir: 'out', rootDir: '.', ...options },
      files: ['app.ts']
    }))
    await runScripts(t, cwd, outside)
  })
}

/** @param {string} name */
async function createFolder (name) {
  const created = await mkdtemp(join(tmpdir(), `fastify-jwt-refresh-${name}-`))
  t.teardown(() => rm(created, { recursive: true, force: true }))
  return created
}

/**
 * False for what has been installed or built there.
 *
 * @param {string} file
 */
function isSource (file) {
  return !/[\\/](?:node_modules|dist)(?:[\\/]|$)/.test(file.slice(root.length - 1))
}

/** @returns {Promise<string | false>} why the ORMs have no database to connect to; false if they have one */
async function missingDatabase () {
  const postgres = await findPostgres()
  if (typeof postgres === 'string') return postgres
  const mysql = await findMysql()
  return typeof mysql === 'string' && mysql
}

/**
 * All of them but `start`, which does not end by itself.
 *
 * @param {import('tap').Test} t
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 */
async function runScripts (t, cwd, env, where = '') {
  const { scripts } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'))
  for (const name of Object.keys(scripts).filter((one) => one !== 'start')) {
    const { code, output } = await npm(['run', name], { cwd, env, quiet: true })
    t.equal(code, 0, `${name}${where}`)
    if (code !== 0) t.comment(output)
  }
}

/**
 * @param {string} what
 * @param {string[]} args
 * @param {string} cwd
 */
async function succeed (what, args, cwd) {
  const { code, output } = await npm(args, { cwd, env: outside, quiet: true })
  if (code !== 0) throw new Error(`${what}: ${output}`)
}
