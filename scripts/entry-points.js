import { readFileSync } from 'node:fs'

/** The root of the repository. */
export const root = new URL('..', import.meta.url)

const { name, exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

/** The folders of the CommonJS build, whose files mirror the sources, and of the client's ES modules. */
export const COMMONJS = './dist/'
export const ESM = './dist/esm/'

/**
 * The exports of package.json, each with the name under which it is imported and its source file, relative to the root. An entry point
 * for which `import` and `require` load different files is built twice.
 */
export const entryPoints = /** @type {Array<[string, string | { require: string }]>} */ (Object.entries(exports))
  .filter(([subpath]) => subpath !== './package.json')
  .map(([subpath, target]) => ({
    specifier: subpath.replace('.', name),
    source: (typeof target === 'string' ? target : target.require).replace(COMMONJS, '').replace(/\.js$/, '.ts'),
    isDual: typeof target !== 'string'
  }))
