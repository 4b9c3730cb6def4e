import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { MemoryStore } from '../../index.ts'
import type { Session } from '../../index.ts'
import { createApp } from '../fixtures/app.ts'

/** A store whose `list` is counted and slow. */
class CountingStore extends MemoryStore {
  lists = 0
  fails = false

  override async list (subject: string): Promise<Session[]> {
    this.lists++
    await sleep(1)
    if (this.fails) throw new Error('away')
    return await super.list(subject)
  }
}

t.test('logins of one subject that come together are counted together', async (t) => {
  const store = new CountingStore()
  const { login, app } = await createApp(t, { store, maxSessionsPerSubject: 100 })
  await Promise.all(Array.from({ length: 500 }, async () => await login({ sub: 'anna' })))
  t.ok(store.lists < 100, `500 logins took ${store.lists} lists`)
  t.equal((await app.sessions.list('anna')).length, 100)
})

t.test('those that wait for a count that fails get one of their own', async (t) => {
  const store = new CountingStore()
  const { login, app } = await createApp(t, { store, maxSessionsPerSubject: 3 })
  store.fails = true
  const first = login({ sub: 'anna' })
  const others = Array.from({ length: 10 }, async () => await login({ sub: 'anna' }))
  await first
  store.fails = false
  await Promise.all(others)
  await login({ sub: 'anna' })
  t.equal((await app.sessions.list('anna')).length, 3)
})

t.test('logins of two subjects do not wait for each other', async (t) => {
  const store = new CountingStore()
  const { login } = await createApp(t, { store })
  await Promise.all([login({ sub: 'anna' }), login({ sub: 'bert' })])
  t.equal(store.lists, 2)
})
