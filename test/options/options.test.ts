import { mock } from 'node:test'
import Fastify from 'fastify'
import t from 'tap'
import jwtRefresh, { MemoryStore } from '../../index.ts'
import { loginAs } from '../../lib/testing/index.ts'
import { createApp, DAY, MINUTE, SECOND, SECRET, START } from '../fixtures/app.ts'
import { boot, boots, p256, REFRESH, refusesToBoot } from '../fixtures/hostile-options.ts'
import type { Mistake } from '../fixtures/hostile-options.ts'

const at = (option: string, value: unknown): Record<string, unknown> =>
  option.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Record<string, unknown>

const notObject = [null, true, false, 1, 'x', [], () => {}, Symbol('x')]
const GROUPS = ['accessToken', 'refreshToken', 'cookie', 'routes', 'decorators']

refusesToBoot(t, 'an option group that is no object', GROUPS.flatMap((group) => notObject.map((value): Mistake =>
  [`${group} ${String(value)}`, { [group]: value }, `${group} is`, /give an object with \w+, \w+/])))

refusesToBoot(t, 'an option that there is not', [
  ['secrets', { secrets: 'x' }, 'secrets is unknown', 'did you mean secret?'],
  ['accesstoken', { accesstoken: {} }, 'accesstoken is unknown', 'did you mean accessToken?'],
  ['refresh_token', { refresh_token: {} }, 'refresh_token is unknown', 'did you mean refreshToken?'],
  ['cookies', { cookies: {} }, 'cookies is unknown', 'did you mean cookie?'],
  ['trustedOrigin', { trustedOrigin: [] }, 'trustedOrigin is unknown', 'did you mean trustedOrigins?'],
  ['onEvents', { onEvents: () => {} }, 'onEvents is unknown', 'did you mean onEvent?'],
  ['an unknown one that is undefined', { storeTimeOut: undefined }, 'storeTimeOut is unknown', 'did you mean storeTimeout?'],
  ['constructor', { constructor: 1 }, 'constructor is unknown', /give secret, /],
  ['one that resembles none', { wxyz: 1 }, 'wxyz is unknown', /give secret, accessToken, refreshToken, cookie, .*, logSerializers$/],
  ['accessToken.expires', { accessToken: { expires: 1 } }, 'accessToken.expires is unknown', 'did you mean expiresIn?'],
  ['accessToken.iss', { accessToken: { iss: 'x' } }, 'accessToken.iss is unknown', 'did you mean issuer?'],
  ['refreshToken.maxage', { refreshToken: { maxage: 1 } }, 'refreshToken.maxage is unknown', 'did you mean maxAge?'],
  ['refreshToken.rotate', { refreshToken: { rotate: true } }, 'refreshToken.rotate is unknown', 'did you mean rotation?'],
  ['cookie.samesite', { cookie: { samesite: 'lax' } }, 'cookie.samesite is unknown', 'did you mean sameSite?'],
  ['routes.login', { routes: { login: true } }, 'routes.login is unknown', 'did you mean logout?'],
  ['routes.session', { routes: { session: true } }, 'routes.session is unknown', 'did you mean sessions?'],
  ['decorators.authentication', { decorators: { authentication: 'x' } }, 'decorators.authentication is unknown', 'did you mean authenticate?'],
  ['decorators.user', { decorators: { user: 'x' } }, 'decorators.user is unknown', /give authenticate, authenticateOrRefresh, refresh, requireSession, requireRecentLogin, sessions, verifyAccessToken, issueTokens, renewAccessToken, revokeTokens, tokens$/]
])

