// `bundle.js FOLDER`: writes each entry point of package.json as one module there, as for dist/. An app that loads 48 small
// ones when it starts pays 20 ms for it. What entry points share is in chunks.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { entryPoints, root } from './entry-points.js'

const outdir = /** @type {string} */ (process.argv[2])
const { compilerOptions: { target } } = JSON.parse(readFileSync(new URL('tsconfig.json', root), 'utf8'))

await build({
  absWorkingDir: fileURLToPath(root),
  entryPoints: entryPoints.map(({ source }) => source),
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
  logLevel: 'warning'
})
