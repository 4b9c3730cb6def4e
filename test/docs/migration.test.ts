import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { mock } from 'node:test'
import cookie from '@fastify/cookie'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest, LightMyRequestResponse } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { payloadOf } from '../fixtures/jwt.ts'
import { createProject, root } from '../fixtures/package.ts'
import { load, readBlocks } from '../fixtures/page.ts'

process.env.AUTH_SECRET = 'the new secret of the page about moving in, in an environment variable'
process.env.OLD_SECRET = 'the secret that the app has had so far, in an environment variable'

t.setTimeout(120_000) // it builds the package

// Not imported, because its types would add a session to every request in the tests.
const session = createRequire(import.meta.url)('@fastify/session')

const MINUTE = 60_000
const DAY = 1440 * MINUTE
const OURS = '__Host-refreshToken'

const page = await readFile(join(root, 'docs/migration.md'), 'utf8')
const project = await createProject(t)
await writeFile(join(project, 'package.json'), '{ "type": "module" }')

mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
t.teardown(() => mock.timers.reset())

/** A client that logged in before the migration. */
interface Visitor {
  refresh (): Promise<LightMyRequestResponse>
  /** Loses the response of the call. */
  loses (call: () => Promise<LightMyRequestResponse>): Promise<void>
  logout (): Promise<LightMyRequestResponse>
  /** A copy of the client with all of its tokens, such as a thief or another tab. */
  copy (): Visitor
}

interface Example {
  app: FastifyInstance
  /** Logs in as before the migration. */
  visit (): Promise<Visitor>
}

const examples: Record<string, (t: Test, code: string) => Promise<Example>> = {
  'Refresh JWTs of your own making': async (t, code) => {
    const { app } = await run(t, code, 'app')
    let count = 0
    return { app, visit: async () => browser(app, '/token', { refresh: app.jwt.old.sign({ sub: 'anna', jti: `old-${++count}`, type: 'refresh' }) }) }
  },
  'Opaque tokens in a table': async (t, code) => {
    const { app, table } = await run(t, code, 'app', 'table')
    return {
      app,
      async visit () {
        const id = table.size + 1
        const token = `opaque-${id}`
        table.set(createHash('sha256').update(token).digest('hex'), { id, user_id: 'anna', expires_at: Date.now() + 90 * DAY, traded_in: false })
        return phone(app, token)
      }
    }
  },
  'From @fastify/session': async (t, code) => {
    const { app, store } = await run(t, code, 'app', 'store')
    const before = Fastify()
    t.teardown(() => before.close())
    await before.register(cookie)
    await before.register(session, { secret: process.env.OLD_SECRET ?? '', store, cookie: { secure: false } })
    before.post('/login', async (request) => { Object.assign((request as unknown as { session: object }).session, { userId: 'anna' }) })
    return {
      app,
      async visit () {
        const { cookies: [issued] } = await before.inject({ method: 'POST', url: '/login' })
        return browser(app, '/auth', { sessionId: issued!.value })
      }
    }
  }
}

const blocks = readBlocks(page, 'js')
const codeOf = (heading: string): string => blocks.get(heading)?.[0] ?? ''
t.test('the examples are those of the page', async (t) => t.strictSame([...Object.keys(examples), 'From passport'], [...blocks.keys()]))

