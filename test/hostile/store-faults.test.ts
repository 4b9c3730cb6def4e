import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { MINUTE, SECOND } from '../fixtures/app.ts'
import type { Client } from '../fixtures/app.ts'
import { createHostileApp, inTime } from '../fixtures/hostile-app.ts'
import type { HostileApp } from '../fixtures/hostile-app.ts'
import { createFaultyStore, FAULTS, METHODS, TIMEOUT } from '../fixtures/hostile-store.ts'
import type { FaultyStore, Method } from '../fixtures/hostile-store.ts'
import { payloadOf } from '../fixtures/jwt.ts'

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))

interface Operation {
  /** The methods of the store that it calls. */
  needs: Method[]
  /** Runs first, while the store works. */
  before? (app: HostileApp, tab: Client): Promise<unknown>
  run (app: HostileApp, tab: Client): Promise<LightMyRequestResponse>
}

const post = async ({ send }: HostileApp, { cookie }: Client, url: string, payload?: object): Promise<LightMyRequestResponse> =>
  await send({ method: 'POST', url, headers: { cookie: `__Host-refreshToken=${cookie}` }, ...(payload && { payload }) })
const get = async ({ send }: HostileApp, { accessToken }: Client, url: string, method: 'GET' | 'DELETE' = 'GET'): Promise<LightMyRequestResponse> =>
  await send({ method, url, headers: { authorization: `Bearer ${accessToken}` } })
const rotateOnce = async ({ clock }: HostileApp, tab: Client): Promise<void> => {
  clock.now += SECOND
  await tab.refresh()
}

const OPERATIONS: Record<string, Operation> = {
  login: { needs: ['create'], run: async ({ send }) => await send({ method: 'POST', url: '/login', payload: { sub: 'bert' } }) },
  refresh: { needs: ['rotate'], run: async (app, tab) => await post(app, tab, '/auth/refresh') },
  'refresh of a young token': { needs: ['find'], before: rotateOnce, run: async (app, tab) => await post(app, tab, '/auth/refresh') },
  'refresh again, later': {
    needs: ['rotate', 'find'],
    async before (app, tab) {
      const { cookie } = tab
      await tab.refresh()
      tab.cookie = cookie
      app.clock.now += MINUTE
    },
    run: async (app, tab) => await post(app, tab, '/auth/refresh')
  },
  logout: { needs: ['delete'], run: async (app, tab) => await post(app, tab, '/auth/logout') },
  'logout everywhere': { needs: ['find', 'deleteAll'], run: async (app, tab) => await post(app, tab, '/auth/logout', { everywhere: true }) },
  'a sensitive route': { needs: ['find'], run: async (app, tab) => await get(app, tab, '/sensitive') },
  'GET sessions': { needs: ['find', 'list'], run: async (app, tab) => await get(app, tab, '/auth/sessions') },
  'DELETE session': { needs: ['find', 'delete'], run: async (app, tab) => await get(app, tab, `/auth/sessions/${payloadOf(tab.accessToken).sid as string}`, 'DELETE') }
}

for (const [fault, act] of Object.entries(FAULTS)) {
  t.test(`a store that ${fault}`, async (t) => {
    for (const [name, { needs, before, run }] of Object.entries(OPERATIONS)) {
      for (const method of needs) {
        const faulty = createFaultyStore()
        const app = await createHostileApp(t, { store: faulty.store, storeTimeout: `${TIMEOUT}ms`, routes: { sessions: true } })
        const tab = await app.login({ sub: 'anna' })
        await before?.(app, tab)
        const events = app.events.length

        faulty.break(method, act)
        const response = await run(app, tab)
        const { statusCode, headers } = response
        t.match({ status: statusCode, code: response.json().code, retry: headers['retry-after'], cookie: headers['set-cookie'] },
          { status: 503, code: 'FST_JWT_STORE_UNAVAILABLE', retry: '1', cookie: undefined }, `${name}, ${method}`)
        const told = app.events.slice(events)
        t.match(told, [{ type: 'unavailable', operation: name.startsWith('refresh') ? 'refresh' : name.startsWith('log') ? name.split(' ')[0] : 'session', ms: Number }], 'the failure is told')
        t.equal(told.length, 1, 'once')
        if (name !== 'a sensitive route') t.equal(headers['cache-control'], 'no-store')
        t.notMatch(response.body, 'database', 'why is the log\'s to say')

        await faulty.mend()
        // If the late deletion has succeeded, the session is gone as requested.
        if (fault === 'answers late' && /delete/.test(method)) continue
        t.equal((await app.app.sessions.list('anna')).length, 1, 'the session lives')
        app.clock.now += MINUTE
        t.equal((await tab.refresh()).statusCode, 200, 'and the same cookie works')
      }
    }
  })
}

