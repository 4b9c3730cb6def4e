import { mock } from 'node:test'
import t from 'tap'
import { StoreQueue } from '../../lib/sessions/store-queue.ts'

const PATIENCE = 2000
const wanted = { timeLeft: PATIENCE, isWanted: () => true }

t.beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
t.afterEach(() => mock.timers.reset())

/** Waits until all pending promises have settled. */
const settle = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve))

interface Gate {
  ask: () => Promise<string>
  begun: number
  answers: Array<(value: string) => void>
}

/** A store whose calls the test resolves. */
function createGate (): Gate {
  const gate: Gate = {
    begun: 0,
    answers: [],
    ask: async () => await new Promise((resolve) => {
      gate.begun++
      gate.answers.push(resolve)
    })
  }
  return gate
}

t.test('32 calls are begun at a time, and of those that wait the latest goes first', async (t) => {
  const queue = new StoreQueue()
  const gate = createGate()
  const first = queue.run(gate.ask, wanted)
  for (let i = 1; i < 40; i++) queue.run(gate.ask, wanted).catch(() => {})
  const order: string[] = []
  const name = (id: string) => async () => { order.push(id) }
  await settle()
  t.equal(gate.begun, 32)

  const last = [queue.run(name('a'), wanted), queue.run(name('b'), wanted)]
  gate.answers[0]?.('done')
  t.equal(await first, 'done')
  await Promise.all(last)
  t.strictSame(order, ['b', 'a'])
  t.equal(gate.begun, 33, 'and then those from before')
})

t.test('a call that has waited for too long is a 503 and never begins', async (t) => {
  const queue = new StoreQueue()
  const gate = createGate()
  const calls = Array.from({ length: 40 }, async () => await queue.run(gate.ask, wanted))
  const refused = calls.map(async (call) => await t.rejects(call, { code: 'FST_JWT_STORE_UNAVAILABLE', cause: { message: 'no answer in time' } }))
  mock.timers.tick(PATIENCE)
  await Promise.all(refused)
  for (const answer of gate.answers) answer('late')
  await settle()
  t.equal(gate.begun, 32)
  t.equal(await queue.run(async () => 'soon', wanted), 'soon')
})

t.test('an answer that comes too late for the caller is told', async (t) => {
  const queue = new StoreQueue()
  const gate = createGate()
  const late: string[] = []
  const onLate = (value: string): void => { late.push(value) }
  const refused = t.rejects(queue.run(gate.ask, { ...wanted, onLate }), { code: 'FST_JWT_STORE_UNAVAILABLE' })
  mock.timers.tick(PATIENCE)
  await refused
  gate.answers[0]?.('after all')
  t.equal(await queue.run(async () => 'in time', { ...wanted, onLate }), 'in time')
  t.strictSame(late, ['after all'])
})

t.test('a client that has lost its promises does not hold the places for ever', async (t) => {
  const queue = new StoreQueue()
  const never = async (): Promise<never> => await new Promise(() => {})
  const lost = Array.from({ length: 32 }, async () => await t.rejects(queue.run(never, wanted)))
  mock.timers.tick(PATIENCE)
  await Promise.all(lost)

  const waits = queue.run(async () => 'at last', { timeLeft: 2 * PATIENCE, isWanted: () => true })
  mock.timers.tick(PATIENCE - 1)
  await settle()
  mock.timers.tick(1)
  t.equal(await waits, 'at last')
})

t.test('a call for a caller who has gone is not begun', async (t) => {
  const queue = new StoreQueue()
  const gate = createGate()
  await t.rejects(queue.run(gate.ask, { timeLeft: PATIENCE, isWanted: () => false }), { code: 'FST_JWT_STORE_UNAVAILABLE', cause: { message: 'the caller has gone' } })
  t.equal(gate.begun, 0)
})

t.test('what the store throws is the cause of the 503', async (t) => {
  const queue = new StoreQueue()
  const cause = new Error('the database is away')
  await t.rejects(queue.run(async () => { throw cause }, wanted), { code: 'FST_JWT_STORE_UNAVAILABLE', cause })
})

t.test('on a store that is slower than its load, nearly all that it does is in time', async (t) => {
  const SECONDS = 30
  const CALLERS = 150
  for (const perSecond of [40, 60, 80]) {
    const queue = new StoreQueue()
    const backlog: Array<() => void> = []
    const slow = async (): Promise<void> => await new Promise((resolve) => backlog.push(resolve))
    let now = 0
    let inTime = 0
    const again: Array<{ at: number, call: () => void }> = []

    // Each caller repeats its call immediately after a result, and one second after a 503.
    const call = (): void => {
      queue.run(slow, wanted).then(
        () => { inTime++; again.push({ at: now, call }) },
        () => again.push({ at: now + 1000, call }))
    }
    for (let caller = 0; caller < CALLERS; caller++) call()
    for (let step = 0; step < SECONDS * perSecond; step++) {
      mock.timers.tick(1000 / perSecond)
      now += 1000 / perSecond
      backlog.shift()?.()
      await settle()
      for (const due of again.filter(({ at }) => at <= now)) {
        again.splice(again.indexOf(due), 1)
        due.call()
      }
    }
    t.ok(inTime > 0.9 * SECONDS * perSecond, `${inTime} of ${SECONDS * perSecond} at ${perSecond} a second`)
  }
})
