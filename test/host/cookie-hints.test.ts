import { Writable } from 'node:stream'
import cors from '@fastify/cors'
import Fastify from 'fastify'
import type { FastifyServerOptions, InjectOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { SECRET } from '../fixtures/app.ts'

const FRONT = 'https://front.example'
const SAME_SITE = { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', origin: FRONT }
const CROSS_SITE = { ...SAME_SITE, 'sec-fetch-site': 'cross-site' }
const LAN = { host: '192.168.0.5:3000', origin: 'http://192.168.0.5:3000' }

type Headers = Record<string, string>

/** Returns the warnings that are logged while a browser logs in and refreshes. */
async function browse (t: Test, options: Partial<JwtRefreshOptions> = {}, server: FastifyServerOptions = {}, allowed = true) {
  const warnings: Array<{ msg: string, host?: string, origin?: string }> = []
  const stream = new Writable({
    write (line, _encoding, done) {
      const entry = JSON.parse(line)
      if (entry.level === 40 && !/in memory/.test(entry.msg)) warnings.push(entry)
      done()
    }
  })
  const app = Fastify({ ...server, logger: { level: 'warn', stream } })
  t.teardown(() => app.close())
  await app.register(cors, { origin: true, credentials: allowed })
  await app.register(jwtRefresh, { secret: SECRET, trustedOrigins: [FRONT], ...options })
  app.route({ method: ['GET', 'POST'], url: '/login', handler: async (_request, reply) => reply.issueTokens({ sub: 'user-1' }, { crossSite: true }) })
  app.post('/native', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }, { transport: 'body' }))

  async function send (request: InjectOptions): Promise<string[]> {
    warnings.length = 0
    await app.inject({ method: 'POST', ...request })
    return warnings.map(({ msg }) => msg)
  }
  return {
    warnings,
    login: (headers: Headers, request: InjectOptions = {}) => send({ url: '/login', headers, ...request }),
    refresh: (headers: Headers = {}, payload?: object) => send({ url: '/auth/refresh', headers, ...(payload && { payload }) }),
    native: (headers: Headers) => send({ url: '/native', headers })
  }
}

t.test('a login over plain http on a host that is not localhost warns once, since the cookie is Secure', async (t) => {
  const { login, warnings } = await browse(t)
  t.match(await login(LAN), [/plain http: browsers drop it.*Serve https, or develop with cookie: { secure: false }/])
  t.match(warnings, [{ host: LAN.host, origin: LAN.origin }])
  t.strictSame(await login(LAN), [], 'once')
})

t.test('a login of which the browser keeps the cookie does not warn of plain http', async (t) => {
  const { login } = await browse(t)
  for (const host of ['localhost:3000', 'app.localhost', '127.0.0.1:3000', '[::1]:3000', 'LOCALHOST']) {
    t.strictSame(await login({ host, origin: `http://${host}` }), [], host)
  }
  t.strictSame(await login({ host: 'app.example', origin: 'https://app.example' }), [], 'a proxy ends TLS')
  t.strictSame(await login({ ...LAN, 'sec-fetch-site': 'same-origin' }), [], 'which browsers do not say over plain http')
  t.strictSame(await login({ host: LAN.host }), [], 'no browser')
  const behindProxy = await browse(t, {}, { trustProxy: true })
  t.strictSame(await behindProxy.login({ ...LAN, 'x-forwarded-proto': 'https' }), [])
  const insecure = await browse(t, { cookie: { secure: false } })
  t.strictSame(await insecure.login(LAN), [])
})

t.test('a login from another site warns once where SameSite lets the browser drop the cookie', async (t) => {
  for (const sameSite of ['strict', 'lax'] as const) {
    const { login } = await browse(t, { cookie: { sameSite } })
    t.match(await login(CROSS_SITE), [new RegExp(`SameSite=${sameSite}: browsers drop it.*cookie: { sameSite: 'none' }`)])
    t.strictSame(await login(CROSS_SITE), [], 'once')
  }
  const none = await browse(t, { cookie: { sameSite: 'none' } })
  t.strictSame(await none.login(CROSS_SITE), [])
})

