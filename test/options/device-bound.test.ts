import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { boots, refusesToBoot } from '../fixtures/hostile-options.ts'

const { publicKey } = generateKeyPairSync('ed25519', { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const values = [null, 1, 'x', [], () => {}, Symbol('x')]

refusesToBoot(t, 'deviceBound that is neither a boolean nor an object', values.map((deviceBound) => [String(deviceBound), { deviceBound }, 'deviceBound is', /give an object with lifetime, cookieName/]))

refusesToBoot(t, 'an option of deviceBound that cannot be', [
  ['unknown', { deviceBound: { cookie: 'x' } }, 'deviceBound.cookie is unknown', 'did you mean cookieName?'],
  ['a lifetime without a unit', { deviceBound: { lifetime: 'soon' } }, 'deviceBound.lifetime is "soon"', 'a string with its unit'],
  ['no lifetime', { deviceBound: { lifetime: 0 } }, 'deviceBound.lifetime is 0', 'give whole seconds'],
  ['half a second', { deviceBound: { lifetime: '1500ms' } }, 'deviceBound.lifetime is "1500ms"', 'give whole seconds'],
  ['milliseconds', { deviceBound: { lifetime: 300_000 } }, 'deviceBound.lifetime is 300000', '"5m" if you meant milliseconds'],
  ['more than an hour', { deviceBound: { lifetime: '61m' } }, 'deviceBound.lifetime is "61m"', 'give at most an hour'],
  ['a cookie name that is no name', { deviceBound: { cookieName: 'a b' } }, 'deviceBound.cookieName is "a b"', 'a cookie name such as "deviceBound"'],
  ['an empty cookie name', { deviceBound: { cookieName: '' } }, 'deviceBound.cookieName is ""', 'give a non-empty string'],
  ['a prefix that does not fit the path', { deviceBound: { cookieName: '__Host-x' }, cookie: { path: '/auth' } }, 'deviceBound.cookieName is "__Host-x"', 'leave cookie.path and cookie.domain out'],
  ['the name of the refresh cookie', { deviceBound: { cookieName: '__Host-refreshToken' } }, 'deviceBound.cookieName is "__Host-refreshToken"', 'give another one'],
  ['the name of the access cookie', { deviceBound: { cookieName: '__Host-accessToken' }, accessToken: { transport: 'cookie' } }, 'deviceBound.cookieName is "__Host-accessToken"', 'give another one']
])

refusesToBoot(t, 'deviceBound beside options with which no browser could register', [
  ['an instance that only verifies', { secret: { public: publicKey } }, 'deviceBound is on, but the first secret is a public key', 'give { private, public }, or leave deviceBound out'],
  ['the body transport', { refreshToken: { transport: 'body' } }, 'deviceBound is on, but refreshToken.transport is "body"', 'give refreshToken.transport "cookie" or "both"'],
  ['no rotation', { refreshToken: { rotation: false } }, 'deviceBound is on, but refreshToken.rotation is false', 'leave refreshToken.rotation out'],
  ['strict rotation', { refreshToken: { rotation: 'strict' } }, 'deviceBound is on, but refreshToken.rotation is "strict"', 'leave them out'],
  ['no overlap', { refreshToken: { overlap: 0 } }, 'deviceBound is on, but refreshToken.rotation is "strict" or refreshToken.overlap is 0', 'leave them out'],
  ['plain http', { cookie: { secure: false } }, 'deviceBound is on, but cookie.secure is false', 'leave cookie.secure true'],
  ['partitioned cookies', { cookie: { partitioned: true } }, 'deviceBound is on, but cookie.partitioned is true', 'leave cookie.partitioned out'],
  ['no refresh route', { routes: { refresh: false } }, 'deviceBound is on, but routes.refresh is false', 'leave it on'],
  ['a cookie path that covers the other routes alone', { cookie: { path: '/auth/session' }, routes: { refresh: '/session/refresh', logout: '/session/logout' } }, 'cookie.path is "/auth/session"', 'the routes of deviceBound (/auth/dbsc/register)', 'publicUrl if a proxy strips a prefix'],
  ['the same under publicUrl', { cookie: { path: '/api/auth/session' }, publicUrl: 'https://example.com/api', routes: { refresh: '/session/refresh', logout: '/session/logout' } }, 'cookie.path is "/api/auth/session"', 'the routes of deviceBound (/api/auth/dbsc/register)', 'or another publicUrl']
].map(([what, options, ...rest]) => [what, { deviceBound: true, ...options as object }, ...rest] as never))

refusesToBoot(t, 'deviceBound in a scope with a parameter', [
  ['a tenant', { deviceBound: true }, 'deviceBound is on in a scope whose prefix has a parameter (/:tenant/auth/dbsc/register)', 'register the plugin in another scope']
], '/:tenant')

boots(t, 'what can be', {
  undefined: { deviceBound: undefined },
  off: { deviceBound: false },
  on: { deviceBound: true },
  'the defaults': { deviceBound: {} },
  'all that is there': { deviceBound: { lifetime: '1h', cookieName: 'bound' } },
  'a number is seconds': { deviceBound: { lifetime: 60 } },
  'both transports': { deviceBound: true, refreshToken: { transport: 'both' } },
  'beside dpop': { deviceBound: true, dpop: {} },
  'a cookie path that covers all': { deviceBound: true, cookie: { path: '/auth' } },
  'no logout route': { deviceBound: true, routes: { logout: false } }
})

boots(t, 'off, where it could not be on', {
  'the body transport': { deviceBound: false, refreshToken: { transport: 'body' } },
  'plain http': { deviceBound: undefined, cookie: { secure: false } }
})
