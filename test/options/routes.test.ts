import Fastify from 'fastify'
import t from 'tap'
import jwtRefresh from '../../index.ts'
import type { CookieOptions } from '../../index.ts'
import { loginAs } from '../../lib/testing/index.ts'
import { SECRET } from '../fixtures/app.ts'
import { boots, deepFreeze, p256, REFRESH, refusesToBoot } from '../fixtures/hostile-options.ts'
import type { Mistake } from '../fixtures/hostile-options.ts'

const PAIR = { ...REFRESH, secret: p256 }
const ROUTES = ['refresh', 'logout', 'sessions', 'jwks']

refusesToBoot(t, 'a cookie that browsers would drop', [
  ['__Host- with a domain', { cookie: { name: '__Host-x', domain: 'example.com' } }, 'cookie.name is "__Host-x"', /leave cookie.path and cookie.domain out/],
  ['__Host- with a path', { cookie: { name: '__Host-x', path: '/auth' } }, 'cookie.name is "__Host-x"', /leave cookie.path and cookie.domain out/],
  ['__host- in lower case', { cookie: { name: '__host-x', path: '/auth' } }, 'cookie.name is "__host-x"', /leave cookie.path/],
  ['__Host- without secure', { cookie: { name: '__Host-x', secure: false } }, 'cookie.name is "__Host-x"', /leave cookie.secure true/],
  ['__Secure- without secure', { cookie: { name: '__Secure-x', secure: false } }, 'cookie.name is "__Secure-x"', /leave cookie.secure true/],
  ['__Http- without secure', { cookie: { name: '__Http-x', secure: false } }, 'cookie.name is "__Http-x"', /leave cookie.secure true/],
  ['sameSite none without secure', { cookie: { sameSite: 'none', secure: false } }, 'cookie.sameSite is "none"', /leave cookie.secure true/],
  ['partitioned without secure', { cookie: { partitioned: true, secure: false } }, 'cookie.partitioned is true', /leave cookie.secure true/]
])

refusesToBoot(t, 'a cookie attribute of a wrong kind', [
  ...['a b', 'a;b', 'a=b', 'a,b', 'a"b', 'a\r\nb', 'a\0b', 'é', '💥', 'a/b', 'a(b', 'a\\b', 'a\tb'].map((name): Mistake => [`name ${JSON.stringify(name)}`, { cookie: { name } }, 'cookie.name is', /give a cookie name such as "refreshToken"/]),
  ...['', null, 1, true, {}, []].map((name): Mistake => [`name ${String(name)}`, { cookie: { name } }, 'cookie.name is', /give a non-empty string/]),
  ...['auth', '/a;b', '/a; Domain=evil.example', '/a\r\nSet-Cookie: x=y', '/a b', '/é', '/\0', '/<a>', 'https://x/'].map((path): Mistake => [`path ${JSON.stringify(path)}`, { cookie: { path } }, 'cookie.path is', /give a path such as "\/auth"/]),
  ...['', null, 1, true, {}].map((path): Mistake => [`path ${String(path)}`, { cookie: { path } }, 'cookie.path is', /give a non-empty string/]),
  ...['a b', 'a;b', 'example.com; HttpOnly', 'a\r\nb', 'example..com', '*.example.com', 'https://example.com', 'example.com:8080', 'example.com/', '-example.com', 'example-.com', 'example.com.', '.', 'é.example', '[::1]', 'a,b'].map((domain): Mistake =>
    [`domain ${JSON.stringify(domain)}`, { cookie: { domain } }, 'cookie.domain is', /give a host name such as "example.com"/]),
  ...['', null, 1, true, {}].map((domain): Mistake => [`domain ${String(domain)}`, { cookie: { domain } }, 'cookie.domain is', /give a non-empty string/]),
  ...['true', 'auto', 1, 0, null, {}].flatMap((value) => ['secure', 'partitioned'].map((name): Mistake => [`${name} ${String(value)}`, { cookie: { [name]: value } }, `cookie.${name} is`, /give true or false/])),
  ...['Strict', 'STRICT', '', true, false, null, 1, 'no'].map((sameSite): Mistake => [`sameSite ${String(sameSite)}`, { cookie: { sameSite } }, 'cookie.sameSite is', /give "strict", "lax", "none"$/])
])

refusesToBoot(t, 'a cookie attribute that is longer than browsers take', [
  ['name', { cookie: { name: 'n'.repeat(1025) } }, 'cookie.name has 1025 characters', /at most 1024: give a shorter one/],
  ['path', { cookie: { path: `/${'p'.repeat(1024)}` } }, 'cookie.path has 1025 characters', /give a shorter one/],
  ['domain', { cookie: { domain: `${'d'.repeat(1025)}.example` } }, 'cookie.domain has 1033 characters', /give a shorter one/]
])

