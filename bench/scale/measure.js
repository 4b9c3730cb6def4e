import { DAY } from '../lib/session.js'
import { Sessions } from './sessions.js'

export const AT_ONCE = 16
const ROTATIONS = 5000 // a round
const OTHERS = 500 // of each other method
const SWEEPS = 10
const EXPIRED = 1000 // the batch size of a sweep
const WARM_UP = 1 // rounds

/** Checks that sessions loaded in bulk behave like those that the store has created. */
export async function check (store, sessions) {
  for (const number of Sessions.sample(sessions.users, 50)) {
    const session = sessions.at(number)
    same(await store.find(session.id), session)
    same((await store.list(session.subject)).map(({ id }) => id).toSorted(), sessions.of(number).map((one) => sessions.at(one).id).toSorted())
    const { id, expected, next, now } = sessions.rotate(number)
    same(await store.rotate(id, expected, next, now), sessions.at(number))
  }
}

function same (found, expected) {
  if (JSON.stringify(sorted(found)) !== JSON.stringify(sorted(expected))) throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`)
}

function sorted (value) {
  return Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1)
}

/**
 * Measures all stores in turn in each round, so that other load on the machine affects all sizes alike.
 *
 * @returns for each store, the figures of its rounds by method name
 */
export async function measure (beds, rounds) {
  const results = beds.map(() => [])
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [index, bed] of beds.entries()) {
      const figures = await oneRound(bed)
      if (round >= 0) results[index].push(figures)
    }
  }
  return results
}

async function oneRound ({ store, sessions, counter }) {
  const before = await counter?.read()
  const rotate = await rotations(store, sessions)
  const counted = counter && { [counter.name]: (await counter.read() - before) / ROTATIONS }

  const users = Sessions.sample(sessions.users, OTHERS)
  const find = await timed(users, async (user) => await store.find(sessions.at(user).id))
  const list = await timed(users, async (user) => await store.list(sessions.at(user).subject))
  const deleteAll = await timed(users, async (user) => await store.deleteAll(sessions.at(user).subject))
  // Restores the deleted sessions.
  const create = await timed(users.flatMap((user) => sessions.of(user)), async (number) => { await store.create(sessions.at(number)); return true })
  const sweep = store.sweep && await timed(Array.from({ length: SWEEPS }), async () => await store.sweep() + 1, 1)
  return { rotate: { ...rotate, ...counted }, find, list, deleteAll, create, ...(sweep && { sweep }) }
}

async function rotations (store, sessions) {
  const parts = []
  for (let done = 0; done < ROTATIONS; done += parts.at(-1).times.length) {
    const asked = Sessions.sample(sessions.size, ROTATIONS - done).map((number) => sessions.rotate(number))
    parts.push(await timed(asked, ({ id, expected, next, now }) => store.rotate(id, expected, next, now)))
  }
  return { times: parts.flatMap(({ times }) => times), took: parts.reduce((sum, { took }) => sum + took, 0) }
}

/** Makes `atOnce` calls concurrently, none of which may return an empty result. @returns times in milliseconds */
async function timed (items, call, atOnce = AT_ONCE) {
  const times = []
  const start = performance.now()
  let started = 0
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (started < items.length) {
      const item = items[started++]
      const sent = performance.now()
      const answer = await call(item)
      times.push(performance.now() - sent)
      if (!answer || answer.length === 0) throw new Error(`no answer from ${call}`)
    }
  }))
  return { times, took: performance.now() - start }
}

/** Rotates one session in a store, and fails if it refuses: it must have the state that the last rotation wrote. */
export async function rotateOne (store, sessions) {
  const { id, expected, next, now } = sessions.rotate(0)
  if (await store.rotate(id, expected, next, now) === null) throw new Error('the store refused a rotation')
}

/** Measures how many milliseconds it takes to remove a batch in which all rows have expired. */
export async function sweepExpired ({ sessions, expire, reopen }) {
  const times = []
  for (let turn = 0; turn < Math.min(5, sessions.size / EXPIRED); turn++) {
    await expire(EXPIRED)
    const store = reopen()
    store.useClock(() => Date.now() + DAY / 12) // expired rows are kept for an hour
    const start = performance.now()
    const removed = await store.sweep()
    times.push(performance.now() - start)
    if (removed !== EXPIRED) throw new Error(`${removed} rows were removed`)
  }
  return times
}
