import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import t from 'tap'
import { root } from '../fixtures/package.ts'

// In bytes, minified and compressed.
const CORE_LIMIT = 5100
const AXIOS_LIMIT = 1000
const REACT_LIMIT = 500
const DPOP_LIMIT = 2000

interface Bundle {
  size: number
  /** The modules that the bundle still imports. */
  imports: string[]
  text: string
}

async function bundle (entry: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, 'lib/client', entry)],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external: ['react'],
    write: false,
    metafile: true,
    outdir: 'unused',
    absWorkingDir: root
  })
  const { contents, text } = outputFiles[0]!
  return { size: gzipSync(contents, { level: 9 }).length, imports: Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)), text }
}

t.test('the core is small, and needs nothing', async (t) => {
  const { size, imports } = await bundle('index.ts')
  t.comment(`${size} bytes`)
  t.ok(size <= CORE_LIMIT, `${size} bytes of ${CORE_LIMIT}`)
  t.strictSame(imports, [])
})

t.test('the adapters import no client library, and bring no second core', async (t) => {
  const axios = await bundle('axios.ts')
  const react = await bundle('react.ts')
  const native = await bundle('native.ts')
  const dpop = await bundle('dpop.ts')
  t.comment(`axios: ${axios.size} bytes, react: ${react.size} bytes, native: ${native.size} bytes with the core, dpop: ${dpop.size} bytes`)
  t.strictSame(native.imports, [])
  t.strictSame(axios.imports, [])
  t.strictSame(dpop.imports, [])
  t.ok(dpop.size < DPOP_LIMIT, `dpop: ${dpop.size} bytes of ${DPOP_LIMIT}`)
  t.strictSame(react.imports, ['react'])
  t.ok(axios.size < AXIOS_LIMIT, `axios: ${axios.size} bytes of ${AXIOS_LIMIT}`)
  t.ok(react.size < REACT_LIMIT, `react: ${react.size} bytes of ${REACT_LIMIT}`)
})

t.test('nothing is stored, and nothing is logged', async (t) => {
  const { text } = await bundle('index.ts')
  t.match(text, /BroadcastChannel/, 'it is the code')
  t.notMatch(text, /localStorage|sessionStorage|indexedDB|\.cookie|console|CustomEvent|location|history/)
})
