import { mock } from 'node:test'
import { test, type Test } from 'tap'
import { MemoryStore } from '../../lib/stores/memory.ts'
import { sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import type { Session } from '../../types/session.ts'

const START = 1_700_000_000_000
const END = START + 1_000

function sessionUntil (expiresAt: number, subject = 'ann'): Session {
  return sampleSession({ subject, createdAt: START, rotatedAt: START, expiresAt, endsAt: expiresAt })
}

function timersThatHoldTheProcess (): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
}

/** Timers and a clock that stand still until told. `looks` says how often the store has asked for the time. */
function sweepClock (t: Test) {
  let time = START
  let looks = 0
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  return {
    now: () => { looks++; return time },
    looks: () => looks,
    set: (to: number) => { time = to },
    passes: async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        mock.timers.tick(1_000)
        await new Promise(setImmediate)
      }
    }
  }
}

testStore(test, () => new MemoryStore(), { close: (store) => store.close() })

test('lives by the clock of the option', async (t) => {
  let now = START
  const store = new MemoryStore({ now: () => now })
  t.teardown(() => store.close())
  const session = sessionUntil(END)
  await store.create(session)
  now = END - 1
  t.strictSame(await store.find(session.id), session)
  t.strictSame(await store.list('ann'), [session])
  now = END
  t.equal(await store.find(session.id), null)
  t.strictSame(await store.list('ann'), [])
})

test('lives by the clock of the plugin once it was given one', async (t) => {
  const store = new MemoryStore({ now: () => END })
  t.teardown(() => store.close())
  const session = sessionUntil(END)
  await store.create(session)
  t.equal(await store.find(session.id), null)
  store.useClock(() => START)
  t.strictSame(await store.find(session.id), session)
})

test('deleteAll ends what has expired, too, and counts what lived', async (t) => {
  let now = START
  const store = new MemoryStore({ now: () => now })
  t.teardown(() => store.close())
  const expired = sessionUntil(END)
  await store.create(expired)
  await store.create(sessionUntil(END + 1))
  now = END
  t.equal(await store.deleteAll('ann'), 1)
  now = START
  t.equal(await store.find(expired.id), null)
})

test('refuses a second session of one id', async (t) => {
  const store = new MemoryStore()
  t.teardown(() => store.close())
  const session = sampleSession()
  await store.create(session)
  await t.rejects(store.create(sampleSession({ id: session.id })), { message: /exists already/ })
  t.strictSame(await store.find(session.id), session)
})

test('when full refuses a login and throws nobody out', async (t) => {
  const store = new MemoryStore({ now: () => START, maxSessions: 2 })
  t.teardown(() => store.close())
  const held = [sessionUntil(END), sessionUntil(END)]
  for (const session of held) await store.create(session)
  const late = sessionUntil(END)
  await t.rejects(store.create(late), { message: /full, 2 sessions/ })
  t.equal(await store.find(late.id), null)
  for (const session of held) t.strictSame(await store.find(session.id), session)

  await store.delete((held[0] as Session).id)
  await store.create(late)
  t.strictSame(await store.find(late.id), late)
})

test('when full drops what has expired', async (t) => {
  let now = START
  const store = new MemoryStore({ now: () => now, maxSessions: 2 })
  t.teardown(() => store.close())
  const expired = sessionUntil(END)
  const living = sessionUntil(END + 1)
  await store.create(expired)
  await store.create(living)
  now = END
  const login = sessionUntil(END + 1)
  await store.create(login)
  now = START
  t.equal(await store.find(expired.id), null)
  t.strictSame(await store.find(living.id), living)
  t.strictSame(await store.find(login.id), login)
})

test('each sweep goes on where the last one stopped', async (t) => {
  let now = START
  const store = new MemoryStore({ now: () => now, maxSessions: 25_000 })
  t.teardown(() => store.close())
  for (let created = 0; created < 24_999; created++) await store.create(sessionUntil(END + 1, `subject ${created}`))
  const expired = sessionUntil(END)
  await store.create(expired)
  now = END
  // The expired one is the last of 25 000: each refused login looks at 10 000, the third finds it.
  await t.rejects(store.create(sessionUntil(END + 1)), { message: /full/ })
  await t.rejects(store.create(sessionUntil(END + 1)), { message: /full/ })
  await store.create(sessionUntil(END + 1))
  now = START
  t.equal(await store.find(expired.id), null)
})

