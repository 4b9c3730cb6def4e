import { once } from 'node:events'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { mock } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { payloadOf } from '../fixtures/jwt.ts'
import { createProject, root } from '../fixtures/package.ts'
import { checkBlocks, load, readBlocks } from '../fixtures/page.ts'
import type { Checks } from '../fixtures/page.ts'

for (const name of ['AUTH', 'RED', 'BLUE', 'STAFF', 'REFRESH']) process.env[`${name}_SECRET`] = `${name}: a secret of the page of recipes, in an environment variable`

t.setTimeout(120_000) // it builds the package

const COOKIE = '__Host-refreshToken'
const MINUTE = 60_000
const NAVIGATION = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

const { fetch: network } = globalThis
const page = await readFile(join(root, 'docs/recipes.md'), 'utf8')
const project = await createProject(t)
await symlink(join(root, 'node_modules/ws'), join(project, 'node_modules/ws'), 'junction')

// Modules that the recipes import from an app, or from packages that are not installed here.
const files = {
  'package.json': '{ "type": "module" }',
  'keychain.js': 'const kept = new Map(); export const keychain = { get: (name) => kept.get(name) ?? null, set: (name, value) => kept.set(name, value), remove: (name) => kept.delete(name) }',
  'provider.js': `
    export async function finishLogin (request, { state }) {
      if (state !== 'verified') throw Object.assign(new Error('state'), { statusCode: 400 })
      return { sub: 'google|7', auth_time: 1_700_000_000 }
    }
    export const findOrCreateUser = async ({ sub }) => ({ id: 'user of ' + sub })`,
  // Like @fastify/websocket: an upgrade passes through the app as a request, so that its hooks run.
  'websocket.js': `
    import { ServerResponse } from 'node:http'
    import fp from 'fastify-plugin'
    import { WebSocketServer } from 'ws'
    const head = Symbol('head')
    export default fp(async (app) => {
      const server = new WebSocketServer({ noServer: true })
      app.server.on('upgrade', (request, socket, bytes) => {
        request[head] = bytes
        const response = new ServerResponse(request)
        response.assignSocket(socket)
        app.routing(request, response)
      })
      app.addHook('onRoute', (route) => {
        if (!route.websocket) return
        const { handler } = route
        route.handler = (request, reply) => {
          reply.hijack()
          server.handleUpgrade(request.raw, request.raw.socket, request.raw[head], (socket) => handler(socket, request))
        }
      })
      app.addHook('onResponse', async (request) => {
        if (request.raw[head] !== undefined) request.raw.socket.destroy() // it was refused
      })
      app.addHook('preClose', (done) => {
        for (const client of server.clients) client.terminate()
        server.close(done)
      })
    })`,
  // The behaviour of mercurius that the recipe needs.
  'mercurius.js': `
    import fp from 'fastify-plugin'
    export default fp(async (app, options) => {
      app.decorate('graphqlOptions', options)
      app.post('/graphql', async (request, reply) => {
        const context = await options.context(request, reply)
        return { data: { me: options.resolvers.Query.me({}, {}, context) } }
      })
    })`
}
for (const [name, content] of Object.entries(files)) await writeFile(join(project, name), content)

