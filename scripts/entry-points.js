import { readFileSync } from 'node:fs'

/** The repository. */
export const root = new URL('..', import.meta.url)

const { name, exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

/** Where the CommonJS build lies, whose files mirror the sources, and where the ES modules of the client lie. */
export const COMMONJS = './dist/'
export const ESM = './dist/esm/'

/**
 * What package.json exports, each by the name that is imported and by its source, from the repository's top. An entry
 * point that `import` finds in another file than `require` does is built twice.
 */
export const entryPoints = /** @type {Array<[string, string | { require: string }]>} */ (Object.entries(exports))
  .filter(([subpath]) => subpath !== './package.json')
  .map(([subpath, target]) => ({
    specifier: subpath.replace('.', name),
    source: (typeof target === 'string' ? target : target.require).replace(COMMONJS, '').replace(/\.js$/, '.ts'),
    isDual: typeof target !== 'string'
  }))
