import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mock } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { metrics } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { payloadOf } from '../fixtures/jwt.ts'
import { createProject, execute, root } from '../fixtures/package.ts'
import { checkBlocks, load, readBlocks } from '../fixtures/page.ts'
import type { Checks } from '../fixtures/page.ts'

process.env.AUTH_SECRET = 'the secret of the page about sessions, in an environment variable'

t.setTimeout(120_000) // it builds the package

const MINUTE = 60_000
const COOKIE = '__Host-refreshToken'

const page = await readFile(join(root, 'docs/sessions.md'), 'utf8')
const project = await createProject(t)
await writeFile(join(project, 'package.json'), '{ "type": "module" }')
for (const name of ['prom-client', '@opentelemetry']) await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name), 'junction')

// Set before the block gets its meter: a meter without a provider records nothing.
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })] })
metrics.setGlobalMeterProvider(provider)
t.teardown(() => provider.shutdown())

/** The checks for the blocks of JavaScript, by heading. A block without a check fails the test. */
const checks: Checks = {
  'Remember me': [async (t, code) => {
    const { app } = await run(t, code, 'app')
    const [ticked, not] = [await post(app, '/login', { rememberMe: true }), await post(app, '/login', { rememberMe: false })]
    t.equal(ticked.cookies[0]?.maxAge, 90 * 86_400)
    t.equal(not.cookies[0]?.maxAge, undefined)
  }],
  'Asking for the password again': [
    async (t, code) => {
      mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
      t.teardown(() => mock.timers.reset())
      const { app } = await run(t, code, 'app')
      const { accessToken } = await app.sessions.create({ sub: 'user-1' }, { authTime: Date.now() / 1000 - 3600 })
      const headers = { authorization: `Bearer ${accessToken}` }
      const old = await app.inject({ method: 'POST', url: '/change-email', headers })
      t.match([old.statusCode, old.json().code, old.headers['www-authenticate']], [401, 'FST_JWT_LOGIN_TOO_OLD', /max_age=600/])
      const fresh = await app.inject({ method: 'POST', url: '/confirm-password', headers })
      const again = { authorization: `Bearer ${fresh.json().accessToken}` }
      t.strictSame((await app.inject({ method: 'POST', url: '/change-email', headers: again })).json(), { changed: true })
      t.equal((await app.inject({ method: 'DELETE', url: `/auth/sessions/${payloadOf(accessToken).sid as string}`, headers: again })).statusCode, 204)
    },
    async (t, code) => {
      const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<unknown>
      const intercept = new AsyncFunction('response', 'body', 'askForPassword', code)
      t.equal(await intercept({ status: 401 }, { code: 'FST_JWT_LOGIN_TOO_OLD' }, () => 'asked'), 'asked')
      t.equal(await intercept({ status: 401 }, { code: 'FST_JWT_ACCESS_TOKEN_EXPIRED' }, () => 'asked'), undefined)
    }
  ],
  'A list of devices': [
    async (t, code) => {
      const { app } = await run(t, code, 'app')
      const [one, other] = [await post(app, '/login'), await post(app, '/login')]
      const headers = { authorization: `Bearer ${one.json().accessToken}` }
      const devices = (await app.inject({ url: '/auth/sessions', headers })).json() as Array<{ id: string, current: boolean }>
      t.strictSame(devices.map(({ current }) => current).sort(), [false, true])
      const lost = devices.find(({ current }) => !current)
      t.equal((await app.inject({ method: 'DELETE', url: `/auth/sessions/${lost?.id}`, headers })).statusCode, 204)
      t.equal((await post(app, '/auth/refresh', {}, other.cookies[0]?.value)).statusCode, 403)
    },
    async (t, code) => {
      const asked: unknown[] = []
      const auth = {
        fetch: async (url: string, { method = 'GET' } = {}) => { asked.push(`${method} ${url}`); return Response.json([{ id: 'x' }]) },
        logout: async () => { asked.push('logout') }
      }
      const { loadDevices, endDevice } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
      t.strictSame(await loadDevices(auth), [{ id: 'x' }])
      await endDevice(auth, { id: 'x', current: false })
      await endDevice(auth, { id: 'y', current: true })
      t.strictSame(asked, ['GET /auth/sessions', 'DELETE /auth/sessions/x', 'logout'])
    }
  ],
  'Without a request': [
    async (t, code) => {
      const { app, session, accessToken, refreshToken } = await run(t, code, 'app', 'session', 'accessToken', 'refreshToken')
      t.match(session, { subject: 'backup', metadata: { host: 'db-1' } })
      t.equal(app.verifyAccessToken(accessToken).sub, 'backup')
      t.equal((await post(app, '/auth/refresh', { refreshToken })).statusCode, 200)
    },
    async (t, code) => {
      const { app, onMessage } = await run(t, code, 'app', 'onMessage')
      const { accessToken } = await app.sessions.create({ sub: 'anna' })
      t.equal(onMessage(JSON.stringify({ accessToken, text: 'hello' })), 'anna: hello')
      t.throws(() => onMessage(JSON.stringify({ text: 'hello' })), { code: 'FST_JWT_ACCESS_TOKEN_MISSING' })
    },
    async (t, code) => {
      const { app } = await run(t, code, 'app')
      const { accessToken } = await app.sessions.create({ sub: 'user-1', name: 'Anna' })
      const renewed = await app.inject({ method: 'PATCH', url: '/name', headers: { authorization: `Bearer ${accessToken}` }, payload: { name: 'Anne' } })
      t.equal(payloadOf(renewed.json().accessToken).name, 'Anne')
    }
  ],
  Roles: [async (t, code) => {
    const { app } = await run(t, code, 'app')
    const as = async (role: string) => {
      const { accessToken } = await app.sessions.create({ sub: 'user-1', role })
      return await app.inject({ url: '/admin', headers: { authorization: `Bearer ${accessToken}` } })
    }
    t.strictSame((await as('admin')).json(), { secret: 42 })
    t.equal((await as('reader')).statusCode, 403)
  }],
  'What is kept about a login': [async (t, code) => {
    const { app } = await run(t, code, 'app')
    app.post('/login', async (_request: unknown, reply: any) => reply.issueTokens({ sub: 'user-1' }))
    await app.inject({ method: 'POST', url: '/login', headers: { 'sec-ch-ua': '"Chromium"' } })
    t.strictSame((await app.sessions.list('user-1'))[0].metadata, { browser: '"Chromium"' })
  }],
  'Why was this user logged out?': [async (t, code) => {
    mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
    t.teardown(() => mock.timers.reset())
    const log = join(project, 'auth.log')
    const { app } = await run(t, code.replace('auth.log', log), 'app')
    const login = await post(app, '/login')
    const { sid } = payloadOf(login.json().accessToken)
    const stolen = login.cookies[0]?.value ?? ''
    let mine = stolen
    for (let turn = 0; turn < 2; turn++) {
      mine = (await post(app, '/auth/refresh', {}, mine)).cookies[0]?.value ?? ''
      mock.timers.tick(MINUTE)
    }
    for (const token of [stolen, mine]) t.equal((await post(app, '/auth/refresh', {}, token)).statusCode, 403)

    const [, search = '', shown = ''] = /^```sh\n(.*)\n```\n\n```json\n([^]*?)\n```$/m.exec(page) ?? []
    const [, sample = ''] = /sessionId":"([\w-]{22})"/.exec(search) ?? []
    // The log is written asynchronously, after the responses.
    while ((await readFile(log, 'utf8')).split(`"sessionId":"${sid as string}"`).length <= shown.trim().split('\n').length) await setTimeout(10)
    const { stdout } = await execute('sh', ['-c', search.replace(sample, sid as string).replace('auth.log', log)])
    const readable = (text: string): unknown[] => text.trim().split('\n').map((line) => ({ ...JSON.parse(line), pid: 0, hostname: '' }))
    t.strictSame(readable(stdout), readable(shown.replaceAll(sample, sid as string)))
  }],
  Metrics: [
    async (t, code) => {
      const { app } = await run(t, code, 'app')
      await playAll(app)
      const { body } = await app.inject('/metrics')
      for (const labels of ['type="issued",reason=""', 'type="refreshed",reason="confirm"', 'type="refused",reason="missing"', 'type="ended",reason="revoked"']) {
        t.match(body, `fastify_jwt_refresh_events_total{${labels}} 1`)
      }
    },
    async (t, code) => {
      const { app } = await run(t, code, 'app')
      await playAll(app)
      await provider.forceFlush()
      const [metric] = exporter.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? []
      t.match(metric?.descriptor, { name: 'fastify_jwt_refresh.events', unit: '{event}' })
      const points = metric?.dataPoints.map(({ attributes, value }) => [...Object.values(attributes), value])
      t.strictSame(points, [['issued', undefined, 1], ['refreshed', 'confirm', 1], ['refused', 'missing', 1], ['ended', 'revoked', 1]])
    }
  ]
}

checkBlocks(t, readBlocks(page, 'js'), checks)

async function run (t: Test, code: string, ...names: string[]): Promise<any> {
  const module = await load(project, code, ...names)
  t.teardown(() => module.app.close())
  return module
}

async function post (app: FastifyInstance, url: string, payload: object = {}, cookie?: string) {
  return await app.inject({ method: 'POST', url, payload, ...(cookie !== undefined && { cookies: { [COOKIE]: cookie } }) })
}

/** Causes each kind of event: a login, a refresh, a refusal and a logout. */
async function playAll (app: FastifyInstance): Promise<void> {
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  const login = await post(app, '/login')
  await post(app, '/auth/refresh', {}, login.cookies[0]?.value)
  await post(app, '/auth/refresh')
  await app.sessions.revokeAll('user-1')
}
