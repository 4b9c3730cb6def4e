import { test } from 'tap'
import { MemoryStore } from '../../lib/stores/memory.ts'
import { sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import type { Session } from '../../types/session.ts'

const START = 1_700_000_000_000
const END = START + 1_000

function sessionUntil (expiresAt: number, subject = 'ann'): Session {
  return sampleSession({ subject, createdAt: START, rotatedAt: START, expiresAt, endsAt: expiresAt })
}

testStore(test, () => new MemoryStore())

test('lives by the clock of the option', async (t) => {
  let now = START
  const store = new MemoryStore({ now: () => now })
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
  const session = sessionUntil(END)
  await store.create(session)
  t.equal(await store.find(session.id), null)
  store.useClock(() => START)
  t.strictSame(await store.find(session.id), session)
})

test('deleteAll ends what has expired, too, and counts what lived', async (t) => {
  let now = START
  const store = new MemoryStore({ now: () => now })
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
  const session = sampleSession()
  await store.create(session)
  await t.rejects(store.create(sampleSession({ id: session.id })), { message: /exists already/ })
  t.strictSame(await store.find(session.id), session)
})

test('when full refuses a login and throws nobody out', async (t) => {
  const store = new MemoryStore({ now: () => START, maxSessions: 2 })
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

test('when full, one of many logins looks for what has expired, and all have its room', async (t) => {
  let now = START
  let looks = 0
  const store = new MemoryStore({ now: () => { looks++; return now }, maxSessions: 5_000 })
  for (let created = 0; created < 4_990; created++) await store.create(sessionUntil(END + 2_000, `subject ${created}`))
  for (let created = 0; created < 10; created++) await store.create(sessionUntil(END))
  now = END
  looks = 0
  const logins = await Promise.allSettled(Array.from({ length: 20 }, async () => await store.create(sessionUntil(END + 2_000))))
  t.strictSame(logins.map(({ status }) => status).sort(), [...Array(10).fill('fulfilled'), ...Array(10).fill('rejected')])
  t.ok(looks < 6_000, `${looks} looks at the clock`)

  looks = 0
  now = END + 500
  await t.rejects(store.create(sessionUntil(END + 2_000)), { message: /full/ })
  t.equal(looks, 1, 'nor is it looked for again before a second has passed')
  now = END + 2_000
  await store.create(sessionUntil(END + 3_000))
})

test('two logins of one id while it is full are still one', async (t) => {
  let now = START
  const store = new MemoryStore({ now: () => now, maxSessions: 2 })
  for (let created = 0; created < 2; created++) await store.create(sessionUntil(END))
  now = END
  const session = sessionUntil(END + 1)
  const logins = await Promise.allSettled([store.create(session), store.create(session)])
  t.strictSame(logins.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

test('a sweep removes what has expired, spares what lives and counts', async (t) => {
  let now = START
  const store = new MemoryStore({ now: () => now })
  t.equal(await store.sweep(), 0, 'an empty store')
  const expired = Array.from({ length: 12_000 }, (_, i) => sessionUntil(END, `subject ${i}`))
  const living = sessionUntil(END + 1)
  for (const session of [...expired, living]) await store.create(session)
  now = END
  t.equal(await store.sweep(), 12_000)
  t.equal(await store.sweep(), 0)
  now = START
  t.equal(await store.find((expired[0] as Session).id), null)
  t.strictSame(await store.list('subject 11999'), [])
  t.strictSame(await store.find(living.id), living)
})

test('requests get their turn during a sweep, and may come and go', async (t) => {
  let now = START
  const store = new MemoryStore({ now: () => now })
  const sessions = Array.from({ length: 30_000 }, (_, i) => sessionUntil(i % 2 === 0 ? END : END + 1, `subject ${i}`))
  for (const session of sessions) await store.create(session)
  now = END
  const sweep = store.sweep()
  const [last, login] = [sessions.at(-1) as Session, sessionUntil(END + 1)]
  t.equal(await store.delete(last.id), true)
  await store.create(login)
  t.equal(await sweep, 15_000)
  t.equal(await store.find(last.id), null)
  t.strictSame(await store.find(login.id), login)
})

test('uses the place of deleted sessions again, and tells the new ones apart', async (t) => {
  const store = new MemoryStore({ maxSessions: 3_000 })
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
    [{ sweepInterval: '5m' }, /MemoryStore\.sweepInterval is unknown: give the plugin the option sweepInterval/]
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
