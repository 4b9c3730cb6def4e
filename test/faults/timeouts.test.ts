import { setTimeout as sleep } from 'node:timers/promises'
import type { LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import { createApp, type Client } from '../fixtures/app.ts'
import { startPostgres } from '../fixtures/postgres-server.ts'
import { startRedis, until } from '../fixtures/services.ts'
import { openStore, type ClientName, type Settings } from './clients.ts'
import { Wire } from './wire.ts'

interface Absence {
  leave: (wire: Wire) => unknown
  comeBack: (wire: Wire) => unknown
}

const SILENT = 'falls silent on what is connected, for good'

const ABSENCES: Record<string, Absence> = {
  'hangs for a while': { leave: (wire) => wire.freeze(), comeBack: (wire) => wire.release() },
  'is gone for a while': { leave: (wire) => wire.close(), comeBack: (wire) => wire.open() },
  [SILENT]: { leave: (wire) => wire.forget(), comeBack: () => {} }
}

/** With its default settings, no client closes a connection that has fallen silent. The plugin can only respond with 503. */
const resumes = (absence: string, settings: Settings): boolean => settings === 'README' || absence !== SILENT

const AT_ONCE = 12 // requests; more than the connections of pg's pool
const AWAY_FOR = 1_000 // ms
/** With the settings of the README, longer than the clients' own timeouts, so that those take effect; with the defaults, shorter. */
const STORE_TIMEOUT: Record<Settings, number> = { defaults: 500, README: 2_000 } // ms
const SLACK = 1_000 // ms; for a busy machine
const RESUMED_WITHIN = 30_000 // ms; node-redis and ioredis wait up to 2 s before they reconnect, the rest is slack for a busy machine

interface Outcome {
  while: Array<{ answer: LightMyRequestResponse, took: number }>
  /** Milliseconds, or null if the client never recovers. */
  resumed: number | null
}

async function observe (t: Test, client: ClientName, url: string, settings: Settings, absence: string): Promise<Outcome> {
  const wire = new Wire(url)
  await wire.open()
  const { store, close } = await openStore(client, wire.url, settings)
  const { login } = await createApp(t, { store, storeTimeout: STORE_TIMEOUT[settings] / 1000, maxSessionsPerSubject: Infinity, refreshToken: { overlap: 0 } })
  const browsers = await Promise.all(Array.from({ length: AT_ONCE }, () => loginAtLast(login)))
  const allAreServed = async (): Promise<boolean> => {
    const answers = await Promise.all(browsers.map((browser) => browser.refresh()))
    return answers.every(({ statusCode }) => statusCode === 200)
  }
  const { leave, comeBack } = ABSENCES[absence] as Absence

  await until(allAreServed) // takes a while on a busy machine
  await leave(wire)
  const left = performance.now()
  const during = await Promise.all(browsers.map(async (browser) => {
    const start = performance.now()
    return { answer: await browser.refresh(), took: performance.now() - start }
  }))
  await sleep(left + AWAY_FOR - performance.now())
  await comeBack(wire)
  const back = performance.now()
  if (resumes(absence, settings)) await until(allAreServed)
  const resumed = resumes(absence, settings) ? performance.now() - back : null

  wire.cut()
  await Promise.all([close(), wire.close()])
  return { while: during, resumed }
}

/** Retries the login: all clients connect at the same time, and the shorter `storeTimeout` is only half a second. */
async function loginAtLast (login: () => Promise<Client>): Promise<Client> {
  let browser = await login()
  await until(async () => {
    if (browser.cookie === undefined) browser = await login()
    return browser.cookie !== undefined
  })
  return browser
}

function suite (t: Test, clients: ClientName[], url: string): void {
  const cases = clients.flatMap((client) => (['defaults', 'README'] as const).flatMap((settings) =>
    Object.keys(ABSENCES).map((absence) => ({ client, settings, absence, outcome: observe(t, client, url, settings, absence) }))))

  for (const { client, settings, absence, outcome } of cases) {
    t.test(`${client} (${settings}) while its server ${absence}`, async (t) => {
      const { while: during, resumed } = await outcome
      const refused = during.filter(({ answer }) => answer.statusCode !== 200)
      t.ok(absence === SILENT ? refused.length > 0 : refused.length === AT_ONCE, 'a pool whose connections fell silent can have opened others')
      t.strictSame(refused.map(({ answer: { statusCode, headers } }) => [statusCode, headers['retry-after'], headers['set-cookie']]),
        refused.map(() => [503, '1', undefined]))
      const slowest = Math.max(...refused.map(({ took }) => took))
      t.ok(slowest < STORE_TIMEOUT[settings] + SLACK, `the slowest 503 took ${Math.round(slowest)} ms`)
      if (resumed !== null) t.ok(resumed < RESUMED_WITHIN, `served again after ${Math.round(resumed)} ms`)
    })
  }
}

const redis = await startRedis()
t.test('a Redis that does not answer', { skip: typeof redis === 'string' && redis }, async (t) => {
  if (typeof redis === 'string') return
  t.teardown(redis.stop)
  suite(t, ['ioredis', 'node-redis'], redis.url)
})

const postgres = await startPostgres()
t.test('a PostgreSQL that does not answer', { skip: typeof postgres === 'string' && postgres }, async (t) => {
  if (typeof postgres === 'string') return
  t.teardown(postgres.stop)
  suite(t, ['pg'], postgres.url)
})
