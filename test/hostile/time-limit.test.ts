import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { mock } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { MemoryStore } from '../../index.ts'
import type { Session, TokenStore } from '../../index.ts'
import { COOKIE_NAME, MINUTE } from '../fixtures/app.ts'
import { createGate } from '../fixtures/gate.ts'
import { createHostileApp } from '../fixtures/hostile-app.ts'

const LIMIT = 2000 // ms, the default of storeTimeout

/** Simulates time that passes only while a call is slow, nearly up to the limit for all calls of a request. */
function createTime (t: Test): { slow: boolean, pass: () => void } {
  let elapsed = 0
  mock.timers.enable({ apis: ['setTimeout'] })
  mock.method(performance, 'now', () => elapsed)
  t.teardown(() => {
    mock.timers.reset()
    mock.restoreAll()
  })
  return {
    slow: false,
    pass () {
      if (!this.slow) return
      elapsed += 0.7 * LIMIT
      mock.timers.tick(0.7 * LIMIT)
    }
  }
}

t.test('a login whose time is up answers, also where its session cannot be taken back', async (t) => {
  const time = createTime(t)
  const store = new MemoryStore()
  let deletions = 0
  store.delete = async () => {
    time.slow = ++deletions === 1
    time.pass()
    time.pass()
    if (deletions === 2) setImmediate(() => mock.timers.tick(1))
    return await new Promise<boolean>(() => {})
  }
  const { send, login, events } = await createHostileApp(t, { store, sweepInterval: false })
  const { cookie } = await login({ sub: 'anna' })
  const response = await send({ method: 'POST', url: '/login', payload: { sub: 'anna' }, cookies: { [COOKIE_NAME]: cookie as string } })
  t.equal(response.statusCode, 503)
  t.equal(deletions, 2, 'of the old session and of the new one')
  t.strictSame(events.map(({ type }) => type), ['issued', 'unavailable'])
})

t.test('all calls of a request share one time limit, and none is begun after it', async (t) => {
  const time = createTime(t)
  const calls: string[] = []
  const store = new Proxy(new MemoryStore(), {
    get (target, name) {
      const member = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...parameters: unknown[]) => {
        calls.push(name as string)
        time.pass()
        return member.apply(target, parameters)
      }
    }
  })
  const claims = async ({ subject }: Session): Promise<{ sub: string }> => {
    calls.push('claims')
    time.pass()
    return { sub: subject }
  }
  const { app, login, clock } = await createHostileApp(t, { store, claims, sweepInterval: false, routes: { sessions: true } })
  const tab = await login({ sub: 'anna' })
  const { cookie: first } = tab
  await tab.refresh()
  const { cookie: second } = tab
  clock.now += MINUTE
  const headers = { authorization: `Bearer ${tab.accessToken as string}` }

  const requests = {
    refresh: { run: async () => await tab.refresh(), calls: ['rotate', 'claims'] },
    'a refresh that reads after it could not write': {
      async run () {
        tab.cookie = first
        return await tab.refresh()
      },
      calls: ['rotate', 'find']
    },
    'GET sessions': { run: async () => await app.inject({ url: '/auth/sessions', headers }), calls: ['find', 'list'] },
    'DELETE session': { run: async () => await app.inject({ method: 'DELETE', url: '/auth/sessions/x', headers }), calls: ['find'], status: 404 },
    'logout everywhere': {
      async run () {
        tab.cookie = second
        return await tab.logout({ everywhere: true })
      },
      calls: ['find', 'deleteAll']
    }
  }
  for (const [name, { run, ...expected }] of Object.entries(requests)) {
    calls.length = 0
    time.slow = true
    const { statusCode: status } = await run()
    time.slow = false
    t.strictSame({ status, calls }, { status: 503, ...expected }, name)
  }
})

/** The first call waits at a gate, so that the test controls when the request makes a second call. */
class GatedStore extends MemoryStore {
  gate = createGate()
  begun: string[] = []

  override async rotate (...parameters: Parameters<TokenStore['rotate']>): Promise<Session | null> {
    this.begun.push('rotate')
    await this.gate.opened
    return await super.rotate(...parameters)
  }

  override async find (id: string): Promise<Session | null> {
    this.begun.push('find')
    await this.gate.opened
    return await super.find(id)
  }

  override async deleteAll (...parameters: Parameters<TokenStore['deleteAll']>): Promise<number> {
    this.begun.push('deleteAll')
    return await super.deleteAll(...parameters)
  }
}

const PAYLOADS = { '/auth/refresh': '', '/auth/logout': '{"everywhere":true}' } as const

async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1)
}

for (const http2 of [false, true]) {
  t.test(`${http2 ? 'HTTP/2' : 'HTTP/1.1'}: nothing is begun for a caller who has gone, unless it ends sessions`, async (t) => {
    const store = new GatedStore()
    const server = http2 ? { http2: true } as object : {}
    const { app, login, clock } = await createHostileApp(t, { store, storeTimeout: '10s' }, server)
    store.gate.open()
    const tab = await login({ sub: 'anna' })
    const { cookie } = tab
    await tab.refresh()
    clock.now += MINUTE
    await app.listen()

    for (const [url, begun] of Object.entries({ '/auth/refresh': ['rotate'], '/auth/logout': ['find', 'deleteAll'] })) {
      store.gate = createGate()
      store.begun = []
      const leave = await call(app, url as keyof typeof PAYLOADS, cookie as string, http2)
      await until(() => store.begun.length === 1)
      await leave()
      await sleep(20) // until the server has noticed
      store.gate.open()
      await sleep(20)
      t.strictSame(store.begun, begun, url)
    }
  })
}

/** Sends a request and returns a function that closes its connection. */
async function call (app: FastifyInstance, url: keyof typeof PAYLOADS, cookie: string, http2: boolean): Promise<() => Promise<void>> {
  const { port } = app.server.address() as AddressInfo
  const payload = PAYLOADS[url]
  const headers = { cookie: `${COOKIE_NAME}=${cookie}`, ...(payload && { 'content-type': 'application/json' }) }
  if (http2) {
    const session = connectHttp2(`http://localhost:${port}`)
    const stream = session.request({ ':path': url, ':method': 'POST', ...headers })
    stream.on('error', () => {})
    stream.end(payload)
    return async () => {
      stream.close(8) // CANCEL
      session.close()
    }
  }
  const socket = connect(port, 'localhost')
  await once(socket, 'connect')
  const lines = Object.entries({ host: 'localhost', 'content-length': String(payload.length), ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`POST ${url} HTTP/1.1\r\n${lines.join('')}\r\n${payload}`)
  return async () => { socket.destroy() }
}
