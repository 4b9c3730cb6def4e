// Type-checks everything: the sources with both compilers, the one that builds the package and the native one that apps
// will use. The type tests are separate programs, because each augments the types as an app of its own would: tstyche and
// test/types.test.ts check them.

import { run } from './run.js'

const TYPESCRIPT = 'node_modules/typescript/bin/tsc'
const NATIVE = 'node_modules/@typescript/native/bin/tsc'

const programs = [
  { name: 'TypeScript', compiler: TYPESCRIPT, config: 'tsconfig.json' },
  { name: 'TypeScript native', compiler: NATIVE, config: 'tsconfig.json' },
  { name: 'TypeScript', compiler: TYPESCRIPT, config: 'tsconfig.build.json' },
  { name: 'TypeScript', compiler: TYPESCRIPT, config: 'scripts/tsconfig.json' }
]

for (const { name, compiler, config } of programs) {
  const start = performance.now()
  const { code } = await run(compiler, ['--noEmit', '-p', config])
  console.log(`${name}, ${config}: ${code === 0 ? 'ok' : 'FAILED'} (${Math.round(performance.now() - start)} ms)`)
  if (code !== 0) process.exitCode = 1
}
