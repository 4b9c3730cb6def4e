import { mock } from 'node:test'
import Fastify from 'fastify'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { pino } from 'pino'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh, { MemoryStore } from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { SECRET, START } from '../fixtures/app.ts'
import { ed25519 } from '../fixtures/hostile-options.ts'

/** Stops the timers. Returns a function that advances them. */
function stopTimers (t: Test): (seconds: number) => Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  return async function passes (seconds) {
    for (let second = 0; second < seconds; second++) {
      mock.timers.tick(1_000)
      await new Promise(setImmediate)
    }
  }
}

/** A store that counts its sweeps and calls `act` in each of them. */
class Swept extends MemoryStore {
  sweeps = 0
  act: () => unknown = () => 0

  override async sweep (): Promise<number> {
    this.sweeps++
    return await this.act() as number
  }
}

interface Line {
  level: number
  msg: string
  err?: { message: string }
}

async function createApp (t: Test, store: MemoryStore, options: Partial<JwtRefreshOptions> = {}): Promise<{ app: FastifyInstance, lines: Line[] }> {
  const lines: Line[] = []
  const logger: FastifyBaseLogger = pino({ level: 'debug' }, { write: (line) => lines.push(JSON.parse(line)) })
  const app = Fastify({ loggerInstance: logger })
  t.teardown(() => app.close())
  await app.register(jwtRefresh, { secret: SECRET, store, ...options })
  lines.length = 0
  return { app, lines }
}

t.test('the plugin sweeps its store each 5 to 15 seconds, from the moment that the app is ready until it closes', async (t) => {
  const passes = stopTimers(t)
  const store = new Swept()
  const { app } = await createApp(t, store)
  await passes(60)
  t.equal(store.sweeps, 0, 'not before it is ready')
  await app.ready()
  await passes(4)
  t.equal(store.sweeps, 0)
  await passes(56)
  t.ok(store.sweeps >= 3 && store.sweeps <= 12, `${store.sweeps} in a minute`)
  await app.close()
  const { sweeps } = store
  await passes(60)
  t.equal(store.sweeps, sweeps)
})

t.test('it removes what has expired by the clock of the plugin', async (t) => {
  const passes = stopTimers(t)
  let now = START
  const { app } = await createApp(t, new MemoryStore(), { now: () => now, refreshToken: { expiresIn: '1m' } })
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'ann' }))
  await app.inject({ method: 'POST', url: '/login' })
  now += 60_000
  await passes(16)
  now = START
  t.strictSame(await app.sessions.list('ann'), [])
})

t.test('sweepInterval sets the pause', async (t) => {
  const passes = stopTimers(t)
  const store = new Swept()
  const { app } = await createApp(t, store, { sweepInterval: '10m' })
  await app.ready()
  await passes(299)
  t.equal(store.sweeps, 0)
  await passes(602)
  t.ok(store.sweeps >= 1 && store.sweeps <= 3, `${store.sweeps} in a quarter of an hour`)
})

t.test('the next sweep waits until the one before has ended', async (t) => {
  const passes = stopTimers(t)
  const store = new Swept()
  let end: (() => void) | undefined
  store.act = () => new Promise<void>((resolve) => { end = resolve })
  const { app } = await createApp(t, store)
  await app.ready()
  await passes(60)
  t.equal(store.sweeps, 1)
  end?.()
  await passes(16)
  t.equal(store.sweeps, 2)
  await app.close()
  end?.()
  await passes(60)
  t.equal(store.sweeps, 2, 'nor does one that ends late begin anew after the close')
})

t.test('a failure is a warning, those that follow it are for the debug level, and it goes on', async (t) => {
  const passes = stopTimers(t)
  const store = new Swept()
  const { app, lines } = await createApp(t, store)
  await app.ready()
  for (const fail of [async () => { throw new Error('away') }, () => { throw new Error('away') }]) {
    lines.length = 0
    store.act = fail
    await passes(60)
    const told = lines.filter(({ msg }) => msg.includes('could not remove expired sessions'))
    t.ok(told.length >= 3)
    t.strictSame(told.map(({ level }) => level), [40, ...told.slice(1).map(() => 20)])
    t.match(told[0], { err: { message: 'away' } })
    store.act = () => 0
    await passes(16)
  }
})

t.test('a sweep that fails while the app closes is not told', async (t) => {
  const passes = stopTimers(t)
  const store = new Swept()
  let fail: ((error: Error) => void) | undefined
  store.act = () => new Promise((_resolve, reject) => { fail = reject })
  const { app, lines } = await createApp(t, store)
  await app.ready()
  await passes(16)
  await app.close()
  fail?.(new Error('the pool has ended'))
  await passes(16)
  t.strictSame(lines, [])
})

t.test('of two apps on one store, one closes and the other goes on', async (t) => {
  const passes = stopTimers(t)
  const store = new Swept()
  const [first, second] = [await createApp(t, store), await createApp(t, store)]
  await first.app.ready()
  await second.app.ready()
  await first.app.close()
  await passes(60)
  t.ok(store.sweeps >= 3)
  await second.app.close()
  const { sweeps } = store
  await passes(60)
  t.equal(store.sweeps, sweeps)
})

t.test('nothing is swept where the option says so, or by an instance that only verifies', async (t) => {
  const passes = stopTimers(t)
  const silent: Array<Partial<JwtRefreshOptions>> = [{ sweepInterval: false }, { secret: { public: ed25519.public } }]
  for (const options of silent) {
    const store = new Swept()
    const { app } = await createApp(t, store, options)
    await app.ready()
    await passes(60)
    t.equal(store.sweeps, 0)
  }
})

t.test('a store without a method sweep needs none', async (t) => {
  const passes = stopTimers(t)
  const methods = ['create', 'find', 'rotate', 'delete', 'list', 'deleteAll']
  const { app, lines } = await createApp(t, Object.fromEntries(methods.map((name) => [name, async () => null])) as never)
  await app.ready()
  await passes(60)
  t.strictSame(lines, [])
})
