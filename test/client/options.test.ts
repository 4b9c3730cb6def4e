import { inspect } from 'node:util'
import t from 'tap'
import { createAuthClient } from '../../lib/client/index.ts'
import { createBrowser } from '../fixtures/client.ts'

/** Accepts options of any type, as in JavaScript. */
function create (options: unknown): unknown {
  return createAuthClient(options as object)
}

const NAMES = 'baseUrl, refreshPath, logoutPath, loginPath, fetch, headers, origins, leeway, timeout, autoRefresh, idleAfter, crossTab, key'

for (const name of ['refreshpath', 'refreshUrl', 'baseURL', 'origin', 'timeOut', 'header', '']) {
  t.test(`the option ${name} is unknown`, async (t) => {
    const error = { name: 'TypeError', message: `createAuthClient: the option "${name}" is unknown: the options are ${NAMES}` }
    t.throws(() => create({ [name]: 'x' }), error)
    t.throws(() => create({ [name]: undefined }), error)
  })
}

t.test('a name of Object.prototype is unknown, too', async (t) => {
  t.throws(() => create({ toString: 'x' }), { name: 'TypeError', message: /the option "toString" is unknown/ })
  t.throws(() => create(JSON.parse('{ "__proto__": 1 }')), { name: 'TypeError', message: /the option "__proto__" is unknown/ })
})

const BAD: Array<[options: object, message: string]> = [
  ...['/api', '', 'api.example.com', 'localhost:3000', null, {}, 7].map((baseUrl): [object, string] => [{ baseUrl }, 'baseUrl must be an absolute URL']),
  [{ refreshPath: 1 }, 'refreshPath must be of the type string'],
  [{ logoutPath: null }, 'logoutPath must be of the type string'],
  ...[1, {}, null, [1], ['/login', null], [], ''].map((loginPath): [object, string] => [{ loginPath }, 'loginPath must be a path or a list of paths']),
  [{ key: true }, 'key must be of the type string'],
  [{ fetch: 'axios' }, 'fetch must be of the type function'],
  [{ headers: 'Bearer secret' }, 'headers must be of the type object'],
  [{ headers: null }, 'headers must be of the type object'],
  ...['https://files.example.com', {}, null, ['files.example.com'], ['https://files.example.com/x'], ['https://files.example.com?x'], [null], ['data:x']]
    .map((origins): [object, string] => [{ origins }, 'origins must be a list of origins, such as https://files.example.com']),
  ...['x', '60', null, [60], NaN, -1, 86_401, -Infinity].map((leeway): [object, string] => [{ leeway }, 'leeway must be a number of seconds up to 86400, or Infinity']),
  // Mistakenly in milliseconds.
  ...['10s', -1, 1000, 10_000].map((timeout): [object, string] => [{ timeout }, 'timeout must be a number of seconds up to 600, or Infinity']),
  ...[1_800_000, true, Symbol('x'), 60n].map((idleAfter): [object, string] => [{ idleAfter }, 'idleAfter must be a number of seconds up to 86400, or Infinity']),
  ...['never', 1, null].map((autoRefresh): [object, string] => [{ autoRefresh }, 'autoRefresh must be one of true, false, always']),
  ...['foo', 'always', Symbol('x')].map((crossTab): [object, string] => [{ crossTab }, 'crossTab must be one of true, false, strict'])
]

for (const [options, message] of BAD) {
  t.test(`${inspect(options)}: ${message}`, async (t) => {
    t.throws(() => create(options), { name: 'TypeError', message: `createAuthClient: the option ${message}` })
  })
}

t.test('options that are no object', async (t) => {
  t.throws(() => create(null), { name: 'TypeError' })
  t.throws(() => create('https://api.example.com'), { name: 'TypeError', message: /^createAuthClient: the option "0" is unknown/ })
})

t.test('good values, and undefined for each default', async (t) => {
  const good: object[] = [
    {},
    { baseUrl: undefined, refreshPath: undefined, logoutPath: undefined, loginPath: undefined, fetch: undefined, headers: undefined, origins: undefined, leeway: undefined, timeout: undefined, autoRefresh: undefined, crossTab: undefined, key: undefined },
    { baseUrl: new URL('https://api.example.com'), loginPath: ['/login', '/confirm-password'], leeway: 0, timeout: 0.5, autoRefresh: 'always', crossTab: 'strict', key: '' },
    { leeway: 86_400, timeout: 600, idleAfter: 86_400 },
    { timeout: Infinity, idleAfter: Infinity },
    { baseUrl: 'http://localhost:3000/api/', leeway: Infinity, autoRefresh: true, crossTab: false, origins: [], headers: {} },
    { autoRefresh: false, crossTab: true, headers: Object.assign(Object.create(null), { 'x-csrf': '1' }) }
  ]
  for (const options of good) t.doesNotThrow(() => create(options))
})

t.test('headers that change later are sent as they are then', async (t) => {
  const { newTab, login } = await createBrowser(t)
  const seen: unknown[] = []
  const headers = { 'x-csrf': '1' }
  const { auth } = newTab({
    headers,
    fetch: async (_input, init) => {
      seen.push(init?.headers)
      return new Response(null, { status: 204 })
    }
  })
  auth.setSession(await login())
  headers['x-csrf'] = '2'
  await auth.logout()
  t.match(seen, [{ 'x-csrf': '2' }])
})

t.test('a page without an address of its own needs a baseUrl', async (t) => {
  const { newTab } = await createBrowser(t)
  const page = { document: { visibilityState: 'visible', baseURI: 'about:blank' } }
  t.throws(() => newTab({}, page), {
    name: 'TypeError',
    message: 'createAuthClient: the option baseUrl is needed, because there is no page with an address'
  })
  t.equal(newTab({ baseUrl: 'https://api.example.com' }, page).auth.getSnapshot().status, 'unknown')
})
