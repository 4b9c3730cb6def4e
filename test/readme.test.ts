import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { execute, root } from './fixtures/package.ts'
import { openPage } from './fixtures/page.ts'

process.env.AUTH_SECRET = 'the secret of the README, in an environment variable'

t.setTimeout(120_000) // it builds the package and compiles what is TypeScript

const readme = await readFile(join(root, 'README.md'), 'utf8')
const { project, check, run, compileBlock } = await openPage('README.md')

check({
  'Try it': [checkScripts, checkScripts],
  'Quick start': [
    async (t, code) => { t.equal(code, 'npm install fastify fastify-jwt-refresh') },
    async (t, code) => {
      const { app, users } = await run(code.replace('port: 3000', 'port: 0').replace('logger: true', ''), 'app', 'users')
      const logIn = async (password: string) => app.inject({ method: 'POST', url: '/login', payload: { email: 'anna@example.com', password } })
      t.equal((await logIn('wrong')).statusCode, 401)
      const login = await logIn('open sesame')
      const me = await app.inject({ url: '/me', headers: { authorization: `Bearer ${login.json().accessToken}` } })
      t.match(me.json(), { sub: 'user-1', role: 'admin' })
      t.equal((await app.inject('/me')).statusCode, 401)

      const cookies = { [login.cookies[0].name]: login.cookies[0].value }
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
      users.pop()
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 403)
      await compileBlock(code, 'the quick start in TypeScript')
    },
    async (t, code) => {
      t.equal(code, 'echo "AUTH_SECRET=$(openssl rand -base64 32)" > .env\nnode --env-file=.env app.mjs')
      t.ok((await execute('sh', ['-c', 'echo $(openssl rand -base64 32)'])).stdout.trim().length >= 32)
    },
    async (t, code) => {
      const file = join(project, 'build.cjs')
      await writeFile(file, code)
      const app = await createRequire(file)(file)()
      t.teardown(() => app.close())
      t.equal((await app.inject('/me')).json().code, 'FST_JWT_ACCESS_TOKEN_MISSING')
    },
    async (_t, code) => { await compileBlock(code, 'claims') }
  ],
  'In the browser': [
    async (t, code) => {
      const asked: string[] = []
      t.intercept(globalThis, 'fetch', { value: async (url: URL | string) => answer(asked, String(url)) })
      Object.assign(globalThis, { location: { origin: 'https://app.example.com', href: 'https://app.example.com/' } })
      t.teardown(() => { Reflect.deleteProperty(globalThis, 'location') })
      const { logIn, loadProfile, logOut } = await run(code)
      await logIn('anna@example.com', 'open sesame')
      t.strictSame(await loadProfile(), { sub: 'user-1' })
      await logOut()
      t.strictSame(asked, ['/login', '/me', '/auth/logout'])
    }
  ]
})

t.test('the README is short', async (t) => {
  t.ok(readme.split('\n').length <= 250)
})

t.test('every page is linked from the README, and every link between the pages leads somewhere', async (t) => {
  const docs = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  for (const page of docs) t.ok(readme.includes(`](${page})`), page)

  for (const page of ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md', 'bench/README.md', ...docs]) {
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

/** Simulates an API: /login returns a token that gives access to /me. */
function answer (asked: string[], url: string): Response {
  const { pathname } = new URL(url, 'https://app.example.com')
  asked.push(pathname)
  if (pathname === '/login') return Response.json({ accessToken: `e30.${btoa('{"sub":"user-1","sid":"s","iat":1,"exp":9999999999}')}.x`, tokenType: 'Bearer', expiresIn: 900 })
  if (pathname === '/me') return Response.json({ sub: 'user-1' })
  return new Response(null, { status: 204 })
}

async function checkScripts (t: Test, code: string): Promise<void> {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  for (const command of code.split('&&').map((one) => one.trim())) {
    const script = /^npm (?:run )?(.*)$/.exec(command)?.[1]
    t.ok(script === 'ci' || (script !== undefined && script in scripts), command)
  }
}