/** An id with a valid format, so that it is passed to the store. */
const ID = 'x'.repeat(22)

t.test('app.sessions rejects with the error that has the status', async (t) => {
  const faulty = createFaultyStore()
  const { app } = await createHostileApp(t, { store: faulty.store, storeTimeout: `${TIMEOUT}ms` })
  const calls = [['list', 'list'], ['find', 'find'], ['revoke', 'delete'], ['revokeAll', 'deleteAll']] as const
  for (const [fault, act] of Object.entries(FAULTS)) {
    for (const [name, method] of calls) {
      faulty.break(method, act)
      await t.rejects(inTime(app.sessions[name](ID) as Promise<unknown>, name), { code: 'FST_JWT_STORE_UNAVAILABLE', statusCode: 503 }, `${name}, the store ${fault}`)
    }
  }
  await faulty.mend()
  for (const [name] of calls) {
    for (const wrong of ['', undefined, null, 1, {}, []]) await t.rejects(app.sessions[name](wrong as string) as Promise<unknown>, TypeError, `${name} of ${JSON.stringify(wrong)}`)
  }
})

t.test('a store that answers with nothing says "not there", where that is an answer', async (t) => {
  const nothing = async (): Promise<undefined> => undefined
  const expected: Record<Method, Record<string, number>> = {
    create: { login: 200 },
    find: { 'a sensitive route': 401, 'refresh of a young token': 403, 'logout everywhere': 403, 'GET sessions': 401, 'DELETE session': 401 },
    rotate: { refresh: 503 },
    delete: { logout: 204, 'DELETE session': 204 },
    list: { 'GET sessions': 503 },
    deleteAll: { 'logout everywhere': 204 }
  }
  for (const method of METHODS) {
    for (const [name, status] of Object.entries(expected[method])) {
      const faulty = createFaultyStore()
      const app = await createHostileApp(t, { store: faulty.store, routes: { sessions: true } })
      const tab = await app.login({ sub: 'anna' })
      const { before, run } = OPERATIONS[name] as Operation
      await before?.(app, tab)
      faulty.break(method, nothing)
      t.equal((await run(app, tab)).statusCode, status, `${method}: ${name}`)
    }
  }
})

t.test('a rotation that was written, but of which no answer came, is healed by the next refresh', async (t) => {
  for (const wait of [0, MINUTE, 3600 * SECOND]) {
    const faulty = createFaultyStore()
    const { login, clock, events } = await createHostileApp(t, { store: faulty.store, storeTimeout: `${TIMEOUT}ms` })
    const tab = await login()
    for (let turn = 0; turn < 3; turn++) {
      clock.now += MINUTE
      faulty.break('rotate', FAULTS['answers late'])
      t.equal((await tab.refresh()).statusCode, 503)
      await faulty.mend()
      clock.now += wait
      t.equal((await tab.refresh()).statusCode, 200, `after ${wait} ms`)
    }
    t.notOk(events.some(({ type }) => type === 'reused'))
  }
})

t.test('a race that is lost again and again is a 503, and no one is logged out', async (t) => {
  const faulty = createFaultyStore()
  const { login, clock, events } = await createHostileApp(t, { store: faulty.store })
  const tab = await login()
  faulty.break('rotate', async () => null)
  const response = await tab.refresh()
  t.match({ status: response.statusCode, retry: response.headers['retry-after'], cookie: response.headers['set-cookie'] }, { status: 503, retry: '1', cookie: undefined })
  await faulty.mend()
  clock.now += MINUTE
  t.equal((await tab.refresh()).statusCode, 200)
  t.strictSame(events.map(({ type }) => type), ['issued', 'unavailable', 'refreshed'])
  t.match(events[1], { operation: 'refresh', cause: { message: 'lost 3 races for the session' } })
})

