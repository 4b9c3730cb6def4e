import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import cors from '@fastify/cors'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions, InjectOptions, LightMyRequestResponse } from 'fastify'
import Database from 'libsql'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh, { MemoryStore } from '../../index.ts'
import type { JwtRefreshOptions, Session, TokenStore } from '../../index.ts'
import { sqliteStore } from '../../lib/stores/sqlite/index.ts'
import { checkErrorHandler, loginAs } from '../../lib/testing/index.ts'
import { COOKIE_NAME, DAY, MINUTE, SECOND, SECRET, START } from '../fixtures/app.ts'
import { createProofKey, partsOf, signProof } from '../fixtures/dpop.ts'
import { compile, createProject, root } from '../fixtures/package.ts'
import { checkBlocks, isFile, load, readBlocks } from '../fixtures/page.ts'
import type { Checks } from '../fixtures/page.ts'

// Makes the mistakes of docs/troubleshooting.md, and checks that their results are as described there.

process.env.AUTH_SECRET = 'the secret of the page about mistakes, in an environment variable'
process.env.OLD_SECRET = 'the secret from before, of the page about mistakes, in a variable'

t.setTimeout(120_000) // it builds the package

const OTHER_SECRET = 'another secret of more than thirty-two bytes'
const FOREIGN = { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }
const UNREADABLE = 'eyJhbGciOiJIUzI1NiJ9.e30.x'
const LEVELS: Record<number, string> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' }

const page = await readFile(join(root, 'docs/troubleshooting.md'), 'utf8')

interface Line {
  level: number
  msg: string
  reason?: string
  err?: { message: string }
  [field: string]: unknown
}

interface World {
  app: FastifyInstance
  clock: { now: number }
  /** The log lines. */
  lines: Line[]
  login (sub?: string, request?: InjectOptions): Promise<LightMyRequestResponse>
  /** Logs in and returns the refresh token. */
  token (sub?: string): Promise<string>
  refresh (tokens?: string | string[], headers?: Record<string, string>, payload?: object): Promise<LightMyRequestResponse>
}

/** All log messages of this file with their levels, to compare with those on the page. */
const logged = new Map<string, string>()

async function createWorld (t: Test, options: Partial<JwtRefreshOptions> = {}, server: FastifyServerOptions = {}, credentials = true): Promise<World> {
  const lines: Line[] = []
  const clock = { now: START }
  const write = (text: string): void => {
    const line: Line = JSON.parse(text)
    if ('req' in line || 'res' in line) return // Fastify's own messages
    lines.push(line)
    if (!logged.has(line.msg)) logged.set(line.msg, LEVELS[line.level] ?? '') // only the first failure of a sweep is a warning
  }
  const app = Fastify({ ...server, logger: { level: 'debug', stream: { write } } })
  t.teardown(() => app.close())
  await app.register(cors, { origin: true, credentials })
  await app.register(jwtRefresh, { secret: SECRET, now: () => clock.now, ...options })
  app.post<{ Body: { sub: unknown, [claim: string]: unknown } }>('/login', async (request, reply) => reply.issueTokens(request.body as { sub: string }))
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  app.get('/alive', { onRequest: [app.authenticate, app.requireSession] }, async () => 'alive')

  const login: World['login'] = async (sub = 'anna', request = {}) => await app.inject({ method: 'POST', url: '/login', payload: { sub }, ...request })
  return {
    app,
    clock,
    lines,
    login,
    token: async (sub) => tokenOf(await login(sub)),
    refresh: async (tokens = [], headers = {}, payload) => {
      const cookie = [tokens].flat().map((token) => `${COOKIE_NAME}=${token}`).join('; ')
      return await app.inject({ method: 'POST', url: '/auth/refresh', headers: { ...headers, ...(cookie !== '' && { cookie }) }, ...(payload && { payload }) })
    }
  }
}

function tokenOf (response: LightMyRequestResponse): string {
  return response.cookies.find(({ name }) => name === COOKIE_NAME)?.value ?? ''
}

function codeOf (response: LightMyRequestResponse): string {
  return `${response.statusCode} ${response.json().code as string}`
}

/** The last line at this level or above. */
function lastLine ({ lines }: World, level = 20): Line | undefined {
  return lines.findLast((line) => line.level >= level)
}