/** The checks for the code blocks, by heading. A block without a check fails the test. */
const checks: Checks = {
  'Roles and global authentication': [async (t, code) => {
    const { app } = await run(t, code)
    const [anna, ben] = [await loggedIn(app), await loggedIn(app, 'ben')]
    t.strictSame((await app.inject('/news')).json(), { reader: 'anonymous' })
    t.strictSame((await app.inject({ url: '/news', headers: ben })).json(), { reader: 'ben' })
    t.equal((await app.inject('/me')).statusCode, 401)
    t.match((await app.inject({ url: '/me', headers: ben })).json(), { sub: 'ben', role: 'reader' })
    t.strictSame(await Promise.all([{}, ben, anna].map(async (headers) => (await app.inject({ url: '/admin', headers })).statusCode)), [401, 403, 200])
    t.equal((await app.inject('/nowhere')).statusCode, 401)
  }],
  'Password change': [async (t, code) => {
    const { app } = await run(t, code)
    const [mine, thiefs] = [await post(app, '/login', { name: 'anna', password: 'open sesame' }), await post(app, '/login', { name: 'anna', password: 'open sesame' })]
    const change = async (oldPassword: string) => await app.inject({
      method: 'POST', url: '/password', payload: { oldPassword, newPassword: 'another' }, headers: { authorization: `Bearer ${mine.json().accessToken as string}` }, cookies: cookiesOf(mine)
    })
    t.equal((await change('wrong')).statusCode, 403)
    const changed = await change('open sesame')
    t.equal(changed.statusCode, 200)
    t.equal((await app.sessions.list('anna')).length, 1)
    t.equal((await refresh(app, changed)).statusCode, 200)
    t.equal((await refresh(app, thiefs)).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
    t.strictSame([(await post(app, '/login', { name: 'anna', password: 'open sesame' })).statusCode, (await post(app, '/login', { name: 'anna', password: 'another' })).statusCode], [401, 200])
  }],
  'OAuth and OpenID Connect': [async (t, code) => {
    const { app } = await run(t, code)
    const redirect = await app.inject({ url: '/callback?state=verified&code=x', headers: NAVIGATION })
    const form = async (state: string) => await app.inject({
      method: 'POST', url: '/callback', payload: `state=${state}&code=x`, headers: { ...NAVIGATION, origin: 'https://idp.example', 'content-type': 'application/x-www-form-urlencoded' }
    })
    for (const answer of [redirect, await form('verified')]) {
      t.strictSame([answer.statusCode, answer.headers.location], [303, '/'])
      const tokens = await refresh(app, answer)
      t.match(payloadOf(tokens.json().accessToken), { sub: 'user of google|7', auth_time: 1_700_000_000 })
    }
    const forged = await form('forged')
    t.strictSame([forged.statusCode, forged.cookies], [400, []])
    const { app: careless } = await run(t, code.replace(', crossSite: true', ''))
    const refused = await careless.inject({ method: 'POST', url: '/callback', payload: 'state=verified', headers: { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded' } })
    t.equal(refused.json().code, 'FST_JWT_CROSS_SITE_REQUEST')
  }],
  'Several tenants': [
    async (t, code) => {
      const { app } = await run(t, code)
      const [red, blue] = [await post(app, '/red/login', { name: 'anna' }), await post(app, '/blue/login', { name: 'ben' })]
      t.strictSame([...red.cookies, ...blue.cookies].map(({ name }) => name), ['__Host-refresh-red', '__Host-refresh-blue'])
      const both = { ...cookiesOf(red), ...cookiesOf(blue) }
      for (const [tenant, sub] of [['red', 'anna'], ['blue', 'ben']] as const) {
        const tokens = await app.inject({ method: 'POST', url: `/${tenant}/auth/refresh`, cookies: both })
        t.match(payloadOf(tokens.json().accessToken), { sub, iss: `https://${tenant}.example.com` })
      }
      const headers = { authorization: `Bearer ${red.json().accessToken as string}` }
      t.strictSame([(await app.inject({ url: '/red/me', headers })).statusCode, (await app.inject({ url: '/blue/me', headers })).statusCode], [200, 401])
      t.equal(app.authenticate, undefined)
      const { app: oneName } = await run(t, code.replace(/ {4}cookie: .*\n/, '      '))
      const first = await post(oneName, '/red/login', { name: 'anna' })
      t.strictSame(first.cookies.map(({ name }) => name), [COOKIE], 'which the login at the other tenant replaces')
    },
    async (t, code) => {
      const { app } = await run(t, code)
      const [user, staff] = [await post(app, '/login', { name: 'anna' }), await post(app, '/staff/login', { name: 'ben' })]
      t.strictSame([...user.cookies, ...staff.cookies].map(({ name }) => name), [COOKIE, '__Host-staff'])
      const cookies = { ...cookiesOf(user), ...cookiesOf(staff) }
      t.equal((await app.inject({ method: 'POST', url: '/staff/auth/refresh', cookies })).statusCode, 200)
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
      const headers = { authorization: `Bearer ${user.json().accessToken as string}` }
      t.strictSame([(await app.inject({ url: '/me', headers })).statusCode, (await app.inject({ url: '/staff/me', headers })).statusCode], [200, 401])
    },
    async (t, code) => {
      const { app } = await run(t, code)
      const login = await post(app, '/red/login', { name: 'anna' })
      await post(app, '/blue/login', { name: 'anna' })
      const headers = { authorization: `Bearer ${login.json().accessToken as string}` }
      t.strictSame((await app.inject({ url: '/red/orders', headers })).json(), { of: 'red:anna' })
      t.equal((await app.inject({ url: '/blue/orders', headers })).statusCode, 404)
      t.equal(await app.sessions.revokeAll('red:anna'), 1)
      t.equal((await app.sessions.list('blue:anna')).length, 1)
    }
  ],
  'Micro-services': [
    async (t, code) => {
      const { auth, orders } = await run(t, code, 'auth', 'orders')
      t.strictSame((await orders.inject({ url: '/orders', headers: await loggedIn(auth) })).json(), { of: 'anna' })

      const guarded = code.replace('[orders.authenticate]', '[orders.authenticate, orders.requireSession]')
      const withStore = guarded.replace('import jwtRefresh from', 'import jwtRefresh, { MemoryStore } from').replace('const accessToken = {', 'const store = new MemoryStore()\nconst accessToken = {')
        .replace('  accessToken,\n', '  accessToken,\n  store,\n').replace(', accessToken })', ', accessToken, store })')
      for (const [text, status, errorCode] of [[guarded, 401, 'FST_JWT_SESSION_ENDED'], [withStore, 200, undefined]] as const) {
        const services = await run(t, text, 'auth', 'orders')
        const answer = await services.orders.inject({ url: '/orders', headers: await loggedIn(services.auth) })
        t.strictSame([answer.statusCode, answer.json().code], [status, errorCode])
      }
    },
    async (t, code) => {
      const { auth } = await run(t, blocksOf('Micro-services')[0]!, 'auth', 'orders')
      const url: string = await auth.listen({ port: 0, host: '127.0.0.1' })
      const { verify } = await run(t, code.replace('https://auth.example.com/.well-known', `${url}/.well-known`))
      const login = await post(auth, '/login', { name: 'anna' })
      t.match(await verify(login.json().accessToken), { sub: 'anna', iss: 'https://auth.example.com' })
      await t.rejects(verify(login.cookies[0]!.value), 'a refresh token')
    }
  ],
  'A front end on another origin': [
    async (t, code) => {
      const { app } = await run(t, code)
      const from = (origin: string): object => ({ method: 'POST', url: '/auth/refresh', headers: { cookie: `${COOKIE}=eyJ.e30.x`, origin, 'sec-fetch-site': 'cross-site' } })
      t.equal((await app.inject(from('https://app.example.com'))).json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
      t.equal((await app.inject(from('https://evil.example'))).json().code, 'FST_JWT_CROSS_SITE_REQUEST')
      const preflight = await app.inject({ method: 'OPTIONS', url: '/me', headers: { origin: 'https://app.example.com', 'access-control-request-method': 'DELETE' } })
      t.match(preflight.headers['access-control-allow-methods'], /DELETE/)
    },
    async (t, code) => {
      const { app } = await run(t, blocksOf('A front end on another origin')[0]!)
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      enterBrowser(t, 'https://app.example.com')
      const { logIn, refresh } = await run(t, code.replace('https://api.example.com', url))
      t.match(payloadOf(await logIn('anna')), { sub: 'anna' })
      t.match(payloadOf(await refresh()), { sub: 'anna' })
      const careless = await run(t, code.replace('https://api.example.com', url).replace("method: 'POST', credentials, headers", "method: 'POST', headers"))
      enterBrowser(t, 'https://app.example.com')
      await careless.logIn('anna')
      t.equal(await careless.refresh(), undefined, 'the login without credentials')
    }
  ],
  Vite: [async (t, code) => {
    const { app } = await run(t, blocksOf('A front end on another origin')[0]!.replace(', trustedOrigins: origin', ''))
    const target = await app.listen({ port: 0, host: '127.0.0.1' })
    const { default: { server: { proxy } } } = await run(t, code.replace('http://localhost:3000', target))
    const development = await startProxy(t, proxy['/auth'])
    // As from a phone in the same network: over http, browsers send no Fetch Metadata.
    const ask = async (changeOrigin: boolean) => await send(development, '/auth/refresh', { host: '192.168.0.5:5173', origin: 'http://192.168.0.5:5173', cookie: `${COOKIE}=eyJ.e30.x` }, changeOrigin)
    t.strictSame(Object.keys(proxy), ['/auth', '/login', '/me'])
    t.equal(proxy['/auth'].changeOrigin, undefined)
    t.equal((await ask(false)).code, 'FST_JWT_REFRESH_TOKEN_INVALID', 'passes')
    t.equal((await ask(true)).code, 'FST_JWT_CROSS_SITE_REQUEST')
  }],
  nginx: [
    async (t, code) => {
      const { app } = await run(t, blocksOf('nginx')[1]!.replace(", publicUrl: 'https://example.com/api'", ''))
      const browser = { host: 'localhost:8080', origin: 'http://localhost:8080' }
      const login = await app.inject({ method: 'POST', url: '/login', payload: { name: 'anna' }, headers: passOn(code, browser) })
      t.equal((await app.sessions.list('anna'))[0].metadata.ip, '203.0.113.7')
      const through = async (text: string) => (await app.inject({ method: 'POST', url: '/auth/refresh', cookies: cookiesOf(login), headers: passOn(text, browser) })).statusCode
      t.equal(await through(code), 200)
      t.equal(await through(code.replace('$http_host', '$host')), 403, 'without the port')
      t.equal(await through(code.replace(/ {2}proxy_set_header Host.*\n/, '')), 403, 'without the host')
    },
    async (t, code) => {
      const { app } = await run(t, code)
      const headers = { host: '127.0.0.1:3000', origin: 'https://example.com' }
      const login = await app.inject({ method: 'POST', url: '/login', payload: { name: 'anna' }, headers })
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies: cookiesOf(login), headers })).statusCode, 200, 'a proxy that does not keep the host')
    }
  ],
  'Next.js': [
    async (t, code) => {
      const { app } = await run(t, blocksOf('Next.js')[1]!)
      process.env.API_URL = await app.listen({ port: 0, host: '127.0.0.1' })
      const { GET, POST } = await run(t, code)
      const ask = async (handle: (request: Request) => Promise<Response>, path: string, options: RequestInit = {}) => await handle(new Request(`https://www.example.com/api${path}`, options))
      const headers = { origin: 'https://www.example.com', 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', 'user-agent': 'a browser', 'x-forwarded-for': '203.0.113.7' }
      const login = await ask(POST, '/login', { method: 'POST', headers, body: '{"name":"anna"}' })
      const { accessToken } = await login.json() as { accessToken: string }
      t.strictSame([login.status, login.headers.getSetCookie().length, login.headers.get('cache-control')], [200, 1, 'private, no-store'])
      t.strictSame((await app.sessions.list('anna'))[0].metadata, { userAgent: 'a browser', ip: '203.0.113.7' })
      const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!
      t.equal((await ask(POST, '/auth/refresh', { method: 'POST', headers: { ...headers, cookie } })).status, 200)
      t.equal((await ask(GET, '/me', { headers: { authorization: `Bearer ${accessToken}` } })).status, 200)
      const logout = await ask(POST, '/auth/logout', { method: 'POST', headers: { origin: headers.origin, cookie } })
      t.strictSame([logout.status, logout.headers.getSetCookie().length], [204, 1])

      const { app: withTwo } = await run(t, blocksOf('Next.js')[1]!.replace('publicUrl', "accessToken: { transport: 'both' }, publicUrl"))
      process.env.API_URL = await withTwo.listen({ port: 0, host: '127.0.0.1' })
      const { POST: postTwo } = await run(t, code)
      t.equal((await ask(postTwo, '/login', { method: 'POST', headers, body: '{"name":"anna"}' })).headers.getSetCookie().length, 2)
    },
    async (t, code) => {
      const { app } = await run(t, code)
      const from = (origin: string): Record<string, string> => ({ origin, 'sec-fetch-mode': 'cors' })
      t.strictSame(await Promise.all(['https://www.example.com', 'https://evil.example'].map(async (origin) =>
        (await post(app, '/login', { name: 'anna' }, { headers: from(origin) })).statusCode)), [200, 403])
    }
  ],
  'Native and mobile apps': [
    async (t, code) => {
      mock.timers.enable({ apis: ['Date'], now: Date.now() })
      t.teardown(() => mock.timers.reset())
      const { app } = await run(t, code)
      const browser = await post(app, '/login', { name: 'anna' })
      t.strictSame([browser.cookies.length, browser.json().refreshToken], [1, undefined])
      const tokens = [(await post(app, '/native/login', { name: 'ben' })).json().refreshToken]
      for (let turn = 0; turn < 2; turn++) {
        tokens.push((await post(app, '/auth/refresh', { refreshToken: tokens.at(-1) })).json().refreshToken)
        mock.timers.tick(MINUTE)
      }
      t.equal((await post(app, '/auth/refresh', { refreshToken: tokens[0] })).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED', 'an older token')
    },
    async (t, code) => {
      mock.timers.enable({ apis: ['Date'], now: Date.now() })
      t.teardown(() => mock.timers.reset())
      const { app } = await run(t, blocksOf('Native and mobile apps')[0]!)
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const { auth } = await run(t, code.replace('https://api.example.com', url))
      await auth.logIn({ name: 'anna' })
      for (let turn = 0; turn < 3; turn++) {
        mock.timers.tick(16 * MINUTE)
        t.match(await (await auth.fetch(`${url as string}/me`)).json(), { sub: 'anna' })
      }
      await auth.logout()
      t.strictSame(await app.sessions.list('anna'), [])
    }
  ],
  WebSocket: [async (t, code) => {
    t.teardown(() => mock.timers.reset())
    const listen = async (text: string): Promise<{ app: FastifyInstance, url: string }> => {
      const { app } = await run(t, text.replace("'@fastify/websocket'", "'./websocket.js'"))
      app.post('/login', async (_request: unknown, reply: any) => reply.issueTokens({ sub: 'anna' }))
      return { app, url: (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws') }
    }
    const { app, url } = await listen(code)
    const [{ accessToken }, { accessToken: bens }] = [await app.sessions.create({ sub: 'anna' }), await app.sessions.create({ sub: 'ben' })]
    t.strictSame(await talk(url, { accessToken }, { text: 'hello' }, { text: 'again' }), ['anna: hello', 'anna: again', '1005 '])
    t.strictSame(await talk(url, { text: 'hello' }), ['4401 no token'])
    t.strictSame(await talk(url, '{'), ['4401 malformed'])
    t.strictSame(await talk(url, { accessToken: 'forged' }), ['4401 FST_JWT_ACCESS_TOKEN_INVALID'])
    t.strictSame(await talk(url, { accessToken }, { accessToken: bens }), ['4401 malformed'])

    // The clock stands still, so that a token of one second stays valid until its timer fires.
    mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
    const short = await listen(code.replace('AUTH_SECRET }', 'AUTH_SECRET, accessToken: { expiresIn: 1 } }').replace('5000', '10'))
    t.strictSame(await talk(short.url), ['4401 no token'], 'who says nothing')
    t.strictSame(await talk(short.url, { accessToken: (await short.app.sessions.create({ sub: 'anna' })).accessToken }), ['4401 expired'])
    mock.timers.reset()

    const byCookie = await listen(code.replace('AUTH_SECRET }', "AUTH_SECRET, accessToken: { transport: 'cookie' } }").replace('{ websocket: true }', '{ websocket: true, onRequest: [app.authenticate] }'))
    const cookie = (await post(byCookie.app, '/login')).cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    t.equal(await upgrade(byCookie.url, cookie, byCookie.url.replace('ws', 'http')), 101)
    t.equal(await upgrade(byCookie.url, cookie, 'https://evil.example'), 403)
  }],
  GraphQL: [async (t, code) => {
    const { app } = await run(t, code.replace("'mercurius'", "'./mercurius.js'"))
    const { accessToken } = await app.sessions.create({ sub: 'anna' })
    const ask = async (headers: Record<string, string>) => await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ me }' }, headers })
    t.strictSame((await ask({ authorization: `Bearer ${accessToken}` })).json(), { data: { me: 'anna' } })
    t.equal((await ask({})).statusCode, 401)
    t.equal((await ask({ upgrade: 'websocket' })).statusCode, 401)
    const { onConnect } = app.graphqlOptions.subscription
    t.match(onConnect({ type: 'connection_init', payload: { accessToken } }), { user: { sub: 'anna' } })
    t.throws(() => onConnect({ type: 'connection_init', payload: {} }), { code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
  }]
}

const { default: WebSocket } = await import(pathToFileURL(join(root, 'node_modules/ws/wrapper.mjs')).href)

/** Sends messages and returns those received until all but the first are answered or the server closes the connection. */
async function talk (url: string, ...messages: unknown[]): Promise<string[]> {
  const socket = new WebSocket(`${url}/chat`)
  const heard: string[] = []
  socket.on('message', (data: unknown) => {
    heard.push(String(data))
    if (heard.length === messages.length - 1) socket.close()
  })
  const closed = once(socket, 'close')
  await once(socket, 'open')
  for (const message of messages) socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  const [status, reason] = await closed
  return [...heard, `${status as number} ${String(reason)}`]
}

/** The response status of an upgrade from a page of this origin. */
async function upgrade (url: string, cookie: string, origin: string): Promise<number> {
  const socket = new WebSocket(`${url}/chat`, { headers: { cookie }, origin })
  socket.on('error', () => {}) // from terminating the connection below
  const status = await new Promise<number>((resolve) => {
    socket.on('open', () => resolve(101))
    socket.on('unexpected-response', (_request: unknown, response: { statusCode: number }) => resolve(response.statusCode))
  })
  socket.terminate()
  return status
}

const blocks = readBlocks(page, 'js', 'nginx')
checkBlocks(t, blocks, checks)

function blocksOf (heading: string): string[] {
  return blocks.get(heading) ?? []
}

/** Without names, the app is exported if the block exports nothing itself. */
async function run (t: Test, code: string, ...names: string[]): Promise<any> {
  const isWhole = /^export (?:async )?(?:const|function)/m.test(code)
  const isApp = names.length === 0 && !/^export /m.test(code)
  const module = await load(project, code, ...(isWhole ? [] : isApp ? ['app'] : names))
  for (const value of Object.values(module)) t.teardown(async () => { await (value as FastifyInstance | undefined)?.close?.() })
  return module
}

async function post (app: FastifyInstance, url: string, payload: object = {}, options: InjectOptions = {}): Promise<LightMyRequestResponse> {
  return await app.inject({ method: 'POST', url, payload, ...options })
}

function cookiesOf (response: LightMyRequestResponse): Record<string, string> {
  return Object.fromEntries(response.cookies.map(({ name, value }) => [name, value]))
}

async function loggedIn (app: FastifyInstance, name = 'anna'): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${(await post(app, '/login', { name })).json().accessToken as string}` }
}

/** Replaces `fetch` with one that follows CORS: it stores cookies only if both sides allow credentials. */
function enterBrowser (t: Test, origin: string): void {
  t.teardown(() => { globalThis.fetch = network })
  let jar = ''
  globalThis.fetch = async (input, options = {}) => {
    const withCredentials = options.credentials === 'include'
    const headers = { ...options.headers as object, origin, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', ...(withCredentials && { cookie: jar }) }
    const answer = await network(input, { ...options, headers })
    const allowed = answer.headers.get('access-control-allow-origin') === origin
    if (!allowed) throw new TypeError('Failed to fetch')
    const [cookie] = answer.headers.getSetCookie()
    if (cookie !== undefined && withCredentials && answer.headers.get('access-control-allow-credentials') === 'true') jar = cookie.split(';')[0] ?? ''
    return answer
  }
}

async function refresh (app: FastifyInstance, login: LightMyRequestResponse): Promise<LightMyRequestResponse> {
  return await app.inject({ method: 'POST', url: '/auth/refresh', cookies: cookiesOf(login), headers: { 'sec-fetch-site': 'same-origin' } })
}

/** The headers that nginx sends to the API for a browser at 203.0.113.7. */
function passOn (location: string, headers: { host: string, origin: string }): Record<string, string> {
  const [, upstream = ''] = /proxy_pass http:\/\/([^/]*)\/;/.exec(location) ?? []
  const variables: Record<string, string> = {
    $http_host: headers.host, $host: headers.host.replace(/:\d+$/, ''), $proxy_add_x_forwarded_for: '203.0.113.7', $scheme: 'http'
  }
  const set = [...location.matchAll(/proxy_set_header (\S+) (\S+);/g)].map(([, name = '', value = '']) => [name.toLowerCase(), variables[value]])
  return { ...headers, host: upstream, ...Object.fromEntries(set) }
}

/** A development server that proxies requests like http-proxy. */
async function startProxy (t: Test, { target }: { target: string }): Promise<number> {
  const server = createServer((request, response) => {
    const host = request.headers['x-change-origin'] === 'true' ? new URL(target).host : request.headers.host
    const onward = sendRequest(target + (request.url ?? ''), { method: request.method, headers: { ...request.headers, host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

async function send (port: number, path: string, headers: Record<string, string>, changeOrigin: boolean): Promise<any> {
  const request = sendRequest({ host: '127.0.0.1', port, path, method: 'POST', headers: { ...headers, 'x-change-origin': String(changeOrigin) } }).end()
  const [response] = await once(request, 'response')
  return JSON.parse(Buffer.concat(await response.toArray()).toString())
}