refusesToBoot(t, 'a cookie path that does not cover the routes', [
  ['another path', { cookie: { path: '/api' } }, 'cookie.path is "/api"', /routes.refresh \(\/auth\/refresh\): give a path that both have in common, or publicUrl if a proxy strips a prefix$/],
  ['a path that only looks like it', { cookie: { path: '/aut' } }, 'cookie.path is "/aut"', /routes.refresh/],
  ['the path of one route', { cookie: { path: '/auth/refresh' } }, 'cookie.path is "/auth/refresh"', /routes.logout \(\/auth\/logout\)/],
  ['a slash too many', { prefix: '', cookie: { path: '/auth/' } }, 'cookie.path is "/auth/"', /routes.refresh \(\/refresh\)/],
  ['in upper case', { cookie: { path: '/AUTH' } }, 'cookie.path is "/AUTH"', /in common/],
  ['with transport both', { cookie: { path: '/x' }, refreshToken: { transport: 'both' } }, 'cookie.path is "/x"', /in common/]
])
refusesToBoot(t, 'a cookie path that does not cover the routes of a prefixed scope', [
  ['the path without the scope', { cookie: { path: '/auth' } }, 'cookie.path is "/auth"', /routes.refresh \(\/v1\/auth\/refresh\)/],
  ['jwks below the root', { ...PAIR, routes: { jwks: true } }, 'routes.jwks is on in the scope "/v1"', /register the plugin at the root/, /or leave the route out/],
  ['jwks at a path of its own', { ...PAIR, routes: { jwks: '/keys' } }, 'routes.jwks is on in the scope "/v1"', /at the root/]
], '/v1')
refusesToBoot(t, 'a prefix with a parameter, which no cookie path can have', [
  ['in the scope', { cookie: { path: '/:tenant/auth' } }, 'cookie.path is "/:tenant/auth"', /no browser fills in: give a path without one, such as "\/"/]
], '/:tenant')
refusesToBoot(t, 'a prefix of ours with a parameter', [
  ['in the prefix', { prefix: '/:tenant/auth', cookie: { path: '/:tenant/auth' } }, 'cookie.path is "/:tenant/auth"', /no browser fills in/]
])

refusesToBoot(t, 'a cookie path that does not cover the routes under publicUrl', [
  ['the path without the stripped prefix', { publicUrl: 'https://example.com/api', cookie: { path: '/auth' } }, 'cookie.path is "/auth"', /routes.refresh \(\/api\/auth\/refresh\): give a path that both have in common, or another publicUrl$/],
  ['another prefix', { publicUrl: 'https://example.com/api', cookie: { path: '/v1' } }, 'cookie.path is "/v1"', /\(\/api\/auth\/refresh\)/],
  ['the path of one route', { publicUrl: 'https://example.com/api', cookie: { path: '/api/auth/refresh' } }, 'cookie.path is "/api/auth/refresh"', /routes.logout \(\/api\/auth\/logout\)/]
])
refusesToBoot(t, 'the prefix of the scope in a cookie path, where publicUrl says that browsers do not see it', [
  ['the scope', { publicUrl: 'https://example.com', cookie: { path: '/v1/auth' } }, 'cookie.path is "/v1/auth"', /routes.refresh \(\/auth\/refresh\)/]
], '/v1')

refusesToBoot(t, 'a public URL that is none', ['', 'example.com', '/api', '//example.com', 'https://', 'https:example.com', 'ftp://example.com', 'capacitor://localhost', 'https://example.com?x', 'https://example.com/?', 'https://example.com/#x', 'https://user@example.com', 'https://u:p@example.com',
  'https://example.com/:tenant', 'https://:tenant.example.com', 'https://*.example.com', 'https://example.com/*', ' https://example.com', 'https://example.com ', 'https://exa mple.com', 'https://example.com\\api', 'https://example.com:99999', 'https://[::1', null, 1, true, {}, [], ['https://example.com'], new URL('https://example.com')].map((publicUrl): Mistake =>
  [String(publicUrl), { publicUrl }, 'publicUrl is', /give the http or https URL of the scope, such as "https:\/\/example.com\/api"/]))

refusesToBoot(t, 'jwks where there is nothing to show', [
  ['an HMAC secret', { routes: { jwks: true } }, 'routes.jwks is on, but every secret is an HMAC secret', /give \{ private, public \}/],
  ['two HMAC secrets', { secret: [SECRET, 'another secret of more than thirty-two bytes'], routes: { jwks: '/keys' } }, 'routes.jwks is on, but every secret', /leave the route out/]
])