const HABITS: Record<string, string[]> = {
  'give accessToken: { expiresIn, issuer, audience, algorithm }': ['sign', 'signOptions'],
  'give accessToken: { issuer, audience, clockTolerance, extract }': ['verify', 'verifyOptions'],
  'give accessToken: { expiresIn } or refreshToken: { expiresIn }': ['expiresIn'],
  'give accessToken: { issuer }': ['issuer'],
  'give accessToken: { audience }': ['audience'],
  'give accessToken: { algorithm }, or leave it out': ['algorithm', 'algorithms'],
  'give accessToken: { clockTolerance }': ['clockTolerance'],
  'give accessToken: { cache }': ['cache'],
  'give accessToken: { extract }': ['extractToken'],
  'give accessToken.issuer': ['accessToken.allowedIss'],
  'give accessToken.audience': ['accessToken.allowedAud'],
  'give accessToken.extract': ['accessToken.extractToken'],
  'give accessToken.expiresIn': ['accessToken.maxAge'],
  'give accessToken.algorithm, or leave it out': ['accessToken.algorithms'],
  'give secret beside accessToken': ['accessToken.secret', 'accessToken.key'],
  'give refreshToken: { maxAge }': ['maxAge'],
  'give refreshToken: { secret }': ['refreshSecret', 'refreshTokenSecret'],
  'give cookie: { name }': ['cookieName', 'refreshToken.cookieName'],
  'give cookie: { secure }': ['secure'],
  'give cookie: { sameSite }': ['sameSite'],
  'give cookie: { domain }': ['domain'],
  'give cookie: { path }, or prefix': ['path'],
  'give refreshToken: { rotation }': ['rotation'],
  'give refreshToken: { overlap }': ['overlap'],
  'give refreshToken: { transport }': ['transport'],
  'give accessToken: { expiresIn }': ['accessTokenExpiresIn'],
  'give refreshToken: { expiresIn }': ['refreshTokenExpiresIn'],
  'give routes: { refresh }': ['refreshPath'],
  'give routes: { logout }': ['logoutPath'],
  'give store: redisStore(client)': ['redis'],
  'give cookie.name': ['cookie.cookieName'],
  'give cookie': ['cookieOptions'],
  'give cookie beside refreshToken': ['refreshToken.cookie'],
  'leave it out, since the token in the cookie is signed': ['cookie.signed', 'accessToken.cookie.signed'],
  'leave it out, since the cookie always is': ['cookie.httpOnly', 'httpOnly', 'accessToken.cookie.httpOnly'],
  'leave it out, since the cookie lives as long as its session': ['cookie.maxAge', 'cookie.expires'],
  'leave it out, since the cookie lives as long as its token': ['accessToken.cookie.maxAge', 'accessToken.cookie.expires'],
  'leave it out, since it is the same as in the option cookie': ['accessToken.cookie.secure', 'accessToken.cookie.partitioned'],
  'give accessToken.cookie.name': ['accessToken.cookie.cookieName'],
  'give accessToken: { transport: "cookie", cookie: { name } }': ['accessToken.cookieName'],
  'give secret': ['key', 'accessTokenSecret'],
  'give secret: { public }': ['publicKey'],
  'give secret: { private, public }': ['privateKey'],
  'give decorators: { authenticate }': ['jwtVerify'],
  'give decorators: { issueTokens }': ['jwtSign'],
  'give decorators, with another name': ['namespace'],
  'leave it out, since the claims are always request.user': ['decoratorName'],
  'leave it out, since no token is read that is not verified': ['decode', 'jwtDecode'],
  'leave it out, and change request.user in a preHandler hook': ['formatUser'],
  'leave it out, and put app.requireSession after app.authenticate': ['trusted'],
  'leave it out, and choose messages by error.code': ['messages']
}

refusesToBoot(t, 'an option of @fastify/jwt and its like, whose place here is named', Object.entries(HABITS).flatMap(([mend, options]) =>
  options.map((option): Mistake => [option, withAccessCookie(at(option, { expiresIn: '15m' })), `${option} is unknown: ${mend}`])))

/** Adds the cookie transport, because a cookie without it is a different error. */
function withAccessCookie (options: Record<string, unknown>): Record<string, unknown> {
  const { accessToken } = options as { accessToken?: object }
  return accessToken === undefined ? options : { ...options, accessToken: { transport: 'cookie', ...accessToken } }
}

