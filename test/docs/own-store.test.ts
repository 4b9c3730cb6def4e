import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { MongoStandIn, PrismaStandIn } from '../fixtures/stand-ins.ts'
import { testStore } from '../../lib/testing/index.ts'
import { HOUR, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { compile, createProject, execute, root } from '../fixtures/package.ts'

// Neither database is at hand: the stores are compiled as a strict project would, MongoDB's against the driver's own types,
// and held to the contract over stand-ins that know just the calls that the stores make.

t.setTimeout(120_000)

const page = await readFile(join(root, 'docs/own-store.md'), 'utf8')
const [mapStore, contract, prismaStore, mongoStore] = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => code ?? '') as [string, string, string, string]
const [mapStoreContract = ''] = [...page.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code ?? '')

const project = await createProject(t)
await symlink(join(root, 'node_modules/mongodb'), join(project, 'node_modules/mongodb'), 'junction')
await mkdir(join(project, 'generated/prisma'), { recursive: true })
const files = {
  'package.json': '{ "type": "module" }',
  'prisma-store.ts': prismaStore,
  'mongo-store.ts': mongoStore,
  'map-store.ts': mapStore,
  'map-store.test.js': mapStoreContract,
  'contract.test.ts': contract,
  'prisma.ts': "import type { PrismaClient } from './generated/prisma/client.js'\nexport declare const prisma: PrismaClient\n",
  // What Prisma generates from the model, as far as the store uses it.
  'generated/prisma/client.ts': `
    interface Row { id: string, subject: string, generation: number, current: string, createdAt: bigint, rotatedAt: bigint, expiresAt: bigint, endsAt: bigint, boundTo: string | null, claims: string, metadata: string }
    interface Where { id?: string | { not: string } | { gt: string } | { in: string[] }, subject?: string, current?: string, expiresAt?: { gt: bigint } | { lte: bigint } }
    export interface PrismaClient {
      refreshSession: {
        create (args: { data: Row }): Promise<Row>
        findFirst (args: { where: Where }): Promise<Row | null>
        findMany (args?: { where: Where, orderBy?: { id: 'asc' }, take?: number }): Promise<Row[]>
        updateManyAndReturn (args: { where: Where, data: Partial<Row> }): Promise<Row[]>
        deleteMany (args: { where: Where }): Promise<{ count: number }>
      }
    }`
}
for (const [name, content] of Object.entries(files)) await writeFile(join(project, name), content)
await writeFile(join(project, 'tsconfig.json'), JSON.stringify({
  // The declarations of the MongoDB driver are not ours to check.
  compilerOptions: { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true, module: 'nodenext', target: 'es2023', types: ['node'], typeRoots: ['node_modules/@types'] },
  include: ['*.ts', 'generated']
}))
await compile('-p', project)

const { PrismaStore } = await import(pathToFileURL(join(project, 'prisma-store.js')).href)
const { MongoStore } = await import(pathToFileURL(join(project, 'mongo-store.js')).href)

t.test('Prisma', async (t) => {
  const sessions = new PrismaStandIn()
  testStore((name, check) => t.test(name, check), () => new PrismaStore(sessions))

  t.test('sweep removes what expired an hour ago, 1000 sessions at a time', async (t) => {
    const store = new PrismaStore(sessions)
    sessions.rows = []
    const over = (ago: number) => sampleSession({ expiresAt: Date.now() - ago })
    const kept = [over(HOUR - 60_000), sampleSession()]
    for (const session of [...Array.from({ length: 1_500 }, () => over(HOUR + 1)), ...kept]) await store.create(session)
    const swept = [await store.sweep(), await store.sweep()]
    t.ok(swept.every((count) => count > 0 && count <= 1_000))
    t.strictSame(sessions.rows.map(({ id }) => id).sort(), kept.map(({ id }) => id).sort())
    await store.create(over(HOUR + 1))
    t.equal(await store.sweep(), 1, 'begins anew at the end of the table')
  })

  t.test('a subject that PostgreSQL cannot store has no sessions', async (t) => {
    const store = new PrismaStore(sessions)
    t.strictSame(await store.list('ann\0'), [])
    t.equal(await store.deleteAll('ann\0'), 0)
  })
})

t.test('MongoDB', async (t) => {
  const sessions = new MongoStandIn()
  await new MongoStore(sessions).createIndexes()
  t.strictSame(sessions.indexes, [[{ subject: 1 }], [{ removeAt: 1 }, { expireAfterSeconds: 0 }]])
  testStore((name, check) => t.test(name, check), () => new MongoStore(sessions))
})

t.test('the least a store can be', async (t) => {
  await execute(process.execPath, ['--test', '--test-reporter=tap', join(project, 'map-store.test.js')], { env: outsideOfTap() })
  t.match(mapStore, 'class MapStore implements TokenStore')
})

/** node:test reports to the runner above it, where it sees one. */
function outsideOfTap (): NodeJS.ProcessEnv {
  const { NODE_V8_COVERAGE: _, NODE_OPTIONS: __, NODE_TEST_CONTEXT: ___, ...env } = process.env
  return env
}