refusesToBoot(t, 'a route of a wrong kind', ROUTES.flatMap((name): Mistake[] => [
  ...[null, 1, 0, [], () => '/x', Symbol('x')].map((value): Mistake => [`${name} ${String(value)}`, { ...PAIR, routes: { [name]: value } }, `routes.${name} is`, /give true, false, a path or \{ path, …route options \}/]),
  ...['', 'x', 'refresh', '/', '/a b', '/a?b', '/a#b', '/:id', '/*', 'https://x.example/x'].map((path): Mistake => [`${name} ${JSON.stringify(path)}`, { ...PAIR, routes: { [name]: path } }, `routes.${name} is`, /give a path such as "\/refresh"/]),
  ...['', 'x', '/a b', '/:id', 1, null, {}].map((path): Mistake => [`${name}.path ${String(path)}`, { ...PAIR, routes: { [name]: { path } } }, `routes.${name}.path is`, /give a path such as "\/refresh"/]),
  ...[['method', 'GET'], ['url', '/x'], ['handler', () => 'x'], ['method', undefined]].map(([option, value]): Mistake =>
    [`${name}.${String(option)}`, { ...PAIR, routes: { [name]: { path: '/x', [option as string]: value } } }, `routes.${name}.${String(option)} is given`, `or give false as routes.${name} and add a route of your own`])
]))

refusesToBoot(t, 'a recent login that is asked for in a wrong place or in a wrong way', [
  ...ROUTES.filter((name) => name !== 'sessions').map((name): Mistake =>
    [name, { ...PAIR, routes: { [name]: { requireRecentLogin: '10m' } } }, `routes.${name}.requireRecentLogin is given`, /only ending a session of routes.sessions can ask for a recent login: leave it out/]),
  ['a misspelled name', { ...PAIR, routes: { sessions: { requireRecentlogin: '10m' } } }, 'routes.sessions.requireRecentlogin is unknown', /did you mean requireRecentLogin\?/],
  ...[0, '10', 'soon', 1.5, true, null].map((value): Mistake => [String(value), { ...PAIR, routes: { sessions: { requireRecentLogin: value } } }, 'routes.sessions.requireRecentLogin is', /give /])
])

const schema = { type: 'object', properties: { device: { type: 'string' } } }
refusesToBoot(t, 'a schema that our validator does not know', ROUTES.flatMap((name) => ['body', 'querystring', 'query', 'headers', 'params'].map((part): Mistake =>
  [`${name} ${part}`, { ...PAIR, routes: { [name]: { schema: { summary: 'x', [part]: schema } } } }, `routes.${name}.schema.${part} is given`, `give routes.${name}.validatorCompiler, too, or leave it out`])))

boots(t, 'routes and cookies at the edge', {
  'a schema with its own compiler': { routes: { refresh: { schema: { body: schema }, validatorCompiler: () => () => true } } },
  'a schema that only describes': { routes: { logout: { schema: { summary: 'Bye', tags: ['auth'], response: { 204: { type: 'null', description: 'x' } } } } } },
  'hooks, limits, levels': { routes: { refresh: { path: '/renew', bodyLimit: 2048, logLevel: 'warn', config: { rateLimit: { max: 5 } }, preHandler: [async () => {}], onRequest: async () => {} }, sessions: { onRequest: [async () => {}] } } },
  'jwks with a path': { ...PAIR, routes: { jwks: '/keys.json' } },
  'jwks beside an old HMAC secret': { ...PAIR, secret: [p256, SECRET], routes: { jwks: true } },
  'jwks of the public key alone': { secret: { public: p256.public }, routes: { jwks: true } },
  '__Host-': { cookie: { name: '__Host-refresh' } },
  '__Host- with its path': { cookie: { name: '__Host-refresh', path: '/' } },
  '__Secure-': { cookie: { name: '__Secure-refresh', domain: 'example.com' } },
  'sameSite none': { cookie: { sameSite: 'none', partitioned: true } },
  'not secure, for a test': { cookie: { secure: false, sameSite: 'lax' } },
  'the default path': { cookie: { path: '/' } },
  'a wider path': { prefix: '/api/auth', cookie: { path: '/api' } },
  'the longest attributes': { prefix: `/${'p'.repeat(1023)}`, cookie: { name: 'n'.repeat(1024), path: `/${'p'.repeat(1023)}` } },
  '__Http-': { cookie: { name: '__Http-refresh', path: '/auth' } },
  'a public URL': { publicUrl: 'https://example.com' },
  'a public URL with a slash at its end': { publicUrl: 'https://example.com/' },
  'a public URL with a path, and a cookie path under it': { publicUrl: 'https://example.com/api/', cookie: { path: '/api/auth' } },
  'a public URL with a path, and the whole of it': { publicUrl: 'https://example.com/api', cookie: { path: '/api' } },
  'a public URL in another spelling': { publicUrl: 'HTTPS://Example.com:443/a/../api', cookie: { path: '/api/auth' } },
  'public URLs of other hosts': { publicUrl: 'http://[::1]:3000/api' },
  'a public URL of an IDN': { publicUrl: 'https://bücher.example' },
  'just the path': { cookie: { path: '/auth/' } },
  'a path of one route, the other off': { cookie: { path: '/auth/refresh' }, routes: { logout: false } },
  'any path where no cookie is used': { cookie: { path: '/elsewhere' }, refreshToken: { transport: 'body' } },
  'a parameter': { prefix: '/:tenant/auth' },
  'a parameter where no cookie is used': { prefix: '/:tenant/auth', refreshToken: { transport: 'body' } },
  'a parameter and a path above it': { prefix: '/:tenant/auth', cookie: { path: '/' } },
  'a domain with a dot before it': { cookie: { domain: '.example.com' } },
  localhost: { cookie: { domain: 'localhost' } },
  'odd but legal names': { cookie: { name: "!#$%&'*+-.^_`|~" } }
})

