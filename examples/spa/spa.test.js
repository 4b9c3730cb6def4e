import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { loginAs } from 'fastify-jwt-refresh/testing'
import { build } from 'vite'
import { buildApi } from './api.js'

const PAGE = 'http://localhost:5173'
const ALICE = { email: 'alice@example.com', password: 'wonderland' }

// The headers that a browser adds to requests of the page.
const fromPage = { origin: PAGE, 'sec-fetch-site': 'same-site' }

let api
beforeEach(async () => { api = await buildApi({ pageOrigin: PAGE }) })
afterEach(() => api.close())

function post (url, options) {
  return api.inject({ method: 'POST', url, headers: fromPage, ...options })
}

test('a login, a refresh and a logout, from the origin of the page', async () => {
  const login = await post('/login', { payload: ALICE })
  assert.equal(login.statusCode, 200)
  assert.equal(login.headers['access-control-allow-origin'], PAGE)
  assert.equal(login.headers['access-control-allow-credentials'], 'true')
  const [{ name, value, httpOnly, sameSite }] = login.cookies
  assert.deepEqual({ httpOnly, sameSite }, { httpOnly: true, sameSite: 'Strict' })
  const cookies = { [name]: value }

  const { accessToken } = (await post('/auth/refresh', { cookies })).json()
  const me = await api.inject({ url: '/me', headers: { ...fromPage, authorization: `Bearer ${accessToken}` } })
  assert.deepEqual(me.json(), { id: 'user-1', email: 'alice@example.com', name: 'Alice' })

  assert.equal((await post('/auth/logout', { cookies })).statusCode, 204)
  assert.equal((await post('/auth/refresh', { cookies })).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
})

test('a wrong password', async () => {
  assert.equal((await post('/login', { payload: { ...ALICE, password: 'builder' } })).statusCode, 401)
  assert.equal((await post('/login', { payload: { ...ALICE, email: 'carol@example.com' } })).statusCode, 401)
  assert.equal((await post('/login', { payload: { email: ALICE.email } })).statusCode, 400)
})

test('other sites can neither log in nor refresh', async () => {
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  const login = await post('/login', { headers, payload: ALICE })
  assert.equal(login.json().code, 'FST_JWT_CROSS_SITE_REQUEST')
  const { cookies } = await loginAs(api, { sub: 'user-1' })
  const refresh = await post('/auth/refresh', { headers, cookies })
  assert.equal(refresh.json().code, 'FST_JWT_CROSS_SITE_REQUEST')
  assert.notEqual(refresh.headers['access-control-allow-origin'], headers.origin)
})

test('each user has notes of their own', async () => {
  assert.equal((await api.inject('/notes')).statusCode, 401)
  const alice = await loginAs(api, { sub: 'user-1' })
  const bob = await loginAs(api, { sub: 'user-2' })
  assert.equal((await post('/notes', { headers: alice.headers, payload: { text: 'Feed the cat' } })).statusCode, 201)
  assert.equal((await post('/notes', { headers: alice.headers, payload: { text: '' } })).statusCode, 400)
  const texts = async ({ headers }) => (await api.inject({ url: '/notes', headers })).json().map(({ text }) => text)
  assert.deepEqual(await texts(alice), ['Feed the cat'])
  assert.deepEqual(await texts(bob), [])
})

test('the page is built for the API of production', async (t) => {
  const outDir = await mkdtemp(join(tmpdir(), 'example-spa-'))
  t.after(() => rm(outDir, { recursive: true }))
  process.env.VITE_API_URL = 'https://api.example.com'
  await build({ build: { outDir }, logLevel: 'silent' })
  const files = await readdir(join(outDir, 'assets'))
  const script = await readFile(join(outDir, 'assets', files.find((file) => file.endsWith('.js'))), 'utf8')
  assert.ok(script.includes('https://api.example.com'))
  assert.ok(!script.includes('http://localhost:3000'))
})
