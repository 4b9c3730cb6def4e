// `declare.js FOLDER`: turns the declarations that tsc has emitted into that folder, such as dist/, into those of a CommonJS package,
// and copies those of the client as ES modules to esm/.

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { entryPoints } from './entry-points.js'

const CLIENT = 'lib/client'
const outdir = resolve(/** @type {string} */ (process.argv[2]))
const main = join(outdir, 'index.d.ts')

for (const { source, isDual } of entryPoints) {
  if (isDual !== source.startsWith(`${CLIENT}/`)) throw new Error(`${source}: ${CLIENT}, and nothing else, is built as ES modules too`)
}

writeFileSync(main, declareMain())
for (const file of declarations()) writeFileSync(file, withJavaScriptNames(readFileSync(file, 'utf8')))
cpSync(join(outdir, CLIENT), join(outdir, 'esm', CLIENT), { recursive: true, filter: (file) => !file.endsWith('.js') })
// A bundler reads in the nearest package.json whether unused modules may be left out.
writeFileSync(join(outdir, 'package.json'), '{ "type": "commonjs", "sideEffects": false }\n')
writeFileSync(join(outdir, 'esm', 'package.json'), '{ "type": "module", "sideEffects": false }\n')

/**
 * Uses `export =`, since `require` returns the plugin itself, with the other exports as its properties. `export *` is not allowed
 * next to it, so each type is listed.
 */
function declareMain () {
  const { documentation, values, types } = readMain()
  return `import type { FastifyInstance } from 'fastify'
${values.map(({ name, from }) => `import { ${name} } from '${from}'`).join('\n')}
${types.map(({ name, from }) => `import type { ${name} } from '${from}'`).join('\n')}

declare namespace jwtRefresh {
  export { ${[...values.map(({ name }) => name), 'jwtRefresh as default'].join(', ')} }
  export type {
    ${types.map(({ name }) => name).join(',\n    ')}
  }
}

${documentation}
declare function jwtRefresh (app: FastifyInstance, options: JwtRefreshOptions): Promise<void>

export = jwtRefresh
`
}

/** What index.ts exports in addition to the plugin, and where each export is declared. */
function readMain () {
  /** @type {ts.CompilerOptions} */
  const options = { module: ts.ModuleKind.NodeNext, noLib: true, types: [] }
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  // Fastify's declarations would take seconds to parse, and are not needed to find the names.
  host.getSourceFile = (file, ...rest) => isBelow(file) ? getSourceFile(file, ...rest) : undefined
  const program = ts.createProgram([main], options, host)
  const checker = program.getTypeChecker()

  const module = checker.getSymbolAtLocation(/** @type {ts.SourceFile} */ (program.getSourceFile(main)))
  const found = checker.getExportsOfModule(/** @type {ts.Symbol} */ (module)).map((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    const [node] = /** @type {[ts.Declaration]} */ (symbol.declarations)
    return { name: exported.name, node, from: specifierOf(node.getSourceFile().fileName), isValue: (symbol.flags & ts.SymbolFlags.Value) !== 0 }
  })
  const plugin = found.find(({ name }) => name === 'default')
  if (plugin === undefined) throw new Error(`${main} exports no plugin`)
  const others = found.filter((one) => one !== plugin)
  return {
    documentation: ts.getJSDocCommentsAndTags(plugin.node).map((comment) => comment.getText()).join('\n'),
    values: others.filter(({ isValue }) => isValue),
    types: others.filter(({ isValue }) => !isValue)
  }
}

/** @param {string} file */
function isBelow (file) {
  return !relative(outdir, file).startsWith('..')
}

/** @param {string} file */
function specifierOf (file) {
  return `./${relative(dirname(main), file).replaceAll('\\', '/').replace(/\.d\.ts$/, '.js')}`
}

/** @param {string} text */
function withJavaScriptNames (text) {
  return text.replaceAll(/(\bfrom '\.[^']*)\.ts'/g, "$1.js'")
}

function declarations () {
  return readdirSync(outdir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => join(outdir, file))
}