refusesToBoot(t, 'an access cookie that cannot work', [
  ...['header', 'Cookie', '', null, true].map((transport): Mistake => [`transport ${String(transport)}`, { accessToken: { transport } }, 'accessToken.transport is', /give "body", "cookie", "both"$/]),
  ['a cookie without a transport', { accessToken: { cookie: {} } }, 'accessToken.cookie is given', /give accessToken\.transport "cookie" or "both", or leave the option out/],
  ['refresh tokens in the body', { accessToken: { transport: 'cookie' }, refreshToken: { transport: 'body' } }, 'accessToken.transport is "cookie"', /give refreshToken\.transport "cookie" or "both"/],
  ['one name for both cookies', { accessToken: { transport: 'both', cookie: { name: 'x' } }, cookie: { name: 'x' } }, 'accessToken.cookie.name is "x"', /give another one/],
  ['a __Host- cookie with a path', { accessToken: { transport: 'cookie', cookie: { name: '__Host-a', path: '/app' } } }, 'accessToken.cookie.name is "__Host-a"', /leave accessToken\.cookie\.path and accessToken\.cookie\.domain out/],
  ['a __Host- cookie that is not secure', { accessToken: { transport: 'cookie', cookie: { name: '__Host-a' } }, cookie: { secure: false } }, 'accessToken.cookie.name is "__Host-a"', /leave cookie\.secure true/],
  ['no option of a cookie', { accessToken: { transport: 'cookie', cookie: { samesite: 'lax' } } }, 'accessToken.cookie.samesite is unknown', 'did you mean sameSite?']
])

const WHOLE = ['accessToken.expiresIn', 'refreshToken.maxAge']
const DURATIONS = [...WHOLE, 'refreshToken.expiresIn', 'refreshToken.overlap', 'refreshToken.retryWindow', 'refreshToken.recoveryWindow', 'accessToken.clockTolerance', 'storeTimeout', 'sweepInterval']

refusesToBoot(t, 'a duration that is none', DURATIONS.flatMap((option) =>
  ['120', '', ' ', 'm', '1', '-1m', '-5', '1 fortnight', '0 parsecs', '15min utes', 'Infinity', 'NaN', '1e3', 'P1D', '15:00', '1m 30s', null, -1, -0.001, NaN, -Infinity, true, {}, [], ['1m'], () => '1m', new Date(0)].map((value): Mistake =>
    [`${option} ${String(value)}`, at(option, value), `${option} is`, /give seconds as a number \(900\) or a string with its unit \("15m"\)/])))

refusesToBoot(t, 'a duration that is no whole second where only whole ones can stand', WHOLE.flatMap((option) =>
  [0, 0.5, 1.5, '1ms', '1500ms', '0s', Infinity, 1e12, Number.MAX_SAFE_INTEGER, 1e300].map((value): Mistake =>
    [`${option} ${value}`, at(option, value), `${option} is`, /give whole seconds, at least one/])))

const MILLISECONDS: Array<[option: string, value: number, meant: string, said: string]> = [
  ['accessToken.expiresIn', 900_000, '15m', '250h'],
  ['accessToken.expiresIn', 86_401, '86401ms', '86401s'],
  ['accessToken.clockTolerance', 5000, '5s', '5000s'],
  ['accessToken.clockTolerance', 600.5, '600.5ms', '600500ms'],
  ['refreshToken.expiresIn', 604_800_000, '7d', '7000d'],
  ['refreshToken.maxAge', 2_592_000_000, '30d', '30000d'],
  ['refreshToken.overlap', 10_000, '10s', '10000s'],
  ['refreshToken.retryWindow', 86_400_000, '1d', '1000d'],
  ['refreshToken.recoveryWindow', 86_400_000, '1d', '1000d'],
  ['storeTimeout', 2000, '2s', '2000s'],
  ['sweepInterval', 10_000, '10s', '10000s']
]

refusesToBoot(t, 'a number that was meant as milliseconds', MILLISECONDS.map(([option, value, meant, said]): Mistake =>
  [`${option} ${value}`, at(option, value), `${option} is ${value}, and a number is seconds: give "${meant}" if you meant milliseconds, else "${said}"`]))

