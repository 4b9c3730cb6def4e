import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { MemoryStore } from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { refreshCookie, START } from '../fixtures/app.ts'
import { createHostileApp } from '../fixtures/hostile-app.ts'
import type { HostileApp } from '../fixtures/hostile-app.ts'
import { p256, refusesToBoot } from '../fixtures/hostile-options.ts'

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))

type Adopt = NonNullable<JwtRefreshOptions['adopt']>
type Answer = Record<string, unknown>

const REFRESH = { method: 'POST', url: '/auth/refresh' } as const

function withStatus (statusCode: unknown): Error {
  return Object.assign(new Error('said by the host'), { statusCode })
}

/** A valid result of `adopt` with changes. */
function answerWith (changes: Answer = {}): Answer {
  return { key: 'old-1', claims: { sub: 'anna' }, tradedIn: false, markTradedIn () {}, ...changes }
}

function without (name: string): Answer {
  const { [name]: _left, ...rest } = answerWith()
  return rest
}

const FAULTS: Record<string, [act: () => unknown, status: number]> = {
  throws: [() => { throw new Error('the database is away') }, 503],
  'throws nothing': [() => { throw undefined }, 503], // eslint-disable-line no-throw-literal -- an app may do this
  rejects: [async () => { throw new Error('the database is away') }, 503],
  'never answers': [async () => await new Promise(() => {}), 503],
  'rejects with a status of 4xx': [async () => { throw withStatus(401) }, 401],
  'rejects with a status that is a text': [async () => { throw withStatus('401') }, 503],
  'has a markTradedIn that throws': [() => answerWith({ markTradedIn () { throw new Error('away') } }), 503],
  'has a markTradedIn that rejects': [() => answerWith({ async markTradedIn () { throw new Error('away') } }), 503],
  'has a markTradedIn that rejects with a status': [() => answerWith({ async markTradedIn () { throw withStatus(409) } }), 409],
  'has a markTradedIn that never answers': [() => answerWith({ markTradedIn: async () => await new Promise(() => {}) }), 503]
}

const circular: Answer = {}
circular.self = circular
const WRONG: Record<string, unknown> = {
  false: false,
  true: true,
  'a text': 'anna',
  'a number': 1,
  'an array': [answerWith()],
  'a function': () => answerWith(),
  'an unknown field': answerWith({ sub: 'anna' }),
  'a field that is nearly right': answerWith({ tradedin: true }),
  'no key': without('key'),
  'an empty key': answerWith({ key: '' }),
  'a key that is too long for a cookie': answerWith({ key: 'x'.repeat(257) }),
  'a key that is a number': answerWith({ key: 1 }),
  'a key that is an object': answerWith({ key: { toString: () => 'x' } }),
  'no claims': without('claims'),
  'claims without sub': answerWith({ claims: { role: 'admin' } }),
  'claims with a sub that is a number': answerWith({ claims: { sub: 1 } }),
  'claims with a reserved name': answerWith({ claims: { sub: 'anna', sid: 'x' } }),
  'claims that JSON cannot hold': answerWith({ claims: { sub: 'anna', circular } }),
  'claims behind a prototype': answerWith({ claims: Object.create({ sub: 'anna' }) }),
  'a key behind a prototype': Object.assign(Object.create({ key: 'old-1' }), without('key')),
  'markTradedIn without tradedIn': without('tradedIn'),
  'a tradedIn that is a number': answerWith({ tradedIn: 0 }),
  'tradedIn without markTradedIn': without('markTradedIn'),
  'a markTradedIn that is a promise': answerWith({ markTradedIn: Promise.resolve() }),
  'an authTime that is a text': answerWith({ authTime: '1' }),
  'an authTime in milliseconds': answerWith({ authTime: START }),
  'an authTime that is null': answerWith({ authTime: null }),
  'an authTime in fractions': answerWith({ authTime: 1.5 })
}

async function start (t: Parameters<typeof createHostileApp>[0], act: () => unknown, options: Partial<JwtRefreshOptions> = {}): Promise<HostileApp> {
  return await createHostileApp(t, { adopt: (() => act()) as Adopt, ...options })
}

