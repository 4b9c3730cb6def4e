// `bundle.js FOLDER`: bundles each entry point of package.json into one CommonJS module in that folder, such as dist/, and those of
// the client also into ES modules, in esm/. Loading 48 small modules instead would cost an app 20 ms at its start. Code that entry
// points share is in chunks, so that `MemoryStore` and the errors are the same classes in all of them.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transformSync } from 'esbuild'
import { entryPoints, root } from './entry-points.js'

const top = fileURLToPath(root)
const outdir = resolve(/** @type {string} */ (process.argv[2]))
const { compilerOptions: { target } } = JSON.parse(readFileSync(new URL('tsconfig.json', root), 'utf8'))

// esbuild can split only ES modules, so each of them is converted to CommonJS afterwards.
for (const { path, text, exports } of await bundle(entryPoints, outdir)) write(path, toCommonJs(text, exports))
for (const { path, text } of await bundle(entryPoints.filter(({ isDual }) => isDual), join(outdir, 'esm'))) write(path, text)

/**
 * @param {typeof entryPoints} entries
 * @param {string} outdir
 */
async function bundle (entries, outdir) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: top,
    entryPoints: entries.map(({ source }) => source),
    bundle: true,
    splitting: true,
    packages: 'external',
    external: ['node:*'],
    platform: 'neutral',
    format: 'esm',
    target,
    outbase: '.',
    outdir,
    chunkNames: 'lib/shared-[hash]',
    logLevel: 'warning',
    metafile: true,
    write: false
  })
  const exportsOf = new Map(Object.entries(metafile.outputs).map(([file, output]) => [resolve(top, file), output.exports]))
  return outputFiles.map(({ path, text }) => ({ path, text, exports: exportsOf.get(path) ?? [] }))
}

/**
 * If there is a default export, `require` returns it, with all exports as its properties. Otherwise the exports become plain
 * properties, since getters would be called each time another file uses an export.
 *
 * @param {string} text
 * @param {string[]} exports
 */
function toCommonJs (text, exports) {
  const footer = exports.includes('default') ? 'module.exports = Object.assign(module.exports.default, module.exports);' : 'module.exports = { ...module.exports };'
  // With this platform, esbuild adds a list of the exports, in which Node.js finds the names for `import { … }`. Jest does not support
  // `import()` in CommonJS, so that becomes a `require`.
  return transformSync(text, { format: 'cjs', platform: 'node', target, supported: { 'dynamic-import': false }, banner: "'use strict';", footer }).code
}

/**
 * @param {string} path
 * @param {string} text
 */
function write (path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