refusesToBoot(t, 'durations that do not go together', [
  ['an idle life of nothing', { refreshToken: { expiresIn: 0 } }, 'refreshToken.expiresIn is 0', /for example, "7d"/],
  ['half a second', { refreshToken: { expiresIn: '500ms' } }, 'refreshToken.expiresIn is "500ms"', /"7d"/],
  ['an endless idle life', { refreshToken: { expiresIn: Infinity } }, 'refreshToken.expiresIn is Infinity', /"7d"/],
  ['an overlap as long as the idle life', { refreshToken: { overlap: '7d' } }, 'refreshToken.overlap is "7d"', /not shorter than refreshToken.expiresIn \(604800 s\): give less/],
  ['an overlap that is longer', { refreshToken: { overlap: 60, expiresIn: 59 } }, 'refreshToken.overlap is 60', /give less/],
  ['an overlap longer than the life of the access token', { refreshToken: { overlap: '20m' } }, 'refreshToken.overlap is "20m"', /longer than accessToken.expiresIn \(900 s\)/, /give less, or longer access tokens/],
  ['an overlap longer than a short one', { accessToken: { expiresIn: 10 }, refreshToken: { overlap: 11, rotation: false } }, 'refreshToken.overlap is 11', /longer than accessToken.expiresIn \(10 s\)/],
  ['an endless overlap', { refreshToken: { overlap: Infinity } }, 'refreshToken.overlap is Infinity', /give less/],
  ['an endless tolerance', { accessToken: { clockTolerance: Infinity } }, 'accessToken.clockTolerance is Infinity', /give a few seconds/],
  ['strict with an overlap', { refreshToken: { rotation: 'strict', overlap: '10s' } }, 'refreshToken.overlap is "10s"', /refreshToken.rotation is "strict"/, /leave one of them out/],
  ['strict with a retry window', { refreshToken: { rotation: 'strict', retryWindow: Infinity } }, 'refreshToken.retryWindow is Infinity', /"strict"/],
  ['strict with a recovery window', { refreshToken: { rotation: 'strict', recoveryWindow: 1 } }, 'refreshToken.recoveryWindow is 1', /"strict"/],
  ['a store that has no time', { storeTimeout: 0 }, 'storeTimeout is 0', /at least a millisecond/],
  ['a store that has less than a millisecond', { storeTimeout: 0.0001 }, 'storeTimeout is', /at least a millisecond/],
  ['a store that has for ever', { storeTimeout: Infinity }, 'storeTimeout is Infinity', /at most 24 days/],
  ['sweeps without a pause', { sweepInterval: 0 }, 'sweepInterval is 0', /give between a millisecond and ten days, or false/],
  ['sweeps that never come', { sweepInterval: Infinity }, 'sweepInterval is Infinity', /ten days/],
  ['a pause that no timer can hold', { sweepInterval: '11d' }, 'sweepInterval is "11d"', /ten days/],
  ['a time that no timer can hold', { storeTimeout: '25d' }, 'storeTimeout is 2160000 s', /at most 24 days/]
])

refusesToBoot(t, 'a choice that there is not', [
  ...['yes', 'Strict', 'STRICT', 1, 0, null, 'true', {}].map((rotation): Mistake => [`rotation ${String(rotation)}`, { refreshToken: { rotation } }, 'refreshToken.rotation is', /give true, false, "strict"$/]),
  ...['header', 'Cookie', '', null, true, ['cookie', 'body']].map((transport): Mistake => [`transport ${String(transport)}`, { refreshToken: { transport } }, 'refreshToken.transport is', /give "cookie", "body", "both"$/])
])

