import { readFile, readdir, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'
import t from 'tap'
import ts from 'typescript'
import { createProject, execute, root } from './fixtures/package.ts'

/** An entry with different files for `require` and `import`. */
interface Dual {
  require: string
  default: string
}

interface Manifest {
  name: string
  main: string
  types: string
  exports: Record<string, Dual | string>
  typesVersions: { '*': Record<string, string[]> }
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
}

// Tests the compiled package in the node_modules of a user's project, loaded by Node.js itself and not by tap's loader.
const project = await createProject(t)
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest
const installed = join(project, 'node_modules/fastify-jwt-refresh')
const entries = Object.entries(manifest.exports).filter(([path]) => path !== './package.json')

/** Runs a script in the user's project and parses its output as JSON. Throws if it writes to stderr, for example a warning. */
async function run (file: string, source: string): Promise<unknown> {
  await writeFile(join(project, file), source)
  const { stdout, stderr } = await execute(process.execPath, [file], { cwd: project })
  if (stderr !== '') throw new Error(stderr)
  return JSON.parse(stdout)
}

/** Logs in and refreshes, to check that the loaded package works. */
const TRY = `
  async function attempt (plugin, options) {
    const app = Fastify()
    await app.register(plugin, { secret: 'a secret of more than thirty-two bytes', ...options })
    app.post('/login', async (request, reply) => reply.issueTokens({ sub: 'user-1' }))
    const { cookies: [cookie] } = await app.inject({ method: 'POST', url: '/login' })
    const response = await app.inject({ method: 'POST', url: '/auth/refresh', cookies: { [cookie.name]: cookie.value } })
    await app.close()
    return response.statusCode
  }
`

t.test('import: the default, a named import, import() and the namespace', async (t) => {
  t.strictSame(await run('import.mjs', `
    import Fastify from 'fastify'
    import jwtRefresh, { MemoryStore } from 'fastify-jwt-refresh'
    import * as all from 'fastify-jwt-refresh'
    ${TRY}
    console.log(JSON.stringify({
      default: await attempt(jwtRefresh, { store: new MemoryStore() }),
      dynamic: await attempt(import('fastify-jwt-refresh')),
      attached: jwtRefresh.MemoryStore === MemoryStore,
      names: Object.keys(all).filter((name) => name !== 'module.exports').sort() // which some versions of Node.js add
    }))
  `), { default: 200, dynamic: 200, attached: true, names: ['MemoryStore', 'default'] })
})

t.test('require: the function itself, with MemoryStore on it', async (t) => {
  t.strictSame(await run('require.cjs', `
    const Fastify = require('fastify')
    const jwtRefresh = require('fastify-jwt-refresh')
    const { MemoryStore } = require('fastify-jwt-refresh')
    ${TRY}
    async function main () {
      const imported = await import('fastify-jwt-refresh')
      console.log(JSON.stringify({
        type: typeof jwtRefresh,
        required: await attempt(require('fastify-jwt-refresh'), { store: new MemoryStore() }),
        dynamic: await attempt(import('fastify-jwt-refresh')),
        default: jwtRefresh.default === jwtRefresh,
        one: imported.default === jwtRefresh && imported.MemoryStore === MemoryStore
      }))
    }
    main()
  `), { type: 'function', required: 200, dynamic: 200, default: true, one: true })
})

t.test('import and require find one implementation of the server, in every entry', async (t) => {
  const server = entries.filter(([, target]) => typeof target === 'string').map(([path]) => join('fastify-jwt-refresh', path).replaceAll('\\', '/'))
  t.strictSame(await run('one.mjs', `
    import { createRequire } from 'node:module'
    const require = createRequire(import.meta.url)
    const classOf = (fn) => { try { fn() } catch (error) { return error.constructor } }
    const differ = []
    for (const name of ${JSON.stringify(server)}) {
      const required = require(name)
      const imported = await import(name)
      if (imported.default !== required) differ.push(name)
      for (const key of Object.keys(imported)) if (!['default', 'module.exports'].includes(key) && imported[key] !== required[key]) differ.push(name + ': ' + key)
    }
    const { MemoryStore } = await import('fastify-jwt-refresh')
    const { redisStore } = await import('fastify-jwt-refresh/redis')
    if (classOf(() => new MemoryStore({ none: 1 })) !== classOf(() => redisStore({}))) differ.push('errors')
    console.log(JSON.stringify(differ))
  `), [])
})

t.test('every entry of the package can be imported and required, without its optional peers', async (t) => {
  // This entry needs React.
  const withoutReact = entries.filter(([path]) => path !== './client/react')
  const names = withoutReact.map(([path]) => join('fastify-jwt-refresh', path).replaceAll('\\', '/'))
  const loaded = await run('entries.cjs', `
    async function main () {
      const result = {}
      for (const name of ${JSON.stringify(names)}) {
        const exported = Object.keys(await import(name)).filter((key) => key !== 'module.exports')
        const required = require(name)
        result[name] = exported.length > 0 && exported.every((key) => key === 'default' || key in required)
      }
      console.log(JSON.stringify(result))
    }
    main()
  `)
  t.strictSame(loaded, Object.fromEntries(names.map((name) => [name, true])))
})

t.test('the apps of consumers/ load every entry: by import, by require, and with its types', async (t) => {
  for (const app of ['node-esm/app.js', 'node-cjs/app.js', 'typescript/app.ts']) {
    const text = await readFile(join(root, 'consumers', app), 'utf8')
    for (const [path] of entries) t.ok(text.includes(`'${join('fastify-jwt-refresh', path).replaceAll('\\', '/')}'`), `${app}: ${path}`)
  }
})

t.test('every file of an entry has its declarations beside it, of its own module format', async (t) => {
  for (const [, target] of entries) {
    for (const file of typeof target === 'string' ? [target] : [target.require, target.default]) {
      const declarations = await readFile(join(installed, file.replace(/\.js$/, '.d.ts')), 'utf8')
      t.match(declarations, /export/, file)
      t.notMatch(declarations, /from '[^']*\.ts'/, 'which older resolutions do not find')
    }
  }
})

t.test('what does not read exports finds the same files by main, types and typesVersions', async (t) => {
  const forRequire = ([path, target]: [string, Dual | string]): [string, string] => [path, typeof target === 'string' ? target : target.require]
  const [[, main], ...others] = entries.map(forRequire) as [[string, string], ...Array<[string, string]>]
  t.equal(manifest.main, main)
  t.equal(manifest.types, main.replace(/\.js$/, '.d.ts'))
  t.strictSame(manifest.typesVersions, {
    '*': Object.fromEntries(others.map(([path, file]) => [path.replace('./', ''), [file.replace(/\.js$/, '.d.ts')]]))
  })
})

t.test('the declaration of the main entry lists every public type', async (t) => {
  const exported = (file: string): string[] => {
    const options: ts.CompilerOptions = { module: ts.ModuleKind.NodeNext, noLib: true, types: [], allowImportingTsExtensions: true, noEmit: true }
    const host = ts.createCompilerHost(options)
    const { getSourceFile } = host
    // Skips the declarations of other packages, which take seconds and do not matter here.
    host.getSourceFile = (name, ...rest) => /\/node_modules\/(?!fastify-jwt-refresh\/)/.test(name) ? undefined : getSourceFile(name, ...rest)
    const program = ts.createProgram([file], options, host)
    const checker = program.getTypeChecker()
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!
    return checker.getExportsOfModule(module).map(({ name }) => name)
  }
  const expected = exported(join(root, 'types/index.ts'))
  t.ok(expected.includes('Claims') && expected.includes('TokenStore'), 'the types are seen')
  const text = await readFile(join(installed, 'dist/index.d.ts'), 'utf8')
  const [, list = ''] = /export type \{([^}]*)\}/.exec(text) ?? []
  const listed = list.split(',').map((name) => name.trim())
  t.strictSame(expected.filter((name) => !listed.includes(name)), [])
  t.strictSame(exported(join(installed, 'dist/index.d.ts')).sort(), ['MemoryStore', 'MemoryStoreOptions', 'default', ...expected].sort(), 'and nothing else')
})

