import { readFile } from 'node:fs/promises'
import t from 'tap'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { loginAs } from '../../lib/testing/index.ts'
import { createExample } from '../fixtures/example.ts'

const ALICE = { email: 'alice@example.com', password: 'wonderland' }
const BOB = { email: 'bob@example.com', password: 'builder' }

async function login (app: FastifyInstance, payload: object): Promise<LightMyRequestResponse> {
  return await app.inject({ method: 'POST', url: '/login', payload })
}

function bearer (response: LightMyRequestResponse): { authorization: string } {
  return { authorization: `Bearer ${response.json().accessToken}` }
}

t.test('the page and its files', async (t) => {
  const { app } = await createExample(t)
  const page = await app.inject('/')
  const theft = await app.inject('/theft')
  for (const { headers } of [page, theft]) t.match(headers, { 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff' })
  for (const { email, password } of [ALICE, BOB]) {
    t.ok(page.body.includes(email) && page.body.includes(password), `it names ${email} and the password`)
  }

  const urls = [...(page.body + theft.body).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '')
  t.ok(urls.length > 3)
  for (const url of urls) {
    t.match(url, /^\/(?!\/)/, 'no other host is asked')
    t.equal((await app.inject(url)).statusCode, 200, url)
  }
  for (const name of ['client.js', 'dom.js', 'format.js', 'log.js', 'outage.js', ...['demo', 'family', 'guide', 'story', 'tree'].map((name) => `theft/${name}.js`)]) {
    t.equal((await app.inject(`/${name}`)).headers['content-type'], 'text/javascript; charset=utf-8', name)
  }
  t.equal((await app.inject('/../server.ts')).statusCode, 404, 'nothing else is served')
})

t.test('the policy allows no inline script and no inline style, and the page needs none', async (t) => {
  const { app } = await createExample(t)
  for (const url of ['/', '/theft']) {
    const { headers, body } = await app.inject(url)
    t.match(headers['content-security-policy'], "default-src 'none'; script-src 'self'; style-src 'self';")
    t.notMatch(headers['content-security-policy'], 'unsafe')
    t.notMatch(body, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/)
  }
})

t.test('nothing is kept where another script or a later visitor could read it', async (t) => {
  // Without public/theft/demo.js, in which the thief keeps a token where any script can read it.
  for (const name of ['app.js', 'dom.js', 'format.js', 'log.js', 'outage.js']) {
    const source = await readFile(new URL(`../../examples/public/${name}`, import.meta.url), 'utf8')
    t.notMatch(source, /localStorage|sessionStorage|indexedDB|document\.cookie|innerHTML/, name)
  }
})

t.test('the demo users can log in', async (t) => {
  const { app } = await createExample(t)
  const alice = await login(app, ALICE)
  t.equal(alice.statusCode, 200)
  t.match(alice.json(), { accessToken: String, tokenType: 'Bearer', expiresIn: 30 })
  t.match(alice.cookies, [{ name: '__Host-refreshToken', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' }])
  t.equal((await login(app, BOB)).statusCode, 200)
  t.equal((await login(app, { ...ALICE, email: ' Alice@Example.com' })).statusCode, 200, 'an address is not a password')
})

t.test('a wrong login does not tell what was wrong', async (t) => {
  const { app } = await createExample(t)
  const wrongPassword = await login(app, { ...ALICE, password: 'builder' })
  const wrongEmail = await login(app, { ...ALICE, email: 'carol@example.com' })
  t.equal(wrongPassword.statusCode, 401)
  t.match(wrongPassword.json(), { code: 'WRONG_LOGIN', message: 'Wrong email or password' })
  t.strictSame([wrongEmail.statusCode, wrongEmail.body], [wrongPassword.statusCode, wrongPassword.body])
  t.strictSame(wrongPassword.cookies, [])
  t.equal((await login(app, { ...ALICE, password: '' })).statusCode, 401)
})

t.test('a login that is none', async (t) => {
  const { app } = await createExample(t)
  for (const payload of [{}, { email: ALICE.email }, { ...ALICE, password: 'x'.repeat(257) }, { ...ALICE, email: { a: 1 } }]) {
    t.equal((await login(app, payload)).statusCode, 400)
  }
  const form = await app.inject({
    method: 'POST', url: '/login', payload: new URLSearchParams(ALICE).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' }
  })
  t.equal(form.statusCode, 415, 'another site cannot log its visitors in with a form')
})

t.test('the protected API wants an access token', async (t) => {
  const { app, clock } = await createExample(t)
  t.equal((await app.inject('/api/profile')).statusCode, 401)

  const headers = bearer(await login(app, ALICE))
  const answer = await app.inject({ url: '/api/profile', headers })
  t.equal(answer.statusCode, 200)
  t.match(answer.json(), {
    profile: { id: 'user-1', email: ALICE.email, name: 'Alice', role: 'admin' },
    claims: { sub: 'user-1', name: 'Alice', role: 'admin', sid: String, iat: clock.now / 1000, exp: clock.now / 1000 + 30 }
  })
  t.notMatch(answer.body, /salt|hash/)

  const { headers: ofNoOne } = await loginAs(app, { sub: 'user-9' })
  t.equal((await app.inject({ url: '/api/profile', headers: ofNoOne })).json().profile, null, 'an account that is gone')

  clock.now += 30_000
  t.match((await app.inject({ url: '/api/profile', headers })).json(), { code: 'FST_JWT_ACCESS_TOKEN_EXPIRED' })
})

t.test('the sensitive API notices at once that a session was ended', async (t) => {
  const { app } = await createExample(t)
  const phone = bearer(await login(app, ALICE))
  const laptop = bearer(await login(app, ALICE))
  const transfer = { method: 'POST', url: '/api/transfer', payload: { amount: 100 }, headers: phone } as const
  t.match((await app.inject(transfer)).json(), { transferred: 100, from: 'user-1' })
  t.equal((await app.inject({ ...transfer, payload: { amount: -1 } })).statusCode, 400)

  const { id } = (await app.inject({ url: '/auth/sessions', headers: phone })).json()
    .find(({ current }: { current: boolean }) => current)
  t.equal((await app.inject({ method: 'DELETE', url: `/auth/sessions/${id}`, headers: laptop })).statusCode, 204)

  const refused = await app.inject(transfer)
  t.equal(refused.statusCode, 401)
  t.match(refused.json(), { code: 'FST_JWT_SESSION_ENDED' })
  t.equal((await app.inject({ url: '/api/profile', headers: phone })).statusCode, 200, 'the protected one only asks the token')
})

t.test('a user sees and ends no device of another', async (t) => {
  const { app } = await createExample(t)
  const alice = bearer(await login(app, ALICE))
  const bob = bearer(await login(app, BOB))
  const [session] = (await app.inject({ url: '/auth/sessions', headers: alice })).json()
  t.equal((await app.inject({ method: 'DELETE', url: `/auth/sessions/${session.id}`, headers: bob })).statusCode, 404)
  t.equal((await app.inject({ url: '/auth/sessions', headers: alice })).json().length, 1)
})

t.test('options from the environment', async (t) => {
  const { AUTH_SECRET, INSECURE_COOKIE } = process.env
  t.teardown(() => {
    for (const [name, value] of Object.entries({ AUTH_SECRET, INSECURE_COOKIE })) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  process.env.AUTH_SECRET = 'a secret of more than thirty-two bytes'
  process.env.INSECURE_COOKIE = '1'
  const first = await createExample(t)
  const second = await createExample(t)
  const response = await login(first.app, ALICE)
  t.notMatch(response.headers['set-cookie'], 'Secure')
  t.equal((await second.app.inject({ url: '/api/profile', headers: bearer(response) })).statusCode, 200, 'one secret, one token')

  process.env.AUTH_SECRET = ''
  await t.rejects(createExample(t), { code: 'FST_JWT_INVALID_OPTION' }, 'an empty secret is a mistake, not a wish for a random one')
})