test('sweeps by itself, and only while there are sessions', async (t) => {
  const clock = sweepClock(t)
  const store = new MemoryStore({ now: clock.now, sweepInterval: 10 })
  await clock.passes(60)
  t.equal(clock.looks(), 0, 'an empty store does nothing')

  const expiring = sessionUntil(END)
  await store.create(expiring)
  await clock.passes(60)
  t.ok(clock.looks() >= 3, 'a sweep each 5 to 15 seconds')
  t.strictSame(await store.find(expiring.id), expiring, 'spares what lives')

  clock.set(END)
  await clock.passes(20)
  clock.set(START)
  t.equal(await store.find(expiring.id), null, 'removes what expired')

  const looked = clock.looks()
  await clock.passes(60)
  t.equal(clock.looks(), looked, 'rests once it is empty')

  await store.create(sessionUntil(END))
  await clock.passes(20)
  t.ok(clock.looks() > looked, 'and starts again')
})

test('close ends the sweeps for good and keeps the sessions', async (t) => {
  const clock = sweepClock(t)
  const store = new MemoryStore({ now: clock.now })
  const session = sessionUntil(END)
  await store.create(session)
  await clock.passes(20)
  t.ok(clock.looks() > 0)
  store.close()
  store.close()
  t.strictSame(await store.find(session.id), session)
  await store.create(sessionUntil(END))
  const looked = clock.looks()
  await clock.passes(60)
  t.equal(clock.looks(), looked)
})

test('does not keep the process alive', async (t) => {
  const before = timersThatHoldTheProcess()
  const store = new MemoryStore()
  t.teardown(() => store.close())
  await store.create(sampleSession())
  t.equal(timersThatHoldTheProcess(), before)
})

test('uses the place of deleted sessions again, and tells the new ones apart', async (t) => {
  const store = new MemoryStore({ maxSessions: 3_000 })
  t.teardown(() => store.close())
  for (let round = 0; round < 3; round++) {
    const sessions = Array.from({ length: 3_000 }, (_, i) => sampleSession({ subject: `subject ${i % 100}` }))
    for (const session of sessions) await store.create(session)
    const [first] = sessions as [Session]
    const next = sampleRotation(first)
    t.strictSame(await store.rotate(first.id, first.current, next, Date.now()), { ...first, ...next })
    t.equal((await store.list('subject 0')).length, 30)
    for (let subject = 0; subject < 100; subject++) t.equal(await store.deleteAll(`subject ${subject}`), 30)
  }
})

test('keeps a claim sub that is not the subject', async (t) => {
  const store = new MemoryStore()
  t.teardown(() => store.close())
  const session = sampleSession({ subject: 'tenant 1|ann', claims: { sub: 'ann', role: 'member' } })
  await store.create(session)
  t.strictSame(await store.find(session.id), session)
})

test('refuses bad options', async (t) => {
  const bad: Array<[object, RegExp]> = [
    [{ maxSesions: 1 }, /MemoryStore\.maxSesions is unknown: did you mean maxSessions\?/],
    [{ now: 5 }, /MemoryStore\.now is 5: give a function/],
    [{ maxSessions: 0 }, /MemoryStore\.maxSessions is 0: give a whole number/],
    [{ maxSessions: 2 ** 23 + 1 }, /MemoryStore\.maxSessions is 8388609: give a whole number from 1 to 8388608/],
    [{ maxSessions: 1.5 }, /MemoryStore\.maxSessions is 1\.5/],
    [{ maxSessions: '9' }, /MemoryStore\.maxSessions is "9"/],
    [{ sweepInterval: '5' }, /MemoryStore\.sweepInterval is "5"/],
    [{ sweepInterval: 0 }, /MemoryStore\.sweepInterval is 0: give between/],
    [{ sweepInterval: '11d' }, /MemoryStore\.sweepInterval is "11d": give between/]
  ]
  for (const [options, message] of bad) {
    t.throws(() => new MemoryStore(options), { message, code: 'FST_JWT_INVALID_OPTION' })
  }
  t.throws(() => new MemoryStore(null as unknown as object), { message: /MemoryStore is null/ })
})

test('a bad option is a TypeError', async (t) => {
  try {
    t.notOk(new MemoryStore({ maxSessions: 0 }))
  } catch (error) {
    t.ok(error instanceof TypeError)
  }
})