t.test('the code is strict, as its sources are', async (t) => {
  const names = (await readdir(join(installed, 'dist'), { recursive: true })).filter((name) => name.endsWith('.js') && !name.startsWith('esm'))
  t.ok(names.length > entries.length)
  for (const name of names) t.match(await readFile(join(installed, 'dist', name), 'utf8'), /^['"]use strict['"]/, name)
})

t.test('a bundler may leave out what is not used, of either build', async (t) => {
  for (const [folder, type] of [['dist', 'commonjs'], ['dist/esm', 'module']] as const) {
    t.strictSame(JSON.parse(await readFile(join(installed, folder, 'package.json'), 'utf8')), { type, sideEffects: false })
  }
})

t.test('fastify-jwt-refresh/testing logs in to an app on the package', async (t) => {
  t.strictSame(await run('testing.mjs', `
    import Fastify from 'fastify'
    import jwtRefresh from 'fastify-jwt-refresh'
    import { loginAs } from 'fastify-jwt-refresh/testing'
    const app = Fastify()
    await app.register(jwtRefresh, { secret: 'a secret of more than thirty-two bytes' })
    app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
    const { headers } = await loginAs(app, { sub: 'user-1' })
    const response = await app.inject({ url: '/me', headers })
    console.log(JSON.stringify(response.json().sub))
  `), 'user-1')
})

t.test('with dpop the package loads what reads proofs, and without import(), which Jest has not', async (t) => {
  t.strictSame(await run('dpop.cjs', `
    const Fastify = require('fastify')
    const jwtRefresh = require('fastify-jwt-refresh')
    async function main () {
      const app = Fastify()
      await app.register(jwtRefresh, { secret: 'a secret of more than thirty-two bytes', dpop: { mode: 'required' } })
      app.post('/login', async (request, reply) => reply.issueTokens({ sub: 'user-1' }))
      const response = await app.inject({ method: 'POST', url: '/login', headers: { dpop: 'x' } })
      await app.close()
      console.log(JSON.stringify([response.json().code]))
    }
    main()
  `), ['FST_JWT_PROOF_INVALID'])
  const names = (await readdir(join(installed, 'dist'), { recursive: true })).filter((name) => name.endsWith('.js') && !name.startsWith('esm'))
  for (const name of names) t.notMatch(await readFile(join(installed, 'dist', name), 'utf8'), /\bimport\(/, name)
})

t.test('what is inside of the package stays inside', async (t) => {
  t.strictSame(await run('inside.mjs', `
    const error = await import('fastify-jwt-refresh/dist/lib/keys.js').catch((error) => error)
    console.log(JSON.stringify(error.code))
  `), 'ERR_PACKAGE_PATH_NOT_EXPORTED')
})

t.test('an entry point loads little more than itself: each module costs time when an app starts', async (t) => {
  const index = await readFile(join(installed, 'dist/index.js'), 'utf8')
  const imported = [...index.matchAll(/require\("(\.[^"]+)"\)/g)].map(([, path]) => path as string)
  t.ok(imported.length > 0 && imported.length < 10, `${imported.length} modules of its own`)
  for (const path of imported) t.match(path, /^\.\/lib\/shared-\w+\.js$/)
  t.notMatch(index, /\.ts["']/, 'no import of TypeScript sources')
})

function packageOf (specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}

/** The source files, including those with only types. */
async function sources (): Promise<string[]> {
  const below = async (folder: string): Promise<string[]> => (await readdir(join(root, folder), { recursive: true })).map((name) => join(folder, name))
  const names = ['index.ts', ...await below('lib'), ...await below('types')]
  return names.filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.tst.ts'))
}

/** All specifiers of other packages in `import`, `export … from`, `import()` and `declare module`. */
async function specifiersIn (file: string): Promise<string[]> {
  const text = (await readFile(join(root, file), 'utf8')).replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '')
  return [...text.matchAll(/\b(?:from |import |import\(|declare module )'([^'.][^']*)'/g)].map((match) => match[1] as string)
}

const specifiers = (await Promise.all((await sources()).map(specifiersIn))).flat()
const packages = new Set(specifiers.filter((specifier) => !specifier.startsWith('node:')).map(packageOf))

t.test('what our code imports is among our dependencies, so that a strict layout such as pnpm\'s finds it', async (t) => {
  t.ok(packages.has('@fastify/jwt'), 'the imports are seen')
  const allowed = [manifest.name, ...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]
  t.strictSame([...packages].filter((name) => !allowed.includes(name)), [])
})

t.test('what comes with Node is imported as node:', async (t) => {
  t.strictSame([...packages].filter((name) => builtinModules.includes(name)), [])
})

t.test('every dependency is used', async (t) => {
  t.strictSame(Object.keys(manifest.dependencies).filter((name) => !packages.has(name)), [])
})

t.test('at run time the main entry loads its dependencies and nothing else, Fastify neither', async (t) => {
  const { metafile } = await build({ entryPoints: [join(root, 'index.ts')], bundle: true, packages: 'external', format: 'esm', write: false, metafile: true, outdir: 'unused', absWorkingDir: root })
  const loaded = Object.values(metafile.outputs).flatMap(({ imports }) => imports).filter(({ path }) => !path.startsWith('node:'))
  t.strictSame([...new Set(loaded.map(({ path }) => packageOf(path)))].sort(), Object.keys(manifest.dependencies).sort())
})