const noText = ['', null, 1, true, {}, () => 'x']
refusesToBoot(t, 'a value of a wrong type', [
  ...noText.map((issuer): Mistake => [`issuer ${String(issuer)}`, { accessToken: { issuer } }, 'accessToken.issuer is', /give a non-empty string/]),
  ['two issuers', { accessToken: { issuer: ['a', 'b'] } }, 'accessToken.issuer is an array', /give a non-empty string/],
  ...noText.map((audience): Mistake => [`audience ${String(audience)}`, { accessToken: { audience } }, 'accessToken.audience is', /give a non-empty string/]),
  ...[[], ['a', ''], [1], [null], [['a']]].map((audience): Mistake => [`audience ${JSON.stringify(audience)}`, { accessToken: { audience } }, 'accessToken.audience is an array', /one or more strings/]),
  ...[-1, 1.5, NaN, Infinity, 2 ** 23 + 1, '10', null, {}, '10k'].map((cache): Mistake => [`cache ${String(cache)}`, { accessToken: { cache } }, 'accessToken.cache is', /number of tokens to keep, 8 million at most, or false/]),
  ...['claims', 'onEvent', 'now', 'accessToken.extract'].flatMap((option) => [null, true, 1, 'x', {}, [], Promise.resolve()].map((value): Mistake => [`${option} ${String(value)}`, at(option, value), `${option} is`, /give a function/])),
  ...[() => new Date(), () => NaN, () => undefined, () => '0', () => Infinity, async () => 0, () => 1n].map((now): Mistake => [`now ${String(now)}`, { now }, 'now returned', /milliseconds, such as Date.now/]),
  ...['x', null, {}, 1, true, new Set(), 'https://app.example'].map((trustedOrigins): Mistake => [`trustedOrigins ${String(trustedOrigins)}`, { trustedOrigins }, 'trustedOrigins is', /give an array such as \["https:\/\/app.example.com"\]/]),
  ...['https://app.example/', 'https://app.example/path', 'https://*.example', '*', 'null', null, '', undefined, 1, {}, 'app.example', '//app.example', 'HTTPS://app.example', 'https://App.example', 'https://app.example:443', 'http://app.example:80', 'https://user@app.example',
    'https://app.example?x', 'https://app.example#x', ' https://app.example', 'https://app.example ', 'https://bücher.example', 'https://', 'https:app.example', 'https://app.example:99999', /https:.*/, 'https://a.example, https://b.example'].map((origin): Mistake =>
    [`origin ${String(origin)}`, { trustedOrigins: ['https://good.example', origin] }, 'trustedOrigins[1] is', /exact origin such as "https:\/\/app.example.com", without a path or a star/]),
  ...['auth', 'auth/', ' /auth', '/au th', '/auth?x', '/auth#x', '/*', '/auth/*', 1, null, true, {}, ['/auth'], 'https://x.example/auth'].map((prefix): Mistake => [`prefix ${String(prefix)}`, { prefix }, 'prefix is', /give a path such as "\/auth"/])
])

const store = new MemoryStore()
const METHODS = ['create', 'find', 'rotate', 'delete', 'list', 'deleteAll'] as const
refusesToBoot(t, 'a store that is none', [
  ...[null, 'redis://localhost', 1, true, {}, [], MemoryStore, new Map(), Promise.resolve(store)].map((value): Mistake => [`store ${String(value)}`, { store: value }, 'store is', /without the method create/, /give a TokenStore with create, find, rotate, delete, list, deleteAll/]),
  ...METHODS.flatMap((missing) => [undefined, true, 'find'].map((value): Mistake =>
    [`${missing} ${value}`, { store: { ...Object.fromEntries(METHODS.map((name) => [name, async () => null])), [missing]: value } }, `store is an object without the method ${missing}`, /TokenStore/]))
])

t.test('decorators', (t) => {
  refusesToBoot(t, 'with a bad name', ['', null, 1, true, {}, [], () => 'x', Symbol('x'), '__proto__', 'constructor', 'toString', 'hasOwnProperty'].flatMap((name) => ['authenticate', 'tokens'].map((decorator): Mistake =>
    [`${decorator} ${String(name)}`, { decorators: { [decorator]: name } }, `decorators.${decorator} is`, /give a name/])))

  refusesToBoot(t, 'with a name that is taken', [
    ...['register', 'get', 'server', 'log', 'inject'].map((name): Mistake => [name, { decorators: { authenticate: name } }, `decorators.authenticate is "${name}", a name that this instance already has`, /give another one/]),
    ['the same twice', { decorators: { refresh: 'x', authenticate: 'x' } }, 'decorators.refresh is "x", a name that this instance already has', /give another one/],
    ['one of ours', { decorators: { refresh: 'authenticate' } }, 'decorators.refresh is "authenticate"', /give another one/],
    ['the same twice on the reply', { decorators: { revokeTokens: 'issueTokens' } }, 'decorators.revokeTokens is "issueTokens"', /give another one/],
    ['a function\'s place', { decorators: { tokens: 'issueTokens' } }, 'decorators.tokens is "issueTokens"', /give another one/]
  ])
  t.end()
})

