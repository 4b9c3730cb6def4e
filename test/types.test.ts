import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import type ts from 'typescript'
import { execute, root } from './fixtures/package.ts'

// Tests the declarations as apps get them: built, installed, and compiled together with apps of every kind.

type Compiler = typeof ts

t.setTimeout(180_000)

const NATIVE = join(root, 'node_modules/@typescript/native/lib/tsc.js')
const STRICTEST = {
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2023'],
  types: ['node'],
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false
}

interface Host {
  /** A folder of test/fixtures/consumers, compiled as one program: module declarations of an app apply to all of its files. */
  folder: string
  /** Packages installed in addition to Fastify and @types/node. */
  installed?: string[]
  files?: string[]
  options?: object
}

const HOSTS: Record<string, Host> = {
  'a bare host': { folder: 'bare', installed: ['pino'] },
  'a bare host with a bundler': {
    folder: 'bare',
    files: ['options.ts', 'quick-start.ts', 'register.ts', 'stores.ts'],
    options: { module: 'esnext', moduleResolution: 'bundler', exactOptionalPropertyTypes: false }
  },
  'a page with the client': { folder: 'client', options: { lib: ['es2023', 'dom'], types: [], module: 'esnext', moduleResolution: 'bundler' } },
  'a Node project with the client': { folder: 'client' },
  'claims of its own': { folder: 'claims' },
  'authenticate, sessions and user of its own': { folder: 'own' },
  '@fastify/jwt imported before': { folder: 'jwt-before', installed: ['@fastify/jwt'] },
  '@fastify/jwt imported after': { folder: 'jwt-after', installed: ['@fastify/jwt'] },
  '@fastify/passport': { folder: 'passport', installed: ['@fastify/passport'] },
  '@fastify/passport with skipLibCheck': { folder: 'lax', installed: ['@fastify/passport'], options: { skipLibCheck: true } },
  // skipLibCheck, because their declarations would take longer to check than everything else.
  'TypeBox and zod': { folder: 'providers', installed: ['@fastify/type-provider-typebox', 'fastify-type-provider-zod', 'zod'], options: { skipLibCheck: true } }
}

/** The oldest compiler checks all apps, as does the newest, which is native. The one in between checks only the most demanding. */
const COMPILERS: Record<string, (host: string) => boolean> = {
  'typescript-5.9': () => true,
  typescript: (host) => ['a bare host', 'authenticate, sessions and user of its own', '@fastify/jwt imported before'].includes(host)
}

const directory = await mkdtemp(join(tmpdir(), 'fastify-jwt-refresh-types-'))
t.teardown(() => rm(directory, { recursive: true, force: true }))
await cp(join(root, 'test/fixtures/consumers/expect.ts'), join(directory, 'expect.ts'))
await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
const installed = await installPackage()
const projects = new Map<string, string>()
for (const [name, host] of Object.entries(HOSTS)) projects.set(name, await createProject(host))

// In separate processes, in parallel with the compilers below.
const nativeErrors = new Map([...projects.values()].map((project) => [project, compileNatively(project)]))

for (const [name, isFor] of Object.entries(COMPILERS)) {
  const compiler = createRequire(import.meta.url)(name) as Compiler
  const compile = createCompile(compiler)
  for (const [host, project] of projects) {
    if (!isFor(host)) continue
    t.test(`TypeScript ${compiler.version}: ${host}`, async (t) => {
      t.equal(compile(project), '')
    })
  }
}

for (const [host, project] of projects) {
  t.test(`TypeScript native: ${host}`, async (t) => {
    t.equal(await nativeErrors.get(project), '')
  })
}

t.test('errors in declarations are seen, and a user of its own is one where DecoratorNames does not say so', async (t) => {
  const project = await createProject({ folder: 'lax', installed: ['@fastify/passport'] })
  await cp(join(root, 'test/fixtures/consumers/passport/missing.d.ts'), join(project, 'missing.d.ts'))
  const compile = createCompile(createRequire(import.meta.url)('typescript') as Compiler)
  t.match(compile(project), /request\.d\.ts: TS2430/)
})

/** Installs the package like pnpm: next to its peer Fastify, but without access to the dependencies of the package. */
async function installPackage (): Promise<string> {
  const modules = join(directory, 'store', 'node_modules')
  const target = join(modules, 'fastify-jwt-refresh')
  await mkdir(target, { recursive: true })
  const typescript = join(root, 'node_modules/typescript/bin/tsc')
  await execute(process.execPath, [typescript, '-p', join(root, 'tsconfig.build.json'), '--noCheck', '--emitDeclarationOnly', '--outDir', join(target, 'dist')])
  await execute(process.execPath, [join(root, 'scripts/declare.js'), join(target, 'dist')])
  await cp(join(root, 'package.json'), join(target, 'package.json'))
  await link('fastify', modules)
  return target
}

async function createProject ({ folder, installed: names = [], files = ['*.ts', '*.cts'], options }: Host): Promise<string> {
  const project = await mkdtemp(join(directory, `${folder}-`))
  const modules = join(project, 'node_modules')
  await cp(join(root, 'test/fixtures/consumers', folder), project, { recursive: true })
  await mkdir(modules)
  await symlink(installed, join(modules, 'fastify-jwt-refresh'), 'junction')
  for (const name of ['fastify', '@types/node', ...names]) await link(name, modules)
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...STRICTEST, ...options }, include: files }))
  return project
}

async function link (name: string, modules: string): Promise<void> {
  await mkdir(dirname(join(modules, name)), { recursive: true })
  await symlink(join(root, 'node_modules', name), join(modules, name), 'junction')
}

/** Compiles in this process, so that files shared by all apps are parsed only once. */
function createCompile (compiler: Compiler): (project: string) => string {
  const parsed = new Map<string, ts.SourceFile | undefined>()

  return function compile (project) {
    const host = { ...compiler.sys, onUnRecoverableConfigFileDiagnostic: () => {} }
    const config = compiler.getParsedCommandLineOfConfigFile(join(project, 'tsconfig.json'), {}, host)!
    const compilerHost = compiler.createCompilerHost(config.options)
    const { getSourceFile } = compilerHost
    compilerHost.getSourceFile = (fileName, options, ...rest) => {
      const key = JSON.stringify([fileName, typeof options === 'object' && options.impliedNodeFormat])
      if (!parsed.has(key)) parsed.set(key, getSourceFile(fileName, options, ...rest))
      return parsed.get(key)
    }
    const program = compiler.createProgram({ rootNames: config.fileNames, options: config.options, host: compilerHost })
    const diagnostics = [
      ...config.errors, ...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics(),
      ...program.getSourceFiles().filter(isToBeChecked).flatMap((file) =>
        [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
    ]
    return diagnostics.map(({ file, code, messageText, start = 0 }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1
      return `${file?.fileName}: TS${code} line ${line}: ${compiler.flattenDiagnosticMessageText(messageText, '\n')}`
    }).join('\n')
  }
}

/** Checks the app, the package, and what it augments. Declarations of Node.js or zod take most of the time and never change. */
function isToBeChecked ({ fileName }: ts.SourceFile): boolean {
  return fileName.startsWith(directory) || /\/node_modules\/(?:@fastify\/|fastify\/)/.test(fileName)
}

async function compileNatively (project: string): Promise<string> {
  return execute(process.execPath, [NATIVE, '-p', project]).then(() => '', ({ stdout, stderr }) => stdout + stderr || 'failed')
}