t.test('a reuse whose session another request changes meanwhile is judged again', async (t) => {
  const { faulty, stolen, events, app } = await stealOldToken(t)
  let deletes = 0
  faulty.break('delete', async (work) => ++deletes > 1 && await work())
  t.equal((await stolen.refresh()).statusCode, 403)
  t.equal(deletes, 2)
  t.equal(events.filter(({ type }) => type === 'reused').length, 1)
  t.strictSame(await app.sessions.list('anna'), [])
})

t.test('a logout everywhere by an old token whose session another request ends meanwhile is no second reuse', async (t) => {
  const { faulty, stolen, events } = await stealOldToken(t)
  faulty.break('delete', async () => false)
  t.equal((await stolen.logout({ everywhere: true })).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
  t.notOk(events.some(({ type }) => type === 'reused' || type === 'ended'))
  t.match(events.at(-1), { type: 'refused', operation: 'logout', reason: 'revoked', subject: 'anna', sessionId: String })
})

t.test('a store that fails for many calls of one operation is told once, with what it said', async (t) => {
  const faulty = createFaultyStore()
  const app = await createHostileApp(t, { store: faulty.store })
  const tabs = [await app.login({ sub: 'anna' }), await app.login({ sub: 'anna' })]
  const cookie = tabs.map((tab) => `__Host-refreshToken=${tab.cookie}`).join('; ')
  app.forget()
  faulty.break('delete', FAULTS.rejects)
  t.equal((await app.send({ method: 'POST', url: '/auth/logout', headers: { cookie } })).statusCode, 503)
  t.equal((await app.send({ method: 'POST', url: '/login', headers: { cookie }, payload: { sub: 'anna' } })).statusCode, 503)
  t.match(app.events.slice(2), [{ type: 'unavailable', operation: 'logout', cause: Error }, { type: 'unavailable', operation: 'login', cause: Error }])
  t.equal(app.events.length, 4)
  const lines = app.logged().split('\n').filter((line) => line.startsWith('warn'))
  t.equal(lines.length, 2)
  t.match(lines[0], /type: "unavailable", operation: "logout", ms: \d+.*the database is away/)
  await faulty.mend()
})

t.test('app.sessions tells of it without a request', async (t) => {
  const faulty = createFaultyStore()
  const { app, events } = await createHostileApp(t, { store: faulty.store })
  faulty.break('create', FAULTS.rejects)
  await t.rejects(app.sessions.create({ sub: 'anna' }))
  faulty.break('list', FAULTS.rejects)
  await t.rejects(app.sessions.list('anna'))
  faulty.break('deleteAll', FAULTS.rejects)
  await t.rejects(app.sessions.revokeAll('anna'))
  t.match(events, [{ type: 'unavailable', operation: 'login' }, { type: 'unavailable', operation: 'session' }, { type: 'unavailable', operation: 'session' }])
  t.equal(events.length, 3)
  await faulty.mend()
})

t.test('a store that fails while a reuse is ended says 503, and the thief is turned away the next time', async (t) => {
  const { faulty, stolen, events, app } = await stealOldToken(t)
  faulty.break('delete', FAULTS.rejects)
  t.equal((await stolen.refresh()).statusCode, 503)
  t.notOk(events.some(({ type }) => type === 'reused'), 'nothing was ended yet')
  await faulty.mend()
  t.equal((await stolen.refresh()).statusCode, 403)
  t.equal(events.at(-1)?.type, 'reused')
  t.strictSame(await app.sessions.list('anna'), [])
})

/** A thief has a token of anna that she has used, and she has also used its child. */
async function stealOldToken (t: Test): Promise<HostileApp & { faulty: FaultyStore, stolen: Client }> {
  const faulty = createFaultyStore()
  const made = await createHostileApp(t, { store: faulty.store })
  const tab = await made.login({ sub: 'anna' })
  const stolen = made.client(tab.cookie)
  for (let turn = 0; turn < 3; turn++) {
    await tab.refresh()
    made.clock.now += MINUTE
  }
  return { ...made, faulty, stolen }
}

t.test('no rejection was left unhandled', async (t) => {
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(unhandled, [])
})