for (const heading of Object.keys(examples)) {
  const code = codeOf(heading)
  t.test(heading, async (t) => {
    const { app, visit } = await examples[heading]!(t, code)
    const live = async (): Promise<number> => (await app.sessions.list('anna')).length
    t.afterEach(async () => { await app.sessions.revokeAll('anna') })

    await t.test('a live client moves without a login, and goes on', async (t) => {
      const client = await visit()
      for (let turn = 0; turn < 4; turn++) {
        const response = await client.refresh()
        t.match([response.statusCode, payloadOf(response.json().accessToken).sub], [200, 'anna'])
        mock.timers.tick(MINUTE)
      }
      t.equal(await live(), 1)
    })

    await t.test('the first answer is lost: the old token comes twice', async (t) => {
      for (const later of [0, MINUTE, DAY]) {
        const client = await visit()
        await client.loses(client.refresh)
        mock.timers.tick(later)
        for (let turn = 0; turn < 3; turn++) {
          t.equal((await client.refresh()).statusCode, 200)
          mock.timers.tick(MINUTE)
        }
        t.equal(await live(), 1)
        await client.logout()
      }
    })

    await t.test('two tabs at the first refresh', async (t) => {
      const client = await visit()
      const [one, other] = await Promise.all([client.refresh(), client.refresh()])
      t.strictSame([one.statusCode, other.statusCode], [200, 200])
      for (let turn = 0; turn < 3; turn++) {
        mock.timers.tick(MINUTE)
        t.equal((await client.refresh()).statusCode, 200)
      }
      t.equal(await live(), 1)
    })

    await t.test('a logout after the move retires the old token', async (t) => {
      const client = await visit()
      const thief = client.copy()
      await client.refresh()
      t.equal((await client.logout()).statusCode, 204)
      t.equal((await thief.refresh()).statusCode, 403)
      t.equal((await client.refresh()).statusCode, 403)
      t.equal(await live(), 0)
    })

    await t.test('so does a logout without a refresh before it', async (t) => {
      const client = await visit()
      const thief = client.copy()
      t.equal((await client.logout()).statusCode, 204)
      t.equal((await thief.refresh()).statusCode, 403)
      t.equal(await live(), 0)
    })

    await t.test('so does whatever ends the session elsewhere', async (t) => {
      const client = await visit()
      const copy = client.copy()
      await client.refresh()
      t.equal(await app.sessions.revokeAll('anna'), 1)
      t.equal((await copy.refresh()).statusCode, 403)
      t.equal(await live(), 0)
    })

    await t.test('a copy of the old token that is used later is noticed', async (t) => {
      const client = await visit()
      const thief = client.copy()
      await client.refresh()
      mock.timers.tick(MINUTE)
      await client.refresh()
      t.equal((await thief.refresh()).statusCode, 403)
      t.equal(await live(), heading === 'From @fastify/session' ? 1 : 0, 'the old session was destroyed meanwhile, so that there is nothing to trade in')
    })
  })
}