/** The text of a section, up to the next heading of the same level. */
function section (heading: string): string {
  const [, text = ''] = page.split(new RegExp(`^## ${heading.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`, 'm'))
  return text.split(/^## /m)[0] ?? ''
}

/** The quoted messages at the start of table rows and list items. */
function quotesOf (text: string, start = /^(?:\||-) /): string[] {
  return text.split('\n').filter((line) => start.test(line)).flatMap((line) => {
    const [, , quote] = /^(``?)(.*?)\1/.exec(line.replace(start, '')) ?? []
    return quote === undefined ? [] : [quote.replaceAll('\\|', '|')]
  })
}

/** Whether the message starts with the quote, in which "…" matches any text. */
function isQuoted (quote: string, message: string): boolean {
  const pattern = quote.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')
  return new RegExp(`^${pattern}`).test(message)
}

async function messageOf (call: () => unknown): Promise<string> {
  try {
    await call()
    return 'no error'
  } catch (error) {
    return (error as Error).message
  }
}

/** Checks that the section quotes all messages and no others. */
function sameMessages (t: Test, heading: string, messages: string[]): void {
  const quotes = quotesOf(section(heading))
  t.ok(quotes.length > 0)
  for (const quote of quotes) t.ok(messages.some((message) => isQuoted(quote, message)), `provoked: ${quote}`)
  for (const message of messages) t.ok(quotes.some((quote) => isQuoted(quote, message)), `quoted: ${message}`)
}

t.test('every error code is on the page, in the table of codes', async (t) => {
  const codes = [...(await readFile(join(root, 'lib/errors.ts'), 'utf8')).matchAll(/'(FST_\w+)'/g)].map(([, code = '']) => code)
  t.ok(codes.length > 15)
  for (const code of [...new Set(codes), 'FST_JWT_MEMORY_STORE']) t.ok(section('Error codes').includes(`\`${code}\``), code)
})

t.test('no code is on the page that does not exist', async (t) => {
  const sources = await readSources()
  for (const [code] of page.matchAll(/FST_JWT_[A-Z_]+[A-Z]/g)) t.ok(code === 'FST_JWT_REFRESH_TOKEN' || sources.includes(`'${code}'`), code)
})

t.test('the cookie is not set', async (t) => {
  await t.test('plain http', async (t) => {
    const world = await createWorld(t)
    await world.login('anna', { headers: { host: '192.168.0.5:3000', origin: 'http://192.168.0.5:3000' } })
    t.match(lastLine(world), { level: 40, msg: /Secure, but the page is plain http/ })
  })

  await t.test('a fetch from another site', async (t) => {
    const world = await createWorld(t, { trustedOrigins: [FOREIGN.origin] })
    await world.login('anna', { headers: { ...FOREIGN, 'sec-fetch-site': 'cross-site' } })
    t.match(lastLine(world), { level: 40, msg: /SameSite=strict: browsers drop it/ })
  })

  await t.test('CORS without credentials', async (t) => {
    const world = await createWorld(t, { trustedOrigins: [FOREIGN.origin] }, {}, false)
    const login = await world.login('anna', { headers: FOREIGN })
    t.not(tokenOf(login), '', 'the answer has the cookie')
    t.match(lastLine(world), { level: 40, msg: /does not allow credentials/ })
  })

  await t.test('the body transport sets none', async (t) => {
    const world = await createWorld(t, { refreshToken: { transport: 'body' } })
    const login = await world.login()
    t.equal(tokenOf(login), '')
    t.type(login.json().refreshToken, 'string')
  })
})

t.test('the cookie is set, but not sent', async (t) => {
  await t.test('nothing comes, although a login came from there', async (t) => {
    const world = await createWorld(t, { trustedOrigins: [FOREIGN.origin] })
    await world.login('anna', { headers: FOREIGN })
    t.equal(codeOf(await world.refresh([], FOREIGN)), '403 FST_JWT_REFRESH_TOKEN_MISSING')
    t.match(lastLine(world, 40), { msg: /had no cookie at all/ })
  })

  await t.test('the token is in the body', async (t) => {
    const world = await createWorld(t)
    const token = await world.token()
    t.equal(codeOf(await world.refresh([], {}, { refreshToken: token })), '403 FST_JWT_REFRESH_TOKEN_MISSING')
    t.match(lastLine(world, 40), { msg: /in its body, where it is not read/ })
    const both = await createWorld(t, { refreshToken: { transport: 'both' } })
    t.equal((await both.refresh([], {}, { refreshToken: await both.token() })).statusCode, 200)
  })

  await t.test('a stripped prefix', async (t) => {
    const world = await createWorld(t, { cookie: { path: '/auth' } })
    await world.login('anna', { headers: { 'x-forwarded-prefix': '/api' } })
    t.match(lastLine(world, 40), { msg: /has the path \/auth, but browsers refresh below \/api/ })
  })
})

t.test('the cookie is sent twice', async (t) => {
  const world = await createWorld(t)
  const [anna, again, ben] = [await world.token(), await world.token(), await world.token('ben')] as const
  t.equal((await world.refresh([anna, again])).statusCode, 200)
  t.equal((await world.refresh([UNREADABLE, anna])).statusCode, 200)
  t.equal(codeOf(await world.refresh([anna, ben])), '403 FST_JWT_REFRESH_TOKEN_INVALID')
  t.equal(lastLine(world)?.reason, 'several subjects')
  for (const [reason, token] of [['type', UNREADABLE], ['unknown key', await (await createWorld(t, { secret: OTHER_SECRET })).token()]] as const) {
    t.equal(codeOf(await world.refresh(token)), '403 FST_JWT_REFRESH_TOKEN_INVALID')
    t.equal(lastLine(world)?.reason, reason)
  }
  const logout = await world.app.inject({ method: 'POST', url: '/auth/logout', headers: { cookie: `${COOKIE_NAME}=${anna}; ${COOKIE_NAME}=${ben}` } })
  t.equal(logout.statusCode, 204)
  t.strictSame([(await world.app.sessions.list('ben')).length, (await world.app.sessions.list('anna')).length], [0, 1], 'a logout ends both')
})

t.test('the cookie is cleared', async (t) => {
  const world = await createWorld(t, { refreshToken: { transport: 'both' }, routes: { sessions: true } })
  const cookieOf = (response: LightMyRequestResponse): unknown => response.headers['set-cookie']
  world.app.post('/native', async (_request, reply) => reply.issueTokens({ sub: 'anna' }, { transport: 'body' }))
  const send = async (method: 'POST' | 'DELETE', url: string, token: string, rest: InjectOptions = {}) => await world.app.inject({ method, url, cookies: { [COOKIE_NAME]: token }, ...rest })

  const ended = await world.token()
  await world.app.sessions.revokeAll('anna')
  t.equal(cookieOf(await world.refresh(ended)), undefined, 'a refused refresh clears nothing')
  t.match(cookieOf(await send('POST', '/auth/logout', ended, { payload: { everywhere: true } })), /Max-Age=0/, 'a refused logout everywhere')
  t.match(cookieOf(await send('POST', '/auth/logout', await world.token())), /Max-Age=0/, 'a logout')
  t.match(cookieOf(await send('POST', '/native', await world.token())), /Max-Age=0/, 'a login by the body transport')
  const { headers, cookies, sessionId } = await loginAs(world.app, { sub: 'anna' })
  t.match(cookieOf(await send('DELETE', `/auth/sessions/${sessionId}`, cookies[COOKIE_NAME] ?? '', { headers })), /Max-Age=0/, 'the own session')
})

t.test('the cookie would be longer than 4096 bytes, and other TypeErrors about what was passed', async (t) => {
  const world = await createWorld(t)
  world.app.post('/options', async (_request, reply) => reply.issueTokens({ sub: 'anna' }, { persistant: false } as any))
  world.app.get('/recent', { onRequest: [world.app.authenticate, world.app.requireRecentLogin as any] }, async () => 'recent')
  const inCookie = await createWorld(t, { accessToken: { transport: 'cookie' } })
  const long = [await world.login('x'.repeat(3000)), await inCookie.login('', { payload: { sub: 'anna', permissions: 'x'.repeat(4000) } })]
  t.strictSame(long.map(({ statusCode }) => statusCode), [500, 500])
  sameMessages(t, 'The cookie would be longer than 4096 bytes', long.map((response) => response.json().message))

  const otherSubject = await createWorld(t, { claims: () => ({ sub: 'ben' }) })
  const { headers } = await loginAs(world.app, { sub: 'anna' })
  const wrong = [
    await world.login('', { payload: { sub: 7 } }),
    await world.login('', { payload: { sub: 'anna', exp: 7 } }),
    await world.app.inject({ method: 'POST', url: '/options' }),
    await otherSubject.refresh(await otherSubject.token()),
    await world.app.inject({ url: '/recent', headers })
  ]
  t.ok(wrong.every(({ statusCode }) => statusCode === 500))
  sameMessages(t, '500', wrong.map((response) => response.json().message))
})

t.test('logged out after a deploy or a restart', async (t) => {
  const store = new MemoryStore({ now: () => START })
  const before = await createWorld(t, { store })
  const token = await before.token()

  const withOtherSecret = await createWorld(t, { store, secret: OTHER_SECRET })
  t.equal(codeOf(await withOtherSecret.refresh(token)), '403 FST_JWT_REFRESH_TOKEN_INVALID')
  t.match(lastLine(withOtherSecret), { msg: 'refused a refresh', reason: 'unknown key' })
  t.equal((await (await createWorld(t, { store, secret: [OTHER_SECRET, SECRET] })).refresh(token)).statusCode, 200)

  const withoutStore = await createWorld(t)
  t.equal(codeOf(await withoutStore.refresh(token)), '403 FST_JWT_REFRESH_TOKEN_REVOKED')
  t.match(lastLine(withoutStore), { msg: 'refused a refresh', reason: 'revoked' })

  const renamed = await createWorld(t, { store, cookie: { name: '__Host-other' } })
  t.equal(codeOf(await renamed.refresh(token)), '403 FST_JWT_REFRESH_TOKEN_MISSING')
  t.match(lastLine(renamed), { reason: 'missing' })
})

t.test('logged out after fifteen minutes: an error handler that overlooks the status', async (t) => {
  const { app } = await createWorld(t)
  app.setErrorHandler(async (_error, _request, reply) => reply.code(500).send({ message: 'Something went wrong' }))
  await t.rejects(checkErrorHandler(app, { url: '/me' }), { message: /reply\.code\(error\.statusCode \?\? 500\)/ })
})

t.test('logged out in a second tab', async (t) => {
  await t.test('not with the default options', async (t) => {
    const world = await createWorld(t)
    const token = await world.token()
    const tabs = await Promise.all([world.refresh(token), world.refresh(token)])
    t.strictSame(tabs.map(({ statusCode }) => statusCode), [200, 200])
  })

  await t.test('with strict rotation', async (t) => {
    const world = await createWorld(t, { refreshToken: { rotation: 'strict' } })
    const token = await world.token()
    const tabs = [await world.refresh(token), await world.refresh(token)]
    t.strictSame(tabs.map(({ statusCode }) => statusCode), [200, 403])
    t.match(lastLine(world), { level: 40, msg: 'a refresh token was used again: its session was ended' })
  })

  await t.test('with an overlap of 0', async (t) => {
    const world = await createWorld(t, { refreshToken: { overlap: 0 } })
    const token = await world.token()
    const [one, other] = [tokenOf(await world.refresh(token)), tokenOf(await world.refresh(token))]
    t.equal((await world.refresh(one)).statusCode, 200)
    t.equal(codeOf(await world.refresh(other)), '403 FST_JWT_REFRESH_TOKEN_REVOKED')
  })

  await t.test('a login as someone else replaces the session', async (t) => {
    const world = await createWorld(t)
    const cookies = { [COOKIE_NAME]: await world.token('anna') }
    await world.login('ben', { cookies })
    t.match(world.lines.find(({ msg }) => msg === 'a session was ended'), { reason: 'replaced', subject: 'anna' })
  })
})

t.test('401 again and again', async (t) => {
  const issuer = await createWorld(t, { accessToken: { issuer: 'https://a.example', audience: 'a' } })
  const { accessToken, refreshToken } = await issuer.app.sessions.create({ sub: 'anna' })
  const cases: Array<[code: string, reason: string | undefined, options: Partial<JwtRefreshOptions>, token?: string]> = [
    ['FST_JWT_ACCESS_TOKEN_INVALID', 'unknown key', { secret: OTHER_SECRET }],
    ['FST_JWT_ACCESS_TOKEN_INVALID', 'issuer', { accessToken: { issuer: 'https://b.example' } }],
    ['FST_JWT_ACCESS_TOKEN_INVALID', 'audience', { accessToken: { audience: 'b' } }],
    ['FST_JWT_ACCESS_TOKEN_INVALID', 'type', {}, refreshToken],
    ['FST_JWT_ACCESS_TOKEN_INVALID', 'malformed', {}, 'undefined'],
    ['FST_JWT_ACCESS_TOKEN_INVALID', 'malformed', {}, '[object Object]'],
    ['FST_JWT_ACCESS_TOKEN_INVALID', 'malformed', {}, `"${accessToken}"`],
    ['FST_JWT_ACCESS_TOKEN_EXPIRED', 'expired', { now: () => START + 16 * MINUTE }],
    ['FST_JWT_ACCESS_TOKEN_MISSING', undefined, { accessToken: { extract: () => null } }]
  ]
  for (const [code, reason, options, token = accessToken] of cases) {
    const world = await createWorld(t, options)
    t.equal(codeOf(await world.app.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } })), `401 ${code}`)
    t.equal(world.lines.findLast((line) => line.operation === 'access')?.reason, reason)
  }
  const elsewhere = await createWorld(t)
  t.equal(codeOf(await elsewhere.app.inject({ url: '/alive', headers: { authorization: `Bearer ${accessToken}` } })), '401 FST_JWT_SESSION_ENDED')
})

