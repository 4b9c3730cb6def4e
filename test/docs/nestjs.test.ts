import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../fixtures/package.ts'
import { isFile, readBlocks } from '../fixtures/page.ts'

// `npm run check:consumers` runs the app with these files.
const FILES = ['configure.ts', 'auth.guard.ts', 'app.controller.ts', 'app.test.ts']

t.test('each block is a file of the app', async (t) => {
  const blocks = [...readBlocks(await readFile(join(root, 'docs/nestjs.md'), 'utf8')).values()].flat()
  t.equal(blocks.length, FILES.length)
  for (const [index, file] of FILES.entries()) await isFile(join('examples/nestjs/src', file))(t, blocks[index] ?? '')
})
