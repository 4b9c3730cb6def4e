import type { InjectOptions } from 'fastify'
import t from 'tap'
import { refreshCookie } from '../fixtures/app.ts'
import { createHostileApp } from '../fixtures/hostile-app.ts'

const HOST = 'App.example:8443'
const TRUSTED = 'https://front.example'
const SITES = [undefined, 'same-origin', 'none', 'same-site', 'cross-site', 'garbage', 'Same-Origin', 'same-origin ', '', ['same-origin', 'cross-site']]
const SAME_HOST = ['https://app.example:8443', 'http://app.example:8443', 'https://APP.example:8443']
const ORIGINS = [undefined, ...SAME_HOST, TRUSTED, 'null', '', 'garbage', 'app.example:8443', '//app.example:8443', 'https://app.example', 'https://app.example:9999', 'https://evil.example', 'https://evil.app.example:8443',
  'https://app.example:8443.evil.example', 'https://evil.example/app.example:8443', 'https://evil.example?https://app.example:8443', 'file://', 'data:', 'blob:https://evil.example/x', 'https://', 'https://[', `${TRUSTED}/`, `${TRUSTED}:8443`, `${TRUSTED}.evil.example`,
  'https://FRONT.example', 'http://front.example', `${TRUSTED} `, `${TRUSTED}, https://evil.example`, [TRUSTED, 'https://evil.example'], ['https://app.example:8443', 'https://evil.example'], '*', '\0', '💥']

type Header = string | string[] | undefined

/** A second implementation of the documented rule, independent of the code under test. */
function passes (site: Header, origin: Header, trusted: boolean): boolean {
  if (trusted && origin === TRUSTED) return true
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return origin === undefined || SAME_HOST.includes(origin as string)
}

function headersOf (site: Header, origin: Header): Record<string, string> {
  return { host: HOST, ...(site !== undefined && { 'sec-fetch-site': site }), ...(origin !== undefined && { origin }) } as Record<string, string>
}

const PAIRS = SITES.flatMap((site) => ORIGINS.map((origin) => [site, origin] as const))

for (const trusted of [true, false]) {
  t.test(`a cookie from every kind of site, ${trusted ? 'one origin trusted' : 'no origin trusted'}`, async (t) => {
    const options = trusted ? { trustedOrigins: [TRUSTED, 'capacitor://localhost'] } : {}
    const { send, login, calls, events, app, logged, forget } = await createHostileApp(t, options)
    for (const [route, payload] of [['refresh', undefined], ['logout', undefined], ['logout', { everywhere: true }]] as const) {
      let { cookie } = await login({ sub: 'anna' })
      for (const [site, origin] of PAIRS) {
        const name = `${route} ${payload === undefined ? '' : 'everywhere '}site ${JSON.stringify(site)} origin ${JSON.stringify(origin)}`
        const before = calls()
        events.length = 0
        forget()
        const response = await send({ method: 'POST', url: `/auth/${route}`, headers: { ...headersOf(site, origin), cookie: `__Host-refreshToken=${cookie}` }, ...(payload && { payload }) })
        if (passes(site, origin, trusted)) {
          t.equal(response.statusCode, route === 'refresh' ? 200 : 204, name)
          if (route === 'logout') ({ cookie } = await login({ sub: 'anna' }))
          continue
        }
        t.match({ status: response.statusCode, code: response.json().code, cookie: response.headers['set-cookie'], cache: response.headers['cache-control'] },
          { status: 403, code: 'FST_JWT_CROSS_SITE_REQUEST', cookie: undefined, cache: 'no-store' }, name)
        t.equal(calls(), before, 'nothing happened')
        t.match(events, [{ type: 'refused', operation: route, reason: 'cross-site', subject: 'anna', sessionId: String }])
        t.equal(events.length, 1)
        const log = logged()
        t.equal(log.split('\n').filter((line) => line.includes('refused')).length, 1, 'one line')
        const shown = JSON.stringify([origin].flat().join(', '))
        if (!log.includes('trustedOrigins') || (origin !== undefined && !log.includes(shown))) t.fail(`the log does not help: ${name} ${log}`)
      }
      t.equal((await app.sessions.list('anna')).length, 1, 'the session lives')
      await app.sessions.revokeAll('anna')
    }
  })
}

