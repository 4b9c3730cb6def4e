import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { postgresStore } from '../lib/stores/postgres/index.ts'
import { loginAs } from '../lib/testing/index.ts'
import { createApp } from './fixtures/app.ts'
import { findMysql } from './fixtures/mysql.ts'
import { compile, createProject, execute, root } from './fixtures/package.ts'
import { createSchema } from './fixtures/scratch.ts'
import { findPostgres, findRedis } from './fixtures/services.ts'

process.env.AUTH_SECRET = 'the secret of the README, in an environment variable'
process.env.REFRESH_SECRET = 'another secret of the README, for refresh tokens'

interface Block {
  language: string
  code: string
}

t.setTimeout(120_000) // it builds the package and compiles what is TypeScript

const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md', 'bench/README.md', 'docs/client.md', 'docs/device-bound.md', 'docs/migration.md', 'docs/orms.md', 'docs/rotation-proof.md', 'docs/server-rendered.md', 'docs/sessions.md', 'docs/stores.md']

const readme = await readFile(join(root, 'README.md'), 'utf8')
const blocks = readBlocks(readme)
const project = await createProject(t)
await writeFile(join(project, 'package.json'), '{ "type": "module" }')

/** What is done with each block of code, by its heading: a block that is missing here fails the test. */
const checks: Record<string, Array<(t: Test, code: string) => Promise<void>>> = {
  'Try it': [checkScripts, checkScripts],
  'Quick start': [
    async (t, code) => { t.equal(code, 'npm install fastify fastify-jwt-refresh') },
    async (t, code) => {
      const { app } = await run(code.replace('port: 3000', 'port: 0').replace('logger: true', ''), 'app')
      t.teardown(() => app.close())
      const wrong = await app.inject({ method: 'POST', url: '/login', payload: { email: 'anna@example.com', password: 'wrong' } })
      t.equal(wrong.statusCode, 401)
      const login = await app.inject({ method: 'POST', url: '/login', payload: { email: 'anna@example.com', password: 'open sesame' } })
      const me = await app.inject({ url: '/me', headers: { authorization: `Bearer ${login.json().accessToken}` } })
      t.match(me.json(), { sub: 'user-1', role: 'admin' })
      t.equal((await app.inject('/me')).statusCode, 401)
      await compileBlock(code, 'the quick start in TypeScript')
    },
    async (t, code) => {
      t.equal(code, 'AUTH_SECRET=$(openssl rand -base64 32) node app.js')
      t.ok((await execute('sh', ['-c', 'echo $(openssl rand -base64 32)'])).stdout.trim().length >= 32)
    },
    async (t, code) => {
      const file = join(project, 'build.cjs')
      await writeFile(file, code)
      const app = await createRequire(file)(file)()
      t.teardown(() => app.close())
      t.equal((await app.inject('/me')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
    },
    checkSameAs('consumers/nest/src/configure.ts'),
    checkSameAs('consumers/nest/src/auth.guard.ts')
  ],
  'In the browser': [
    async (t, code) => {
      const { api } = await run(code, 'api')
      t.type(api.get, 'function', 'what it does with parallel requests is in axios.test.ts')
    },
    async (t, code) => {
      const { app } = await run(code, 'app')
      const headers = { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site', cookie: '__Host-refreshToken=eyJhbGciOiJIUzI1NiJ9.e30.x' }
      const trusted = await app.inject({ method: 'POST', url: '/auth/refresh', headers })
      t.equal(trusted.json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
      t.match(trusted.headers, { 'access-control-allow-origin': 'https://app.example.com', 'access-control-allow-credentials': 'true' })
      const other = await app.inject({ method: 'POST', url: '/auth/refresh', headers: { ...headers, origin: 'https://evil.example' } })
      t.equal(other.json().code, 'FST_JWT_CROSS_SITE_REQUEST')
    }
  ],
  Decorators: [
    async (t, code) => {
      const { app } = await run(code, 'app')
      const login = await app.inject({ method: 'POST', url: '/login' })
      const headers = { authorization: `Bearer ${login.json().accessToken}` }
      t.strictSame((await app.inject('/news')).json(), { reader: 'anonymous' })
      t.strictSame((await app.inject({ url: '/news', headers })).json(), { reader: 'user-1' })
      t.equal((await app.inject('/me')).statusCode, 401)
      t.equal((await app.inject({ method: 'DELETE', url: '/account', headers })).statusCode, 204)
      t.equal((await app.inject({ method: 'DELETE', url: '/account', headers })).json().code, 'FST_JWT_SESSION_ENDED')
    }
  ],
  Routes: [
    async (t, code) => {
      const { app } = await run(code, 'app')
      for (let i = 0; i < 30; i++) t.equal((await app.inject({ method: 'POST', url: '/auth/refresh' })).statusCode, 403)
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh' })).statusCode, 429)
      t.equal((await app.inject('/auth/devices')).statusCode, 401)
    }
  ],
  Options: [
    async (t, code) => {
      const { app, users } = await run(code.replace('{ logger: true }', ''), 'app', 'users')
      app.post('/login', async (_request: unknown, reply: any) => reply.issueTokens({ sub: 'user-1' }))
      const login = await app.inject({ method: 'POST', url: '/login' })
      t.match(login.headers['set-cookie'], /^__Host-refresh=.*; Path=\/;/)
      const cookies = { '__Host-refresh': login.cookies[0]?.value ?? '' }
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
      users.get('user-1').isLocked = true
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 403)
    }
  ],
  'Behind a proxy': [
    async (t, code) => {
      const { app } = await run(code, 'app')
      app.post('/login', async (_request: unknown, reply: any) => reply.issueTokens({ sub: 'user-1' }))
      const login = await app.inject({ method: 'POST', url: '/login' })
      t.match(login.cookies, [{ name: '__Secure-refreshToken', path: '/api/auth' }])
      const cookies = { '__Secure-refreshToken': login.cookies[0]?.value ?? '' }
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
    }
  ],
  Redis: [
    async (t, code) => {
      const redis = await findRedis()
      if (typeof redis === 'string') {
        t.pass('over Redis', { skip: redis })
        return
      }
      t.teardown(() => redis.stop())
      process.env.REDIS_URL = redis.url
      const { app } = await run(code.replace('{ logger: true }', ''), 'app')
      await refreshes(t, app)
    }
  ],
  SQLite: [
    async (t, code) => {
      // The database of the README where Node.js has it; libsql has the interface of the other one.
      const source = process.getBuiltinModule('node:sqlite') === undefined
        ? code.replace("import { DatabaseSync } from 'node:sqlite'", "import DatabaseSync from 'libsql'")
        : code
      process.env.SESSIONS_FILE = join(t.testdir(), 'sessions.db')
      const { app } = await run(source.replace('{ logger: true }', ''), 'app')
      await refreshes(t, app)
    }
  ],
  'MySQL and MariaDB': [
    async (t, code) => {
      const mysql = await findMysql()
      if (typeof mysql === 'string') {
        t.pass('over MySQL', { skip: mysql })
        return
      }
      process.env.MYSQL_URL = mysql.url
      const table = `readme_${process.pid}`
      const { app, pool } = await run(code.replace('{ logger: true }', '').replace('mysqlStore(pool)', `mysqlStore(pool, { table: '${table}' })`), 'app', 'pool')
      app.addHook('preClose', async () => { await pool.query(`DROP TABLE ${table}`) })
      await refreshes(t, app)
    }
  ],
  'Anything else that runs SQL': [
    async (_t, code) => {
      await compileBlock(code, 'sql-store')
    }
  ],
  PostgreSQL: [
    async (t, code) => {
      const postgres = await findPostgres()
      if (typeof postgres === 'string') {
        t.pass('over PostgreSQL', { skip: postgres })
        return
      }
      process.env.DATABASE_URL = postgres.url
      const table = `readme_${process.pid}`
      const { app, pool } = await run(code.replace('{ logger: true }', '').replace("'jwt_refresh_sessions'", `'${table}'`), 'app', 'pool')
      app.addHook('preClose', async () => { await pool.query(`DROP TABLE ${table}`) })
      await refreshes(t, app)
    },
    async (t, code) => {
      const { copySessions } = await run(code)
      const postgres = await findPostgres()
      if (typeof postgres === 'string') {
        t.pass('to PostgreSQL', { skip: postgres })
        return
      }
      const { url } = await createSchema(t, postgres.url)
      const to = new pg.Pool({ connectionString: url })
      const from = await PGlite.create()
      t.teardown(() => Promise.all([from.close(), to.end()]))
      const [old, moved] = [from, to].map((db) => postgresStore(db))
      await Promise.all([old?.migrate(), moved?.migrate()])
      const { app } = await createApp(t, { store: old!, now: Date.now })
      const { sessionId } = await loginAs(app, { sub: 'Zoë', role: 'admin' })
      await copySessions(from, to)
      t.strictSame(await moved?.find(sessionId), await old?.find(sessionId))
      t.equal((await moved?.list('Zoë'))?.length, 1)
    }
  ],
  'A store of your own': [
    async (_t, code) => {
      await compileBlock(code, 'map-store', '--noEmit', 'false', '--declaration')
    },
    async (t, code) => {
      await writeFile(join(project, 'map-store.test.js'), code)
      await passesNodeTest(t, 'map-store.test.js')
    }
  ],
  Keys: [
    async (t, code) => {
      const { issuer, otherService } = await run(code, 'issuer', 'otherService')
      issuer.post('/login', async (_request: unknown, reply: any) => reply.issueTokens({ sub: 'user-1' }))
      const login = await issuer.inject({ method: 'POST', url: '/login' })
      const orders = await otherService.inject({ url: '/orders', headers: { authorization: `Bearer ${login.json().accessToken}` } })
      t.strictSame(orders.json(), { of: 'user-1' })
      t.equal((await issuer.inject('/.well-known/jwks.json')).json().keys.length, 1)
    },
    async (t, code) => {
      const { verify } = await run(code)
      await t.rejects(verify('not a token'), { code: 'ERR_JWS_INVALID' })
    }
  ],
  TypeScript: [
    async (_t, code) => compileBlock(code, 'claims'),
    async (_t, code) => compileBlock(code, 'renamed')
  ],
  'Testing your app': [
    async (_t, code) => { await run(code) },
    async (t, code) => {
      const app = "import Fastify from 'fastify'\nimport jwtRefresh from 'fastify-jwt-refresh'\n" +
        'export async function build () {\n  const app = Fastify()\n  await app.register(jwtRefresh, { secret: process.env.AUTH_SECRET })\n' +
        "  app.get('/me', { onRequest: [app.authenticate] }, async () => 'me')\n  return app\n}\n"
      await writeFile(join(project, 'app.js'), app)
      await writeFile(join(project, 'error-handler.test.js'), code)
      await passesNodeTest(t, 'error-handler.test.js')
    },
    checkSameAs('consumers/jest-babel/jest.config.js')
  ]
}

for (const [heading, found] of blocks) {
  t.test(`README, ${heading}`, { timeout: 120_000 }, async (t) => {
    t.equal(found.length, checks[heading]?.length ?? 0, 'each block of code is checked')
    for (const [index, block] of found.entries()) await checks[heading]?.[index]?.(t, block.code)
  })
}

t.test('every link between the pages leads somewhere', async (t) => {
  for (const page of PAGES) {
    const text = await readFile(join(root, page), 'utf8')
    for (const [, link = ''] of text.matchAll(/\]\((?!https:)([^)]*)\)/g)) {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? page : join(dirname(page), file)
      t.ok(existsSync(join(root, target)), `${page}: ${link}`)
      if (anchor !== undefined) t.ok(anchorsOf(await readFile(join(root, target), 'utf8')).includes(anchor), `${page}: ${link}`)
    }
  }
})

function anchorsOf (text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-'))
}

async function passesNodeTest (t: Test, file: string): Promise<void> {
  const { NODE_V8_COVERAGE: _, NODE_OPTIONS: __, NODE_TEST_CONTEXT: ___, ...env } = process.env
  const { stdout } = await execute(process.execPath, ['--test', '--test-reporter=tap', join(project, file)], { env })
  t.match(stdout, /^# fail 0$/m)
  t.notMatch(stdout, /^# pass 0$/m)
}

async function refreshes (t: Test, app: FastifyInstance): Promise<void> {
  t.teardown(() => app.close())
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  const login = await app.inject({ method: 'POST', url: '/login' })
  const cookies = { [login.cookies[0]?.name ?? '']: login.cookies[0]?.value ?? '' }
  t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
  t.equal((await app.inject({ method: 'POST', url: '/auth/logout', cookies })).statusCode, 204)
}

function readBlocks (text: string): Map<string, Block[]> {
  const found = new Map<string, Block[]>()
  let heading = ''
  for (const [, title, language, code] of text.matchAll(/^#+ (.*)$|^```(\w+)\n([^]*?)^```$/gm)) {
    if (title !== undefined) heading = title
    if (language === undefined || code === undefined || language === 'text') continue
    found.set(heading, [...found.get(heading) ?? [], { language, code: code.trimEnd() }])
  }
  return found
}

async function run (code: string, ...names: string[]): Promise<any> {
  const file = join(project, `block-${Math.random().toString(36).slice(2)}.js`)
  await writeFile(file, names.length === 0 ? code : `${code}\nexport { ${names.join(', ')} }\n`)
  const module = await import(pathToFileURL(file).href)
  for (const value of Object.values(module)) t.teardown(() => (value as FastifyInstance).close?.())
  return module
}

/** As a strict project would, declarations of the package included. */
async function compileBlock (code: string, name: string, ...options: string[]): Promise<void> {
  const file = join(project, `${name}.ts`)
  await writeFile(file, code)
  await compile(file, '--ignoreConfig', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false', '--module', 'nodenext',
    '--target', 'es2023', '--types', 'node', '--typeRoots', join(project, 'node_modules/@types'), ...(options.length === 0 ? ['--noEmit'] : options))
}

/** Of an app that `npm run check:consumers` runs. */
function checkSameAs (file: string): (t: Test, code: string) => Promise<void> {
  return async (t, code) => { t.equal(code, (await readFile(join(root, file), 'utf8')).trimEnd()) }
}

async function checkScripts (t: Test, code: string): Promise<void> {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  for (const command of code.split('&&').map((one) => one.trim())) {
    const script = /^npm (?:run )?(.*)$/.exec(command)?.[1]
    t.ok(script === 'ci' || (script !== undefined && script in scripts), command)
  }
}