t.test('what is no old refresh token is none', async (t) => {
  const { app } = await examples['Refresh JWTs of your own making']!(t, codeOf('Refresh JWTs of your own making'))
  const old = (app as unknown as { jwt: { old: { sign (payload: object): string, verify (token: string): object } } }).jwt.old
  const { accessToken } = await app.sessions.create({ sub: 'anna' })
  for (const token of ['', 'x', old.sign({ sub: 'anna', jti: '1' }), accessToken]) {
    t.equal((await browser(app, '/token', { refresh: token }).refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_MISSING')
  }
  t.throws(() => old.verify(accessToken), 'a new secret: our access token is none of theirs')
})

t.test('with one secret, @fastify/jwt takes our access token for one of its own', async (t) => {
  const code = codeOf('Refresh JWTs of your own making').replace('process.env.OLD_SECRET', 'process.env.AUTH_SECRET')
  const { app } = await run(t, code, 'app')
  const { accessToken } = await app.sessions.create({ sub: 'anna' })
  t.match(app.jwt.old.verify(accessToken), { sub: 'anna' })
})

t.test('another spelling of the signature is the same old token', async (t) => {
  const { app, visit } = await examples['Refresh JWTs of your own making']!(t, codeOf('Refresh JWTs of your own making'))
  await (await visit()).refresh()
  const token: string = (app as any).jwt.old.sign({ sub: 'anna', jti: 'old-1', type: 'refresh' })
  const respelled = token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + 1)
  t.strictSame(Buffer.from(respelled.split('.')[2] ?? '', 'base64url'), Buffer.from(token.split('.')[2] ?? '', 'base64url'))
  await app.sessions.revokeAll('anna')
  t.equal((await browser(app, '/token', { refresh: respelled }).refresh()).statusCode, 403)
})

t.test('a login retires the old token that comes with it', async (t) => {
  for (const heading of ['Refresh JWTs of your own making', 'From @fastify/session']) {
    const { app, visit } = await examples[heading]!(t, codeOf(heading))
    const client = await visit() as Browser
    const copy = client.copy()
    t.equal((await client.send(heading === 'From @fastify/session' ? '/login' : '/token/login')).statusCode, 200)
    t.strictSame([...client.jar.keys()], [OURS])
    t.equal((await copy.refresh()).statusCode, 403)
    t.equal((await app.sessions.list('anna')).length, 0)
  }
})

t.test('a logout that still sends an old access token retires the old refresh token, whatever its status', async (t) => {
  for (const [heading, status] of [['Refresh JWTs of your own making', 401], ['Opaque tokens in a table', 204]] as const) {
    const { app, visit } = await examples[heading]!(t, codeOf(heading))
    const client = await visit()
    const copy = client.copy()
    app.addHook('onRequest', async (request) => { if (request.url.endsWith('/logout')) request.headers.authorization = 'Bearer of.the.old.scheme' })
    t.equal((await client.logout()).statusCode, status)
    t.equal((await copy.refresh()).statusCode, 403)
  }
})

t.test('the old cookie goes when ours comes back', async (t) => {
  for (const heading of ['Refresh JWTs of your own making', 'From @fastify/session']) {
    const { visit } = await examples[heading]!(t, codeOf(heading))
    const client = await visit() as Browser
    const [old] = client.jar.keys()
    await client.refresh()
    t.strictSame([...client.jar.keys()], [old, OURS])
    await client.refresh()
    t.strictSame([...client.jar.keys()], [OURS])
  }
})

t.test('an old token that has expired is none', async (t) => {
  const { visit } = await examples['Opaque tokens in a table']!(t, codeOf('Opaque tokens in a table'))
  const client = await visit()
  mock.timers.tick(90 * DAY)
  t.equal((await client.refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_INVALID')
})

t.test('From passport: its strategy checks the login, the plugin carries the session', async (t) => {
  const { Strategy } = createRequire(import.meta.url)('@fastify/passport') as { Strategy: new (name: string) => object }
  class NameStrategy extends Strategy {
    authenticate (request: FastifyRequest): void {
      const id = request.headers['x-name']
      if (id === undefined) (this as any).fail()
      else (this as any).success({ id })
    }
  }
  const { build } = await load(project, codeOf('From passport'))
  const app: FastifyInstance = await build(new NameStrategy('name'))
  t.teardown(() => app.close())
  t.equal((await app.inject({ method: 'POST', url: '/login' })).statusCode, 401)
  const login = await app.inject({ method: 'POST', url: '/login', headers: { 'x-name': 'anna' } })
  const me = await app.inject({ url: '/me', headers: { authorization: `Bearer ${login.json().accessToken}` } })
  t.equal(me.json().sub, 'anna')
})

interface Browser extends Visitor {
  jar: Map<string, string>
  send (url: string): Promise<LightMyRequestResponse>
}

/** A client with cookies. */
function browser (app: FastifyInstance, prefix: string, cookies: Record<string, string>): Browser {
  const jar = new Map(Object.entries(cookies))
  let keeps = true
  const send = async (url: string): Promise<LightMyRequestResponse> => {
    const isKept = keeps
    // The old cookie of the first example has this path.
    const cookies = [...jar].filter(([name]) => name !== 'refresh' || url.startsWith('/token/'))
    const response = await app.inject({ method: 'POST', url, cookies: Object.fromEntries(cookies) })
    for (const { name, value } of isKept ? response.cookies : []) {
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
  return {
    jar,
    send,
    refresh: async () => await send(`${prefix}/refresh`),
    logout: async () => await send(`${prefix}/logout`),
    copy: () => browser(app, prefix, Object.fromEntries(jar)),
    async loses (call) {
      keeps = false
      await call()
      keeps = true
    }
  }
}

/** A client that stores the refresh token of every response body. */
function phone (app: FastifyInstance, token: string): Visitor {
  let refreshToken = token
  let keeps = true
  return {
    async refresh () {
      const isKept = keeps
      const response = await app.inject({ method: 'POST', url: '/auth/refresh', payload: { refreshToken } })
      if (isKept && response.statusCode === 200) refreshToken = response.json().refreshToken
      return response
    },
    logout: async () => await app.inject({ method: 'POST', url: '/auth/logout', payload: { refreshToken } }),
    copy: () => phone(app, refreshToken),
    async loses (call) {
      keeps = false
      await call()
      keeps = true
    }
  }
}

async function run (t: Test, code: string, ...names: string[]): Promise<any> {
  const module = await load(project, code, ...names)
  t.teardown(() => module.app.close())
  return module
}