boots(t, 'in a prefixed scope, a public URL takes the place of its prefix', {
  'the scope is seen under another path': { publicUrl: 'https://example.com/api', cookie: { path: '/api/auth' } },
  'the scope is seen at the root': { publicUrl: 'https://example.com', cookie: { path: '/auth' } },
  'the scope is seen as it is': { publicUrl: 'https://example.com/v1', cookie: { path: '/v1' } }
}, '/v1')

t.test('the cookie has the strictest name that its attributes allow', async (t) => {
  const cases: Array<[CookieOptions | undefined, string, string]> = [
    [undefined, '__Host-refreshToken', '/'],
    [{ sameSite: 'none', partitioned: true }, '__Host-refreshToken', '/'],
    [{ path: '/' }, '__Host-refreshToken', '/'],
    [{ path: undefined, domain: undefined, secure: undefined }, '__Host-refreshToken', '/'],
    [{ path: '/auth' }, '__Secure-refreshToken', '/auth'],
    [{ domain: 'example.com' }, '__Secure-refreshToken', '/'],
    [{ secure: false }, 'refreshToken', '/'],
    [{ secure: false, path: '/auth' }, 'refreshToken', '/auth'],
    [{ secure: false, domain: 'example.com' }, 'refreshToken', '/'],
    [{ name: 'session' }, 'session', '/'],
    [{ name: 'session', path: '/auth' }, 'session', '/auth']
  ]
  for (const [cookie, name, path] of cases) {
    const app = Fastify()
    t.teardown(async () => await app.close())
    await app.register(jwtRefresh, { secret: SECRET, cookie })
    app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
    const { cookies } = await app.inject({ method: 'POST', url: '/login' })
    t.match(cookies, [{ name, path, secure: cookie?.secure === false ? undefined : true }], JSON.stringify(cookie))
    const given = await loginAs(app, { sub: 'user-1' })
    t.strictSame(Object.keys(given.cookies), [name], 'and loginAs knows it')
    t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies: given.cookies })).statusCode, 200)
  }
})

t.test('another plugin that adds hooks to the lists of our routes does not reach the host\'s options', async (t) => {
  const options = { secret: SECRET, routes: { refresh: { preHandler: [async () => {}] }, logout: { onRequest: [async () => {}] } } }
  deepFreeze(options)
  const app = Fastify()
  t.teardown(async () => await app.close())
  app.addHook('onRoute', (route) => {
    for (const hook of ['preHandler', 'onRequest'] as const) if (Array.isArray(route[hook])) route[hook].push(async () => {})
  })
  await app.register(jwtRefresh, options)
  await app.ready()
  t.equal(options.routes.refresh.preHandler.length, 1)
})

t.test('where the app has a route already, Fastify says which', async (t) => {
  for (const routes of [{ refresh: '/x', logout: '/x' }, { refresh: '/taken' }]) {
    const app = Fastify()
    t.teardown(async () => await app.close())
    app.post('/auth/taken', async () => 'x')
    await t.rejects(Promise.resolve(app.register(jwtRefresh, { secret: SECRET, routes })).then(async () => await app.ready()), { code: 'FST_ERR_DUPLICATED_ROUTE', message: /\/auth\/(x|taken)/ })
  }
})
