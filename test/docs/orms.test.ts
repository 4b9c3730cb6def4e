import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../fixtures/package.ts'

// The blocks are files of apps that `npm run check:consumers` tests with `testStore`.

const apps = join(root, 'consumers/orms')
const read = async (file: string): Promise<string> => await readFile(join(apps, file), 'utf8')

const BLOCKS = [
  'prisma-postgres/sessions.ts', 'drizzle-postgres/sessions.ts', 'drizzle-mysql/sessions.ts', 'drizzle-sqlite/sessions.ts', 'kysely-postgres/sessions.ts',
  'knex-postgres/sessions.ts', 'knex-mysql/sessions.ts', 'nest/postgres/sessions.ts', 'nest/mysql/sessions.ts',
  'nest/postgres/sessions.module.ts', 'nest/postgres/users.service.ts', 'sequelize-postgres/sessions.ts'
]

/** The replacements that the page describes for blocks that apply to several databases. */
const VARIANTS = [
  { of: 'kysely-postgres', is: 'kysely-mysql', from: "dialect: 'postgres', subjectType: 'uuid'", to: "dialect: 'mysql', subjectType: 'bigint'" },
  { of: 'kysely-postgres', is: 'kysely-sqlite', from: "dialect: 'postgres', subjectType: 'uuid'", to: "dialect: 'sqlite', subjectType: 'integer'" },
  { of: 'sequelize-postgres', is: 'sequelize-mysql', from: "dialect: 'postgres', placeholders: '$n', subjectType: 'uuid'", to: "dialect: 'mysql', placeholders: '$n', subjectType: 'bigint'" }
]

const page = await readFile(join(root, 'docs/orms.md'), 'utf8')
const blocks = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => code)

t.test('each block is the code of an app that is tried', async (t) => {
  t.strictSame(blocks, await Promise.all(BLOCKS.map(read)))
})

t.test('what a block is to say for another database is tried there', async (t) => {
  for (const { of, is, from, to } of VARIANTS) {
    const code = await read(`${of}/sessions.ts`)
    t.ok(code.includes(from))
    t.ok(page.includes(`\`${to}\``), to)
    t.equal(await read(`${is}/sessions.ts`), code.replace(from, () => to), is)
  }
})