t.test('a token in the body is put there by the client\'s own code, from wherever it runs', async (t) => {
  const { send, app } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  app.post('/native', async (_request, reply) => reply.issueTokens({ sub: 'anna' }, { transport: 'body' }))
  const { refreshToken } = (await send({ method: 'POST', url: '/native' })).json()
  for (const [site, origin] of PAIRS) {
    const { statusCode } = await send({ method: 'POST', url: '/auth/refresh', headers: headersOf(site, origin), payload: { refreshToken } })
    if (statusCode !== 200) t.fail(`${statusCode}: ${JSON.stringify([site, origin])}`)
  }
  const { statusCode } = await send({ method: 'POST', url: '/auth/logout', headers: headersOf('cross-site', 'null'), payload: { refreshToken } })
  t.equal(statusCode, 204)
})

t.test('without a token another site learns and changes nothing', async (t) => {
  const { send, calls } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  for (const [site, origin] of PAIRS) {
    const request: InjectOptions = { method: 'POST', url: '/auth/refresh', headers: headersOf(site, origin) }
    const [refresh, logout, everywhere] = [await send(request), await send({ ...request, url: '/auth/logout' }), await send({ ...request, url: '/auth/logout', payload: { everywhere: true } })]
    t.strictSame([refresh.statusCode, logout.statusCode, everywhere.statusCode], [403, 204, 403])
    for (const { headers } of [refresh, everywhere]) {
      if (headers['set-cookie'] !== undefined) t.fail(`a cookie is set or cleared: ${JSON.stringify([site, origin])}`)
    }
    const isCleared = logout.headers['set-cookie'] !== undefined
    if (isCleared !== passes(site, origin, false)) t.fail(`logout ${isCleared ? 'clears' : 'keeps'} the cookie: ${JSON.stringify([site, origin])}`)
  }
  t.equal(calls(), 0)
})

t.test('another site\'s form cannot throw the cookie away: the browser keeps it back (SameSite), but takes what the answer sets', async (t) => {
  const { send, login } = await createHostileApp(t)
  const tab = await login()
  const form = await send({
    method: 'POST',
    url: '/auth/logout',
    headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' },
    payload: ''
  })
  t.equal(form.headers['set-cookie'], undefined)
  t.equal((await tab.refresh()).statusCode, 200)
})

t.test('a garbage cookie from another site is not cleared either: it may not be the one that the browser has', async (t) => {
  const { send, login } = await createHostileApp(t)
  const { cookie } = await login()
  for (const url of ['/auth/refresh', '/auth/logout']) {
    for (const [value, status] of [[`${cookie}x`, 403], ['garbage', url === '/auth/refresh' ? 403 : 204]] as const) {
      const response = await send({ method: 'POST', url, headers: { cookie: `__Host-refreshToken=${value}`, 'sec-fetch-site': 'cross-site' } })
      t.equal(response.statusCode, status)
      if (value !== 'garbage') t.equal(response.json().code, 'FST_JWT_CROSS_SITE_REQUEST')
      t.equal(refreshCookie(response), undefined)
    }
  }
})

t.test('behind a proxy the host is the one that the browser sees', async (t) => {
  const { send, login } = await createHostileApp(t, {}, { trustProxy: true })
  const { cookie } = await login()
  const from = async (origin: string): Promise<number> => (await send({
    method: 'POST', url: '/auth/refresh', headers: { host: 'inner:3000', 'x-forwarded-host': 'app.example', 'x-forwarded-proto': 'https', origin, cookie: `__Host-refreshToken=${cookie}` }
  })).statusCode
  t.equal(await from('https://app.example'), 200)
  t.equal(await from('https://inner:3000'), 403)
})

