// The package as it is published, in apps of every kind that has to load it: `npm run check:consumers`. Each folder of
// consumers/ is an app; what its package.json has for scripts is run. The TypeScript app is compiled with each of the
// settings below. NestJS is a project of its own, since it names the one version of Fastify that it takes, and so are the ORMs,
// which talk to a PostgreSQL and a MariaDB.

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { findMysql } from '../test/fixtures/mysql.ts'
import { findPostgres } from '../test/fixtures/services.ts'
import { environmentOf, installNode } from './install-node.js'
import { npm, root } from './run.js'

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
t.jobs = 2 // of those that are `buffered`

// Not below a folder that is called node_modules: test runners leave out what is there.
const folder = await mkdtemp(join(tmpdir(), 'fastify-jwt-refresh-consumers-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
// Without what tap tells the programs that it starts.
const outside = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:_?TAP|NODE_OPTIONS$|NODE_V8_COVERAGE$)/.test(name)))

await succeed('npm pack', ['pack', '--pack-destination', folder], root)
const tarball = join(folder, (await readdir(folder)).find((file) => file.endsWith('.tgz')) ?? 'none')
await cp(join(root, 'consumers'), folder, { recursive: true, filter: (file) => !file.slice(root.length).includes('node_modules') })
const apps = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
for (const project of ['.', 'nest', 'orms']) {
  const cwd = join(folder, project)
  await succeed('npm ci', ['ci', '--no-audit', '--no-fund'], cwd)
  await succeed('npm install', ['install', '--no-save', '--no-audit', '--no-fund', tarball], cwd)
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
    if (!app.startsWith('node-')) return await runScripts(t, app, outside)
    for (const { version, env } of nodes) await runScripts(t, app, env, ` on Node.js ${version}`)
  })
}

for (const [i, { name, type, scripts, options }] of kinds.entries()) {
  t.test(`TypeScript, ${name}`, { buffered: true }, async (t) => {
    const app = `typescript-${i}`
    await cp(join(folder, 'typescript'), join(folder, app), { recursive: true })
    await writeFile(join(folder, app, 'package.json'), JSON.stringify({ private: true, type, scripts }))
    await writeFile(join(folder, app, 'tsconfig.json'), JSON.stringify({
      compilerOptions: { target: 'es2023', lib: ['es2023'], types: ['node'], strict: true, exactOptionalPropertyTypes: true, outDir: 'out', rootDir: '.', ...options },
      files: ['app.ts']
    }))
    await runScripts(t, app, outside)
  })
}

/** @returns {Promise<string | false>} what the ORMs have nothing to talk to for */
async function missingDatabase () {
  const postgres = await findPostgres()
  if (typeof postgres === 'string') return postgres
  const mysql = await findMysql()
  return typeof mysql === 'string' && mysql
}

/**
 * @param {import('tap').Test} t
 * @param {string} app
 * @param {NodeJS.ProcessEnv} env
 */
async function runScripts (t, app, env, where = '') {
  const { scripts } = JSON.parse(await readFile(join(folder, app, 'package.json'), 'utf8'))
  for (const name of Object.keys(scripts)) {
    const { code, output } = await npm(['run', name], { cwd: join(folder, app), env, quiet: true })
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
