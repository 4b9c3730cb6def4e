import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { ProofKeyPair } from '../../lib/client/dpop.ts'
import { createProofKey, proofFor } from '../fixtures/dpop.ts'
import { DeviceBrowser } from '../fixtures/device.ts'
import { createIndexedDb } from '../fixtures/indexed-db.ts'
import { createProject, root } from '../fixtures/package.ts'

process.env.AUTH_SECRET = 'the secret of the page about bound tokens, in an environment variable'

t.setTimeout(120_000) // it builds the package

const ORIGIN = 'https://api.example.com'

const page = await readFile(join(root, 'docs/device-bound.md'), 'utf8')
const project = await createProject(t)
await symlink(join(root, 'node_modules/axios'), join(project, 'node_modules/axios'), 'junction').catch(() => {})
await writeFile(join(project, 'package.json'), '{ "type": "module" }')
await writeFile(join(project, 'keychain.js'), `
  const kept = new Map()
  export const keychain = { get: (name) => kept.get(name), set: (name, value) => { kept.set(name, value) }, remove: (name) => { kept.delete(name) } }
  export const proofKeys = { load: () => kept.get('keys'), save: (pair) => { kept.set('keys', pair) } }
`)
const files: string[] = []
for (const [, code = ''] of page.matchAll(/^```js\n([^]*?)^```$/gm)) {
  const file = /^\/\/ (\S+)$/m.exec(code)?.[1] ?? 'server.js'
  files.push(file)
  await writeFile(join(project, file), file.endsWith('server.js') ? `${code}\nexport { app }\n` : code)
}

async function load (file: string): Promise<any> {
  return await import(pathToFileURL(join(project, file)).href)
}

/** Makes the global `fetch` send requests to the app. */
function serve (t: { teardown (fn: () => unknown): unknown }, app: FastifyInstance): string[] {
  const { fetch } = globalThis
  const proofs: string[] = []
  let cookies: Record<string, string> = {}
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const { pathname, host } = new URL(request.url)
    const payload = await request.text()
    proofs.push(`${request.method} ${pathname} ${request.headers.get('authorization')?.split(' ')[0]} ${request.headers.has('dpop')}`)
    const response = await app.inject({
      method: request.method as 'GET', url: pathname, headers: { ...Object.fromEntries(request.headers), host, 'x-forwarded-proto': 'https' }, cookies, ...(payload !== '' && { payload })
    })
    for (const { name, value } of response.cookies) cookies = { ...cookies, [name]: value }
    return new Response(response.statusCode === 204 ? null : response.body, { status: response.statusCode })
  }
  t.teardown(() => { globalThis.fetch = fetch })
  return proofs
}

t.test('every block is run', async (t) => {
  t.strictSame(files, ['server.js', 'auth.js', 'api.js', 'native.js', 'bound-server.js'])
})

t.test('the server, as it stands on the page', async (t) => {
  const { app } = await load('server.js')
  t.teardown(() => app.close())
  const key = createProofKey()
  const prove = (path: string): object => ({ dpop: proofFor(key, 'POST', path, { iat: Math.floor(Date.now() / 1000) }) })
  const login = await app.inject({ method: 'POST', url: '/login', headers: prove('/login') })
  const cookies = { '__Host-refreshToken': login.cookies[0].value }
  t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).json().code, 'FST_JWT_PROOF_REQUIRED')
  t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies, headers: prove('/auth/refresh') })).statusCode, 200)
  t.equal((await app.inject({ url: '/me', headers: { authorization: `Bearer ${login.json().accessToken}` } })).statusCode, 200)
})

t.test('the clients, and axios', async (t) => {
  const { default: Fastify } = await import('fastify')
  const { default: jwtRefresh } = await import('../../index.ts')
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(jwtRefresh, { secret: 'a secret of more than thirty-two bytes', publicUrl: ORIGIN, refreshToken: { transport: 'both' }, dpop: { mode: 'required', bind: 'all' } })
  app.post('/login', async (request, reply) => reply.issueTokens({ sub: 'user-1' }, request.body as object))
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  const proofs = serve(t, app)

  const indexedDB = createIndexedDb()
  Object.assign(globalThis, { indexedDB })
  t.teardown(() => { delete (globalThis as { indexedDB?: unknown }).indexedDB })
  const { auth } = await load('auth.js')
  const { api } = await load('api.js')
  await auth.logIn({})
  t.equal((await auth.fetch(`${ORIGIN}/me`)).status, 200)
  t.equal((await api.get('/me')).data.sub, 'user-1')
  await auth.refresh()
  await auth.logout({ everywhere: true })
  t.strictSame(proofs, ['POST /login undefined true', 'GET /me DPoP true', 'GET /me DPoP true', 'POST /auth/refresh undefined true', 'POST /auth/logout undefined true'])
  t.equal(indexedDB.entries.size, 0)

  const { auth: native } = await load('native.js')
  const { keychain, proofKeys } = await load('keychain.js')
  const made = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']) as ProofKeyPair
  proofKeys.save(made)
  await native.logIn({ transport: 'body' })
  t.equal((await native.fetch(`${ORIGIN}/me`)).status, 200)
  t.equal((await native.refresh()).status, 'signed-in')
  t.equal(proofKeys.load(), made, 'the key of the app was used')
  await native.logout()
  t.strictSame([keychain.get('refreshToken'), proofKeys.load()], [undefined, null])
})

t.test('deviceBound: a browser registers and refreshes, a copy of the refresh cookie does not', async (t) => {
  const { app } = await load('bound-server.js') as { app: FastifyInstance }
  t.teardown(() => app.close())
  const browser = new DeviceBrowser(app)
  await browser.bind()
  t.equal((await browser.renew()).statusCode, 200)
  t.equal((await browser.refresh()).statusCode, 200)
  t.equal((await browser.thief(['__Host-refreshToken']).refresh()).json().code, 'FST_JWT_PROOF_DEFERRED', 'in the first seconds the cookie may be on its way')
})