t.test('the redirect or form of an identity provider does not warn: the browser shows the answer as a page, and keeps the cookie', async (t) => {
  const { login } = await browse(t)
  const navigation = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', origin: 'https://idp.example' }
  t.strictSame(await login(navigation, { method: 'GET' }), [])
  t.strictSame(await login(navigation), [])
  t.match(await login({ ...navigation, 'sec-fetch-dest': 'iframe' }), [/SameSite=strict/])
})

t.test('a login from another origin warns once where the answer does not allow credentials', async (t) => {
  const { login } = await browse(t, {}, {}, false)
  t.match(await login(SAME_SITE), [/does not allow credentials.*credentials: true.*credentials: 'include'/])
  t.strictSame(await login(SAME_SITE), [], 'once')
  const allowed = await browse(t)
  t.strictSame(await allowed.login(SAME_SITE), [])
  t.strictSame(await allowed.login({ ...SAME_SITE, 'sec-fetch-site': 'same-origin' }), [])
})

t.test('a refresh from another origin without any cookie warns once, where a login came from another origin before', async (t) => {
  const { login, refresh } = await browse(t)
  t.strictSame(await refresh(SAME_SITE), [], 'of somebody who is not signed in')
  await login(SAME_SITE)
  t.strictSame(await refresh({ ...SAME_SITE, cookie: 'theme=dark' }), [])
  t.strictSame(await refresh({ ...SAME_SITE, 'sec-fetch-site': 'same-origin' }), [])
  t.match(await refresh(SAME_SITE), [/had no cookie at all.*credentials: 'include'.*withCredentials: true/])
  t.strictSame(await refresh(SAME_SITE), [], 'once')
})

t.test('a refresh token in the body warns once where the transport is the cookie, and is not shown', async (t) => {
  const { refresh, warnings } = await browse(t)
  t.match(await refresh({}, { refreshToken: 'eyJ.secret' }), [/in its body, where it is not read: give refreshToken: { transport: 'both' }/])
  t.notMatch(JSON.stringify(warnings), /eyJ/)
  t.strictSame(await refresh({}, { refreshToken: 'eyJ.secret' }), [], 'once')
  t.strictSame(await refresh(), [])
  const both = await browse(t, { refreshToken: { transport: 'both' } })
  t.strictSame(await both.refresh({}, { refreshToken: 'eyJ.secret' }), [])
})

t.test('a cookie.path that lacks the prefix which a proxy strips warns once', async (t) => {
  const { login } = await browse(t, { cookie: { path: '/auth' } })
  for (const prefix of ['/', 'api', '//evil\n', `/${'x'.repeat(200)}`]) t.strictSame(await login({ 'x-forwarded-prefix': prefix }), [], prefix)
  t.strictSame(await login({}), [])
  t.match(await login({ 'x-forwarded-prefix': '/api/' }), [/has the path \/auth, but browsers refresh below \/api,.*give publicUrl with this path.*or leave cookie\.path out/])
  t.strictSame(await login({ 'x-forwarded-prefix': '/api' }), [], 'once')
})

t.test('a cookie.path that lacks the prefix which rewriteUrl strips warns', async (t) => {
  const rewriteUrl: FastifyServerOptions['rewriteUrl'] = ({ url = '' }) => url.replace(/^\/api/, '')
  const { login } = await browse(t, { cookie: { path: '/auth' } }, { rewriteUrl })
  t.match(await login({}, { url: '/api/login' }), [/browsers refresh below \/api/])
  const renaming = await browse(t, { cookie: { path: '/auth' } }, { rewriteUrl: () => '/login?from=elsewhere' })
  t.strictSame(await renaming.login({}, { url: '/api/sign-in' }), [])
})

t.test('a stripped prefix does no harm to the path "/", below cookie.path, or with publicUrl', async (t) => {
  const headers = { 'x-forwarded-prefix': '/api' }
  t.strictSame(await (await browse(t)).login(headers), [])
  const options = { publicUrl: 'https://app.example/api', cookie: { path: '/api/auth' } }
  t.strictSame(await (await browse(t, options)).login(headers), [])
  t.strictSame(await (await browse(t, { prefix: '/api/auth', cookie: { path: '/api' } })).login(headers), [])
})

t.test('a login that sets no cookie warns of none', async (t) => {
  const { native } = await browse(t, { refreshToken: { transport: 'both' } })
  t.strictSame(await native({ ...LAN, 'x-forwarded-prefix': '/api' }), [])
})