t.test('without Fetch Metadata, origins are compared as origins and not as texts', async (t) => {
  const { send, login } = await createHostileApp(t)
  const { cookie } = await login()
  const cases: Array<[host: string, origin: string, isSame: boolean]> = [
    ['app.example', 'https://app.example', true],
    ['app.example', 'http://app.example', true],
    ['app.example:443', 'https://app.example', true],
    ['app.example', 'https://app.example:443', true],
    ['app.example:80', 'http://app.example', true],
    ['app.example', 'http://app.example:80', true],
    ['app.example:0443', 'https://app.example', true],
    ['APP.Example:443', 'HTTPS://app.EXAMPLE', true],
    ['[::1]:3000', 'http://[::1]:3000', true],
    ['[0:0:0:0:0:0:0:1]:3000', 'http://[::1]:3000', true],
    ['[2001:DB8::1]', 'https://[2001:db8::1]', true],
    ['[::ffff:127.0.0.1]:443', 'https://[::ffff:7f00:1]', true],
    ['xn--bcher-kva.example', 'https://xn--bcher-kva.example', true],
    ['XN--BCHER-KVA.example', 'https://b\u00fccher.example', true],
    ['b\u00fccher.example', 'https://xn--bcher-kva.example', true],
    ['app.example.', 'https://app.example.', true],
    ['app.example:80', 'https://app.example', false],
    ['app.example:443', 'http://app.example', false],
    ['app.example', 'https://app.example:8443', false],
    ['app.example:8443', 'https://app.example', false],
    ['app.example', 'https://app.example.', false],
    ['app.example', 'https://www.app.example', false],
    ['[::1]:3000', 'http://[::2]:3000', false],
    ['127.0.0.1:3000', 'http://localhost:3000', false],
    ['b\u00fccher.example', 'https://bucher.example', false],
    // Pages of the app have no other scheme.
    ['localhost', 'capacitor://localhost', false],
    ['localhost', 'ws://localhost', false],
    ['app.example', 'blob:https://app.example/x', false],
    ['app.example', 'null', false],
    ['', 'https://app.example', false],
    ['', 'null', false],
    // Host headers with more than a host.
    ['evil@app.example', 'https://app.example', false],
    ['app.example/x', 'https://app.example', false],
    ['app.example?x', 'https://app.example', false],
    ['app.example#x', 'https://app.example', false],
    ['app.example\\x', 'https://app.example', false],
    ['app.example, evil.example', 'https://app.example', false]
  ]
  for (const [host, origin, isSame] of cases) {
    const { statusCode } = await send({ method: 'POST', url: '/auth/refresh', headers: { host, origin, cookie: `__Host-refreshToken=${cookie}` } })
    t.equal(statusCode, isSame ? 200 : 403, `${origin} asks ${host}`)
  }
})

t.test('where the request is known to be https, its origin is too', async (t) => {
  const { send, login } = await createHostileApp(t, {}, { trustProxy: true })
  const { cookie } = await login()
  const from = async (origin: string, proto: string): Promise<number> => (await send({
    method: 'POST', url: '/auth/refresh', headers: { host: 'app.example', 'x-forwarded-proto': proto, origin, cookie: `__Host-refreshToken=${cookie}` }
  })).statusCode
  t.equal(await from('https://app.example', 'https'), 200)
  t.equal(await from('http://app.example', 'https'), 403)
  t.equal(await from('http://app.example', 'http'), 200)
  t.equal(await from('https://app.example', 'http'), 200, 'another proxy may end TLS before the one that says so')
})

t.test('the origin of publicUrl is our own, whatever host the proxy asks for', async (t) => {
  const { send, login } = await createHostileApp(t, { publicUrl: 'https://App.example:443/api/' })
  const { cookie } = await login()
  const from = async (headers: Record<string, string>): Promise<number> =>
    (await send({ method: 'POST', url: '/auth/refresh', headers: { host: 'inner:3000', cookie: `__Host-refreshToken=${cookie}`, ...headers } })).statusCode
  t.equal(await from({ origin: 'https://app.example' }), 200)
  t.equal(await from({ origin: 'http://app.example' }), 403)
  t.equal(await from({ origin: 'https://app.example:8443' }), 403)
  t.equal(await from({ origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }), 403, 'a browser that knows better is believed')
})

t.test('a link from another site may open a page that refreshes; nothing else of another site may use the cookie', async (t) => {
  const { app, send, login } = await createHostileApp(t, { cookie: { sameSite: 'lax', path: '/' } })
  app.route({ method: ['GET', 'POST'], url: '/page', preHandler: [app.refresh], handler: async (request) => request.user.sub })
  const { cookie } = await login({ sub: 'anna' })
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', cookie: `__Host-refreshToken=${cookie}` }
  const cases: Array<[name: string, method: 'GET' | 'HEAD' | 'POST', changes: Record<string, string>, status: number]> = [
    ['a link', 'GET', {}, 200],
    ['a link from a subdomain', 'GET', { 'sec-fetch-site': 'same-site' }, 200],
    ['its headers alone', 'HEAD', {}, 200],
    ['a form', 'POST', { origin: 'https://evil.example' }, 403],
    ['an image', 'GET', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, 403],
    ['a frame', 'GET', { 'sec-fetch-dest': 'iframe' }, 403],
    ['an embedded object', 'GET', { 'sec-fetch-dest': 'object' }, 403],
    ['a fetch with credentials', 'GET', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', origin: 'https://evil.example' }, 403],
    ['a destination without a mode', 'GET', { 'sec-fetch-mode': '' }, 403]
  ]
  for (const [name, method, changes, status] of cases) {
    t.equal((await send({ method, url: '/page', headers: { ...link, ...changes } })).statusCode, status, name)
  }
})