t.test('where adopt fails, nothing is lost: the old token works again', async (t) => {
  for (const [fault, [broken, status]] of Object.entries(FAULTS)) {
    let act: () => unknown = broken
    const { send, app, events } = await start(t, () => act(), { storeTimeout: '25ms' })
    for (let turn = 0; turn < 2; turn++) {
      const response = await send(REFRESH)
      t.match({ status: response.statusCode, cookie: refreshCookie(response), cache: response.headers['cache-control'], retry: response.headers['retry-after'] },
        { status, cookie: undefined, cache: 'no-store', retry: status === 503 ? '1' : undefined }, `it ${fault}`)
    }
    t.equal(events.filter(({ type }) => type === 'unavailable').length, status === 503 ? 2 : 0)
    act = () => answerWith()
    t.ok(refreshCookie(await send(REFRESH)), 'the first answer that arrives has a cookie')
    t.equal((await app.sessions.list('anna')).length, 1)
    t.equal(events.filter(({ type }) => type === 'issued').length, 1)
  }
})

t.test('an answer that is none is the host\'s mistake: 500, a line in the log, no session', async (t) => {
  for (const [what, answer] of Object.entries(WRONG)) {
    const { send, app, logged, events } = await start(t, () => answer)
    const response = await send(REFRESH)
    t.match({ status: response.statusCode, cookie: refreshCookie(response) }, { status: 500, cookie: undefined }, what)
    t.match(logged(), /TypeError: adopt[ :]/, what)
    t.strictSame(await app.sessions.list('anna'), [])
    t.strictSame(events, [])
  }
})

t.test('the mistake in a key is told without the key', async (t) => {
  const { send, logged } = await start(t, () => answerWith({ key: ['a secret token'] }))
  t.equal((await send(REFRESH)).statusCode, 500)
  t.notMatch(logged(), 'a secret token')
})

t.test('a polluted prototype does not stand for what the answer leaves out', async (t) => {
  const pollution = { key: 'old-1', tradedIn: false, markTradedIn () {}, authTime: 1 }
  const { send } = await start(t, () => ({ claims: { sub: 'anna' } }))
  Object.assign(Object.prototype, pollution)
  const response = await send(REFRESH).finally(() => {
    for (const name of Object.keys(pollution)) delete (Object.prototype as Record<string, unknown>)[name]
  })
  t.equal(response.statusCode, 500)
})

t.test('one key for two users is a mistake that mixes nobody up', async (t) => {
  let sub = 'anna'
  const { send, app, logged } = await start(t, () => answerWith({ claims: { sub } }))
  await send(REFRESH)
  sub = 'mallory'
  t.equal((await send(REFRESH)).statusCode, 503)
  t.match(logged(), 'its subject is not that of the token')
  t.strictSame(await app.sessions.list('mallory'), [])
})

t.test('a session that another request has just created is taken as it is', async (t) => {
  const store = new MemoryStore()
  const find = store.find.bind(store)
  let looks = 0
  store.find = async (id) => ++looks > 2 ? await find(id) : null // both requests read before either creates
  const { send, app, events } = await start(t, () => answerWith(), { store })
  const responses = await Promise.all([send(REFRESH), send(REFRESH)])
  t.strictSame(responses.map(({ statusCode }) => statusCode), [200, 200])
  t.equal((await app.sessions.list('anna')).length, 1)
  t.strictSame(events.map(({ type }) => type), ['issued', 'refreshed', 'refreshed'])
})

t.test('a session that cannot be created is a 503, told once', async (t) => {
  const faults: Record<string, () => Promise<void>> = {
    rejects: async () => { throw new Error('the table is read-only') },
    'never answers': async () => await new Promise(() => {})
  }
  for (const [fault, create] of Object.entries(faults)) {
    const store = new MemoryStore()
    let marked = 0
    const { send, events } = await start(t, () => answerWith({ markTradedIn () { marked++ } }), { store, storeTimeout: '25ms' })
    const works = store.create
    store.create = create
    const response = await send(REFRESH)
    t.match([response.statusCode, response.headers['retry-after']], [503, '1'], `it ${fault}`)
    t.strictSame(events.map(({ type }) => type), ['unavailable'])
    t.equal(marked, 0)
    store.create = works.bind(store)
    t.equal((await send(REFRESH)).statusCode, 200)
    t.equal(marked, 1)
  }
})

refusesToBoot(t, 'adopt', [
  ...[null, true, 1, 'x', {}, [], Promise.resolve()].map((adopt) => [`adopt ${String(adopt)}`, { adopt }, 'adopt is', /give a function/] as const),
  ['adopt of an instance that only verifies', { secret: { public: p256.public }, adopt: () => null }, 'adopt is given', /leave the option out, or give \{ private, public \}/]
])

t.test('no rejection was left unhandled', async (t) => {
  await turn()
  t.strictSame(unhandled, [])
})