t.test('403 cross-site: each row of the table', async (t) => {
  const rows: Array<[headers: Record<string, string>, code: number, options?: Partial<JwtRefreshOptions>, server?: FastifyServerOptions]> = [
    [{ origin: 'http://localhost:5173', host: 'localhost:3000' }, 403],
    [{ origin: 'http://localhost:5173', host: 'localhost:3000' }, 200, { trustedOrigins: ['http://localhost:5173'] }],
    [{ origin: 'http://localhost:5173', host: 'localhost:5173' }, 200],
    [{ origin: 'http://localhost:3000', host: '127.0.0.1:3000' }, 403],
    [{ origin: 'https://example.com', host: 'api:3000' }, 403],
    [{ origin: 'https://example.com', host: 'api:3000' }, 200, { publicUrl: 'https://example.com' }],
    [{ origin: 'https://example.com', host: 'api:3000', 'x-forwarded-host': 'example.com' }, 200, {}, { trustProxy: true }],
    [{ origin: 'http://localhost:8080', host: 'localhost' }, 403],
    [{ origin: 'http://example.com', host: 'example.com', 'x-forwarded-proto': 'https' }, 403, {}, { trustProxy: true }],
    [{ origin: 'https://app.example.com', host: 'api.example.com', 'sec-fetch-site': 'same-site' }, 403],
    [{ origin: 'https://app.example.com', host: 'api.example.com', 'sec-fetch-site': 'same-site' }, 200, { trustedOrigins: ['https://app.example.com'] }],
    [{ origin: 'null', host: 'example.com' }, 403],
    [{ host: 'example.com', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, 403],
    [{ origin: 'https://example.com', host: 'example.com' }, 200]
  ]
  for (const [headers, status, options, server] of rows) {
    const world = await createWorld(t, options, server)
    const response = await world.refresh(await world.token(), headers)
    t.equal(response.statusCode, status, JSON.stringify(headers))
    if (status === 200) continue
    t.equal(response.json().code, 'FST_JWT_CROSS_SITE_REQUEST')
    t.match(lastLine(world), { level: 40, origin: headers.origin, host: headers.host, secFetchSite: headers['sec-fetch-site'] })
  }
  const world = await createWorld(t)
  t.equal(codeOf(await world.login('anna', { headers: { origin: 'https://idp.example' } })), '403 FST_JWT_CROSS_SITE_REQUEST')
  const byCookie = await createWorld(t, { accessToken: { transport: 'cookie' } })
  byCookie.app.post('/me', { onRequest: [byCookie.app.authenticate] }, async (request) => request.user)
  const { cookies } = await loginAs(byCookie.app, { sub: 'anna' })
  for (const request of [{ method: 'POST' as const }, { headers: { upgrade: 'websocket' } }]) {
    const headers = { origin: 'https://evil.example', ...request.headers }
    t.equal(codeOf(await byCookie.app.inject({ url: '/me', cookies, ...request, headers })), '403 FST_JWT_CROSS_SITE_REQUEST')
  }
})

t.test('403 revoked for an innocent user', async (t) => {
  const reused = { level: 40, msg: 'a refresh token was used again: its session was ended' }

  await t.test('two clients share one token', async (t) => {
    const world = await createWorld(t)
    const clients = [await world.token(), ''] as [string, string]
    clients[1] = clients[0]
    const statuses: number[] = []
    for (let turn = 0; turn < 4; turn++) {
      for (const client of [0, 1] as const) {
        world.clock.now += 10 * MINUTE
        const response = await world.refresh(clients[client])
        statuses.push(response.statusCode)
        clients[client] = tokenOf(response) || clients[client]
      }
    }
    t.ok(statuses.includes(403))
    t.match(world.lines.find(({ msg }) => msg === reused.msg), reused)
  })

  await t.test('a request that comes twice gets two good answers', async (t) => {
    const world = await createWorld(t)
    const token = await world.token()
    t.strictSame([(await world.refresh(token)).statusCode, (await world.refresh(token)).statusCode], [200, 200])
  })

  await t.test('an old backup of the client', async (t) => {
    const world = await createWorld(t)
    const backup = await world.token()
    let token = backup
    for (let turn = 0; turn < 2; turn++) {
      token = tokenOf(await world.refresh(token))
      world.clock.now += MINUTE
    }
    t.equal(codeOf(await world.refresh(backup)), '403 FST_JWT_REFRESH_TOKEN_REVOKED')
    t.match(lastLine(world), reused)
  })

  await t.test('an old backup of the store', async (t) => {
    for (const [away, status] of [[MINUTE, 200], [2 * DAY, 403]] as const) {
      const store = new MemoryStore()
      const world = await createWorld(t, { store })
      let token = await world.token()
      const [backup] = await world.app.sessions.list('anna') as [Session]
      for (let turn = 0; turn < 3; turn++) {
        token = tokenOf(await world.refresh(token))
        world.clock.now += MINUTE
      }
      await store.delete(backup.id)
      await store.create(backup)
      world.clock.now += away
      t.equal((await world.refresh(token)).statusCode, status)
    }
  })

  await t.test('clocks that differ by more than the overlap', async (t) => {
    for (const [ahead, status] of [[0, 200], [2 * MINUTE, 403]] as const) {
      const store = new MemoryStore({ now: () => START })
      const exact = await createWorld(t, { store })
      const fast = await createWorld(t, { store })
      fast.clock.now += ahead
      const first = await exact.token()
      const second = tokenOf(await exact.refresh(first))
      t.equal((await fast.refresh(second)).statusCode, 200)
      exact.clock.now += SECOND
      t.equal((await exact.refresh(first)).statusCode, status, 'another tab, whose request took a second')
    }
  })

  await t.test('claims that forget to return', async (t) => {
    const world = await createWorld(t, { claims: async () => undefined as any })
    t.equal(codeOf(await world.refresh(await world.token())), '403 FST_JWT_REFRESH_TOKEN_REVOKED')
    t.match(lastLine(world), { level: 30, msg: 'a session was ended', reason: 'claims' })
  })

  await t.test('too many sessions', async (t) => {
    const world = await createWorld(t, { maxSessionsPerSubject: 1 })
    const token = await world.token()
    world.clock.now += SECOND
    await world.token()
    t.match(lastLine(world), { level: 30, msg: 'a session was ended', reason: 'limit' })
    t.equal(codeOf(await world.refresh(token)), '403 FST_JWT_REFRESH_TOKEN_REVOKED')
  })
})

t.test('503: what is beside the log line', async (t) => {
  const never = async (): Promise<never> => await new Promise(() => {})
  const away = async (): Promise<never> => { throw new Error('connect ECONNREFUSED 127.0.0.1:6379') }
  const hindered = (methods: object): TokenStore => Object.assign(new MemoryStore(), methods)
  const cases: Array<Partial<JwtRefreshOptions>> = [
    { store: hindered({ rotate: never }), storeTimeout: '20ms' },
    { claims: never, storeTimeout: '20ms' },
    { store: hindered({ rotate: async () => ({ id: 'another' }) }) },
    { store: new MemoryStore({ maxSessions: 1 }) },
    { store: hindered({ rotate: async () => null }) },
    { store: sqliteStore(new Database(':memory:')) },
    { store: hindered({ rotate: away }) },
    { claims: away }
  ]
  const messages: string[] = []
  for (const options of cases) {
    const world = await createWorld(t, options)
    const login = await world.login()
    const refresh = await world.refresh(tokenOf(login))
    const second = await world.login('ben')
    const answer = [login, refresh, second].find(({ statusCode }) => statusCode !== 200)!
    t.equal(codeOf(answer), '503 FST_JWT_STORE_UNAVAILABLE')
    t.equal(answer.headers['retry-after'], '1')
    const line = world.lines.find(({ msg }) => msg === 'the session store, `claims` or `adopt` failed or took too long')
    t.match(line, { level: 40, operation: String, ms: Number })
    messages.push(line?.err?.message ?? '') // the message of the cause
  }
  t.strictSame(messages.splice(-2), ['connect ECONNREFUSED 127.0.0.1:6379', 'connect ECONNREFUSED 127.0.0.1:6379'])
  sameMessages(t, '503 FST_JWT_STORE_UNAVAILABLE', messages)

  const world = await createWorld(t, { claims: async () => { throw Object.assign(new Error('paid?'), { statusCode: 402 }) } })
  t.equal((await world.refresh(await world.token())).statusCode, 402)
})

t.test('400', async (t) => {
  const { app, token, refresh } = await createWorld(t, { refreshToken: { transport: 'both' } })
  const mine = await token()
  t.equal(codeOf(await refresh(mine, {}, { refreshToken: mine })), '400 FST_JWT_REFRESH_TOKEN_AMBIGUOUS')
  t.equal(codeOf(await refresh([], {}, { refreshToken: 7 })), '400 FST_ERR_VALIDATION')
  const send = async (payload: string, type: string): Promise<string> => codeOf(await app.inject({ method: 'POST', url: '/auth/refresh', payload, headers: { 'content-type': type } }))
  t.equal(await send('refreshToken=x', 'application/x-www-form-urlencoded'), '415 FST_ERR_CTP_INVALID_MEDIA_TYPE')
  t.equal(await send('{', 'application/json'), '400 FST_ERR_CTP_INVALID_JSON_BODY')
})

t.test('the app does not start', async (t) => {
  const boot = async (options: object): Promise<string> => await messageOf(() => Fastify().register(jwtRefresh, { secret: SECRET, ...options }))
  const messages = [
    await boot({ secret: undefined }),
    await boot({ secret: 'short' }),
    await boot({ accessToken: { expiresIn: 900_000 } }),
    await boot({ expiresIn: '15m' }),
    await boot({ cookie: { path: '/api/auth' } }),
    await boot({ trustedOrigins: ['https://app.example.com/'] }),
    await messageOf(async () => {
      const app = Fastify()
      await app.register(jwtRefresh, { secret: SECRET })
      await app.register(jwtRefresh, { secret: SECRET })
    })
  ]
  sameMessages(t, 'The app does not start', messages)
})

t.test('app.authenticate is undefined', async (t) => {
  const inArray = Fastify()
  inArray.register(jwtRefresh, { secret: SECRET }) // the mistake: not awaited
  const refused = await messageOf(() => inArray.get('/me', { onRequest: [inArray.authenticate] }, async () => 'open'))
  t.ok(section('The app does not start').includes(refused), refused)

  const bare = Fastify()
  t.teardown(() => bare.close())
  bare.register(jwtRefresh, { secret: SECRET }) // the mistake: not awaited
  bare.get('/me', { onRequest: bare.authenticate }, async () => 'open')
  t.equal((await bare.inject('/me')).body, 'open', 'a route that is open')

  const scoped = Fastify()
  await scoped.register(async (scope) => { await scope.register(jwtRefresh, { secret: SECRET }) })
  t.equal(scoped.authenticate, undefined)

  const { app } = await createWorld(t)
  const called = await messageOf(() => (app.authenticate as any)())
  t.ok(section('The app does not start').includes(called), called)
})

t.test('an empty 200, and request.user', async (t) => {
  const { app } = await createWorld(t)
  app.get('/nobody', async (request) => ({ user: request.user ?? 'nobody' }))
  app.get('/more', { onRequest: [app.authenticate], preHandler: async (request) => { request.user = { ...request.user, name: 'Anna' } } }, async (request) => request.user)
  app.post('/forgotten', async (_request, reply) => { reply.issueTokens({ sub: 'anna' }) }) // eslint-disable-line @typescript-eslint/no-floating-promises -- the mistake
  const response = await app.inject({ method: 'POST', url: '/forgotten' })
  t.strictSame([response.statusCode, response.body, response.headers['set-cookie']], [200, '', undefined])
  t.equal((await app.sessions.list('anna')).length, 1, 'the session is in the store')

  t.equal((await app.inject('/nobody')).json().user, 'nobody')
  const { headers } = await loginAs(app, { sub: 'anna' })
  t.match((await app.inject({ url: '/more', headers })).json(), { sub: 'anna', name: 'Anna' })
})

t.test('clocks', async (t) => {
  const { app, login } = await createWorld(t)
  app.post('/sso', async (_request, reply) => reply.issueTokens({ sub: 'anna' }, { authTime: START }))
  const { message } = (await app.inject({ method: 'POST', url: '/sso' })).json()
  t.ok(section('Clocks').includes(`\`${message as string}\``), message)

  const ahead = await createWorld(t, { now: () => START + 15 * MINUTE + 2 * SECOND })
  const tolerant = await createWorld(t, { now: () => START + 15 * MINUTE + 2 * SECOND, accessToken: { clockTolerance: '5s' } })
  const headers = { authorization: `Bearer ${(await login()).json().accessToken as string}` }
  t.equal(codeOf(await ahead.app.inject({ url: '/me', headers })), '401 FST_JWT_ACCESS_TOKEN_EXPIRED')
  t.equal((await tolerant.app.inject({ url: '/me', headers })).statusCode, 200)
})

t.test('the remaining log lines', async (t) => {
  const fails = async (): Promise<never> => { throw new Error('away') }
  const world = await createWorld(t, {
    dpop: {},
    sweepInterval: '1ms',
    onEvent: fails,
    store: Object.assign(new MemoryStore(), { sweep: fails, list: fails })
  })
  await world.token()
  while (!logged.has('the store could not remove expired sessions; the next sweep tries again')) await setTimeout(1)
  for (const dpop of ['malformed', signProof(partsOf(createProofKey(), 'POST', '/elsewhere'))]) await world.login('anna', { headers: { dpop } })

  const other = await createWorld(t)
  await other.app.inject({ method: 'POST', url: '/auth/logout', cookies: { [COOKIE_NAME]: UNREADABLE } })
  await other.app.inject({ method: 'POST', url: '/auth/logout', payload: { everywhere: true } })
  await other.token()
  await other.token()
  await other.app.sessions.revokeAll('anna')
})

t.test('the log lines are those of the page', async (t) => {
  const rows = section('Log lines').split('\n').filter((line) => line.startsWith('| `'))
  const quoted = new Map(rows.map((row) => {
    const [, level = ''] = /^\| `(\w+)` \| /.exec(row) ?? []
    return [quotesOf(row, /^\| `\w+` \| /)[0] ?? '', level]
  }))
  for (const [message, level] of quoted) t.equal(logged.get(message), level, message)
  for (const message of await messagesOfSources()) t.ok(quoted.has(message), `on the page: ${message}`)
})

t.test('the code of the page', async (t) => {
  const project = await createProject(t)
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')

  /** The checks for the code blocks, by heading. */
  const checks: Checks = {
    'Where to look first': [async (t, code) => {
      const { app } = await run(t, code)
      t.equal(app.log.level, 'debug')
    }],
    'Changing the secret': [async (t, code) => {
      const before = await createWorld(t, { secret: process.env.OLD_SECRET, now: Date.now })
      const { accessToken } = await before.app.sessions.create({ sub: 'anna' })
      const { app } = await run(t, code)
      t.match(app.verifyAccessToken(accessToken), { sub: 'anna' })
    }],
    'Logged out after ten or fifteen minutes': [async (t, code) => {
      const { app, checkErrorHandler } = await run(t, code)
      await checkErrorHandler(app, { url: '/me' })
      const response = await app.inject('/me')
      t.equal(codeOf(response), '401 FST_JWT_ACCESS_TOKEN_MISSING')
    }],
    'A login answers 200, with an empty body and no cookie': [async (t, code) => {
      const { app } = await run(t, code)
      t.not(tokenOf(await app.inject({ method: 'POST', url: '/login' })), '')
    }],
    TypeScript: [
      async (t, code) => { t.strictSame(await errorsOf('claims', code), []) },
      async (t, code) => { t.strictSame(await errorsOf('with-jwt', code), []) }
    ],
    Jest: [isFile('consumers/jest-babel/jest.config.js')]
  }

  const blocks = readBlocks(page, 'js', 'ts')
  checkBlocks(t, blocks, checks)

  await t.test('the errors of the compiler', async (t) => {
    const withJwt = blocks.get('TypeScript')![1]!
    const wrong = {
      'not-imported': "import Fastify from 'fastify'\nconst app = Fastify()\napp.get('/me', { onRequest: [app.authenticate] }, async () => 'me')\n",
      'no-claims': "import Fastify from 'fastify'\nimport jwtRefresh from 'fastify-jwt-refresh'\nconst app = Fastify()\nawait app.register(jwtRefresh, { secret: '' })\n" +
        "app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user.role.length)\n",
      'jwts-user': withJwt.replace(/declare module[^]*?\n}\n/, '')
    }
    const messages: string[] = []
    for (const [name, code] of Object.entries(wrong)) messages.push(...await errorsOf(name, code))
    sameMessages(t, 'TypeScript', messages)
  })

  async function run (t: Test, code: string): Promise<any> {
    const module = await load(project, `${code}\nexport { checkErrorHandler } from 'fastify-jwt-refresh/testing'\n`, 'app')
    t.teardown(() => module.app.close())
    return module
  }

  /** Compiles with strict options. */
  async function errorsOf (name: string, code: string): Promise<string[]> {
    const file = join(project, `${name}.ts`)
    await writeFile(file, code)
    const text = await messageOf(() => compile(file, '--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023',
      '--types', 'node', '--typeRoots', join(project, 'node_modules/@types')))
    return [...text.matchAll(/ error TS\d+: (.*)/g)].map(([, message = '']) => message)
  }
})

async function readSources (): Promise<string> {
  const names = await readdir(join(root, 'lib'), { recursive: true })
  const texts = await Promise.all(names.filter((name) => name.endsWith('.ts')).map(async (name) => await readFile(join(root, 'lib', name), 'utf8')))
  return texts.join('\n')
}

/** The messages of all logger calls with a string literal. */
async function messagesOfSources (): Promise<string[]> {
  const found = [...(await readSources()).matchAll(/\blog(?:\.(?:warn|error|info|debug)|\[[^\]]+\])\((?:\{[^\n]*\}|event), '([^']+)'\)/g)]
  return found.map(([, message = '']) => message)
}
