import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { buildApp } from './app.js'

const MINUTE = 60_000
const ACCESS = '__Host-accessToken'
const REFRESH = '__Host-refreshToken'

let app
let jar // the cookies of the browser
beforeEach(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  jar = {}
  app = await buildApp()
})
afterEach(async () => {
  await app.close()
  mock.timers.reset()
})

/** Like a browser, sends the cookies and stores those of the response. */
async function visit (url, form) {
  const method = form === undefined ? 'GET' : 'POST'
  const headers = { 'sec-fetch-site': 'same-origin', ...form && { 'content-type': 'application/x-www-form-urlencoded' } }
  const response = await app.inject({ method, url, headers, cookies: jar, payload: form && String(new URLSearchParams(form)) })
  for (const { name, value } of response.cookies) jar[name] = value
  return response
}

async function logIn () {
  return await visit('/login', { email: 'alice@example.com', password: 'wonderland' })
}

test('a login, and the pages behind it', async () => {
  assert.match((await visit('/')).body, /You are not signed in/)
  const login = await logIn()
  assert.deepEqual([login.statusCode, login.headers.location], [303, '/account'])
  assert.deepEqual(login.cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]).sort(), [[ACCESS, true, 'Lax'], [REFRESH, true, 'Lax']])
  const account = await visit('/account')
  assert.match(account.body, /<p>alice@example.com<\/p>/)
  assert.equal(account.headers['cache-control'], 'private, no-store')
  assert.match((await visit('/')).body, /You are signed in as Alice/)
})

test('a wrong password', async () => {
  const response = await visit('/login', { email: '"><script>', password: 'builder' })
  assert.equal(response.statusCode, 401)
  assert.match(response.body, /Wrong e-mail or password/)
  assert.match(response.body, /value="&quot;&gt;&lt;script&gt;"/)
  assert.deepEqual(jar, {})
})

test('a form changes something', async () => {
  await logIn()
  const response = await visit('/account', { name: '<b>Alice</b>' })
  assert.deepEqual([response.statusCode, response.headers.location], [303, '/account'])
  assert.match((await visit('/account')).body, /value="&lt;b&gt;Alice&lt;\/b&gt;"/)
  assert.equal((await visit('/account', { name: '' })).statusCode, 400)
})

test('an expired access token is refreshed in passing, by a page as by a form', async () => {
  await logIn()
  for (const form of [undefined, { name: 'Alice' }]) {
    const { [ACCESS]: expired } = jar
    mock.timers.tick(16 * MINUTE)
    const response = await visit('/account', form)
    assert.equal(response.statusCode, form === undefined ? 200 : 303)
    assert.notEqual(jar[ACCESS], expired)
    const { cookies } = await visit('/account')
    assert.deepEqual(cookies, [], 'the new one is good')
  }
})

test('a form of another site is refused, and changes nothing', async () => {
  await logIn()
  const before = (await visit('/account')).body
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'content-type': 'application/x-www-form-urlencoded' }
  for (const cookies of [jar, { [ACCESS]: jar[ACCESS] }, { [REFRESH]: jar[REFRESH] }]) {
    const response = await app.inject({ method: 'POST', url: '/account', headers, cookies, payload: 'name=Mallory' })
    assert.equal(response.statusCode, 403)
    assert.deepEqual(response.cookies, [])
  }
  assert.equal((await visit('/account')).body, before)
})

test('nobody is signed in: each page leads to the login', async () => {
  for (const form of [undefined, { name: 'Alice' }]) {
    const response = await visit('/account', form)
    assert.deepEqual([response.statusCode, response.headers.location], [303, '/login'])
  }
})

test('a logout clears the cookies and ends the session', async () => {
  await logIn()
  const { [REFRESH]: stolen } = jar
  assert.equal((await visit('/logout', {})).headers.location, '/')
  assert.deepEqual(jar, { [ACCESS]: '', [REFRESH]: '' })
  jar = { [REFRESH]: stolen }
  assert.equal((await visit('/account')).headers.location, '/login')
})
