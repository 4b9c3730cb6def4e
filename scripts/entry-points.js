import { readFileSync } from 'node:fs'

/** The repository. */
export const root = new URL('..', import.meta.url)

const { name, exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

/** What package.json exports, each by the name that is imported and by its source, from the repository's top. */
export const entryPoints = /** @type {Array<[string, string | { default: string }]>} */ (Object.entries(exports))
  .flatMap(([subpath, target]) => typeof target === 'string'
    ? []
    : [{ specifier: subpath.replace('.', name), source: target.default.replace('./dist/', '').replace(/\.js$/, '.ts') }])