boots(t, 'values at the edge', {
  'no option but the secret': {},
  'every option undefined': Object.fromEntries(['accessToken', 'refreshToken', 'cookie', 'claims', 'adopt', 'store', 'storeTimeout', 'sweepInterval', 'trustedOrigins', 'publicUrl', 'prefix', 'routes', 'decorators', 'onEvent', 'now', 'logLevel', 'logSerializers'].map((name) => [name, undefined])),
  'every group empty': { accessToken: {}, refreshToken: {}, cookie: {}, routes: {}, decorators: {}, trustedOrigins: [] },
  'every member undefined': {
    accessToken: { expiresIn: undefined, issuer: undefined, audience: undefined, algorithm: undefined, clockTolerance: undefined, cache: undefined, extract: undefined, transport: undefined, cookie: undefined },
    refreshToken: { expiresIn: undefined, maxAge: undefined, secret: undefined, rotation: undefined, overlap: undefined, retryWindow: undefined, recoveryWindow: undefined, transport: undefined },
    cookie: { name: undefined, path: undefined, domain: undefined, secure: undefined, sameSite: undefined, partitioned: undefined },
    routes: { refresh: undefined, logout: undefined, sessions: undefined, jwks: undefined },
    decorators: { authenticate: undefined, tokens: undefined }
  },
  'overlap of nothing, as a text': { refreshToken: { overlap: '0s' } },
  'overlap of nothing, as a number': { refreshToken: { overlap: 0 } },
  'all windows closed': { refreshToken: { overlap: 0, retryWindow: 0, recoveryWindow: '0 days' } },
  'an endless retry window': { refreshToken: { retryWindow: Infinity, recoveryWindow: Infinity } },
  'strict with closed windows': { refreshToken: { rotation: 'strict', overlap: 0, retryWindow: '0s', recoveryWindow: '0ms' } },
  'strict with a life of a second': { refreshToken: { rotation: 'strict', expiresIn: 1 } },
  'no rotation': { refreshToken: { rotation: false } },
  'access tokens that live for less than the default overlap': { accessToken: { expiresIn: 1 } },
  'an overlap as long as the access token lives': { accessToken: { expiresIn: 30 }, refreshToken: { overlap: 30 } },
  'strict with access tokens of a second': { accessToken: { expiresIn: 1 }, refreshToken: { rotation: 'strict' } },
  'a life of a second, whose overlap is shorter by itself': { refreshToken: { expiresIn: 1, maxAge: 1 }, accessToken: { expiresIn: 1 } },
  'lives of three thousand years': { refreshToken: { expiresIn: '3000 years', maxAge: '3000 years' }, accessToken: { expiresIn: '3000 years' } },
  'the largest numbers that are taken for seconds': { refreshToken: { expiresIn: 400 * 86_400, maxAge: 400 * 86_400, overlap: 3600, retryWindow: 400 * 86_400, recoveryWindow: 400 * 86_400 }, accessToken: { expiresIn: 86_400, clockTolerance: 600 }, storeTimeout: 60, sweepInterval: 3600 },
  'durations in every unit': { accessToken: { expiresIn: '900 seconds', clockTolerance: '1500ms' }, refreshToken: { expiresIn: '1.5 days', maxAge: '2 weeks', overlap: '0.5s' }, storeTimeout: '2 SECONDS' },
  'a tolerance': { accessToken: { clockTolerance: 30 } },
  'no cache': { accessToken: { cache: false } },
  'a cache of nothing': { accessToken: { cache: 0 } },
  'a cache of one': { accessToken: { cache: 1 } },
  'a cache, yes': { accessToken: { cache: true } },
  'the shortest and the longest time for the store': { storeTimeout: 0.001 },
  'the longest': { storeTimeout: '2147483s' },
  'no sweeps': { sweepInterval: false },
  'the shortest pause between sweeps': { sweepInterval: '1ms' },
  'the longest pause': { sweepInterval: '10 days' },
  'prefix /': { prefix: '/' },
  'prefix of nothing': { prefix: '' },
  'prefix with a slash at its end': { prefix: '/api/auth/' },
  'paths as texts': { routes: { refresh: '/renew', logout: '/bye', sessions: '/devices' } },
  'no refresh route': { routes: { refresh: false } },
  'no route at all': { routes: { refresh: false, logout: false, sessions: false, jwks: false } },
  'an access cookie of its own': { accessToken: { transport: 'both', cookie: { name: '__Secure-at', path: '/app', domain: 'example.com', sameSite: 'strict' } } },
  'other names': { decorators: { authenticate: 'verifyUser', refresh: 'renew', requireSession: 'fresh', sessions: 'devices', issueTokens: 'logIn', revokeTokens: 'logOut', tokens: 'pair' } },
  'origins of every scheme': { trustedOrigins: ['https://app.example', 'http://localhost:5173', 'https://app.example:8443', 'capacitor://localhost', 'chrome-extension://abcdef', 'http://[::1]:3000'] },
  'one audience, several audiences': { accessToken: { audience: ['a', 'b'], issuer: 'https://issuer.example' } },
  'a store that is a plain object': { store: Object.fromEntries(METHODS.map((name) => [name, async () => null])) },
  'a log level': { logLevel: 'warn', logSerializers: {} }
})

