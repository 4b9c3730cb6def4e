// One of the example apps, with the package as it is in this folder: `npm run example:spa`. Copied out of here, such an app gets
// the package from npm, as any app does.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPacked, pack } from './packed.js'
import { npm, root } from './run.js'

const example = join(root, 'examples', process.argv[2] ?? '')

console.log(`Packing fastify-jwt-refresh, and installing what ${example} needs…`)
const folder = await mkdtemp(join(tmpdir(), 'fastify-jwt-refresh-example-'))
try {
  await installPacked(await pack(folder), example)
} finally {
  await rm(folder, { recursive: true, force: true })
}

const { code } = await npm(['start'], { cwd: example })
process.exitCode = code