t.test('prefix / and no prefix put the routes at the root', async (t) => {
  for (const prefix of ['', '/']) {
    const app = await boot(t, { secret: SECRET, prefix })
    t.ok(app.hasRoute({ method: 'POST', url: '/refresh' }))
    t.ok((await boot(t, { secret: SECRET, prefix }, '/v1')).hasRoute({ method: 'POST', url: '/v1/refresh' }))
  }
})

t.test('closed windows are closed: a second use is a reuse at once', async (t) => {
  for (const refreshToken of [{ overlap: 0, retryWindow: 0, recoveryWindow: 0 }, { rotation: 'strict' as const }]) {
    const { login, client, events } = await createApp(t, { refreshToken })
    const tab = await login()
    const { cookie } = tab
    t.equal((await tab.refresh()).statusCode, 200)
    t.equal((await client(cookie).refresh()).statusCode, 403)
    t.equal(events.at(-1)?.type, 'reused')
  }
})

t.test('the longest lives work from end to end', async (t) => {
  const { login, clock } = await createApp(t, { refreshToken: { expiresIn: '3000 years', maxAge: '3000 years' }, accessToken: { expiresIn: '3000 years' } })
  const tab = await login()
  for (let turn = 0; turn < 3; turn++) {
    clock.now += 1000 * 365 * 86_400 * SECOND - MINUTE
    t.equal((await tab.refresh()).statusCode, 200)
    t.equal((await tab.me()).statusCode, 200)
  }
})

t.test('options given as a function of the instance, as Fastify allows', async (t) => {
  const app = Fastify()
  t.teardown(async () => await app.close())
  await app.register(jwtRefresh, () => ({ secret: SECRET }))
  await app.ready()
  t.ok(app.hasDecorator('authenticate'))
})

t.test('one set of options serves several instances, and what the host changes later changes nothing', async (t) => {
  const options = { ...REFRESH, secret: [p256], accessToken: { audience: ['a'] }, trustedOrigins: ['https://a.example'], routes: { refresh: { config: { x: 1 } } }, cookie: { name: 'x' } }
  const apps = [await boot(t, options), await boot(t, options)]
  options.trustedOrigins.push('https://evil.example')
  options.accessToken.audience.push('evil')
  options.secret.length = 0
  options.cookie.name = 'y'
  for (const app of apps) {
    const response = await app.inject({ method: 'POST', url: '/auth/refresh', headers: { cookie: 'x=eyJhbGciOiJIUzI1NiJ9.e30.x', origin: 'https://evil.example' } })
    t.equal(response.json().code, 'FST_JWT_CROSS_SITE_REQUEST')
  }
})

t.test('a fake clock that is put in place after the boot moves the plugin and its store', async (t) => {
  const app = Fastify()
  t.teardown(async () => await app.close())
  const store = new MemoryStore()
  await app.register(jwtRefresh, { secret: SECRET, store })
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  await app.ready()

  mock.timers.enable({ apis: ['Date'], now: START })
  t.teardown(() => mock.timers.reset())
  const { headers, sessionId } = await loginAs(app, { sub: 'anna' })
  t.equal((await app.inject({ url: '/me', headers })).json().iat, START / SECOND)
  mock.timers.tick(15 * MINUTE)
  t.equal((await app.inject({ url: '/me', headers })).json().code, 'FST_JWT_ACCESS_TOKEN_EXPIRED')
  t.ok(await store.find(sessionId))
  mock.timers.tick(7 * DAY)
  t.equal(await store.find(sessionId), null)
})
