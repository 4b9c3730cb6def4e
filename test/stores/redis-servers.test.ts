import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import t, { type Test } from 'tap'
import { redisStore, type RedisClient } from '../../lib/stores/redis/index.ts'
import { sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { loginAs } from '../../lib/testing/index.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { openStore } from '../faults/clients.ts'
import { Wire } from '../faults/wire.ts'
import { createApp } from '../fixtures/app.ts'
import { root } from '../fixtures/package.ts'
import { startRedis, until, type OwnService } from '../fixtures/services.ts'

// Tests servers that are replicas, out of memory, or restricted by ACLs.

const service = await startRedis()
const skip = typeof service === 'string' && service
const { url, stop } = service as OwnService
t.teardown(async () => { if (!skip) await stop() })

/** Opens a connection with each client. */
async function connect (t: Test, address: string): Promise<{ redis: Redis, clients: Record<string, RedisClient> }> {
  const redis = new Redis(address)
  const node = createClient({ url: address })
  await node.connect()
  t.teardown(() => {
    redis.disconnect()
    node.destroy()
  })
  return { redis, clients: { ioredis: redis, 'node-redis': node } }
}

t.test('a master that became a replica', { skip }, async (t) => {
  const { redis, clients } = await connect(t, url)
  const other = await startRedis() as OwnService
  t.teardown(() => other.stop())
  const demote = () => redis.call('REPLICAOF', '127.0.0.1', new URL(other.url).port)
  const promote = () => redis.call('REPLICAOF', 'NO', 'ONE')

  for (const [name, client] of Object.entries(clients)) {
    t.test(`answers nothing that ${name} asks, whether it knows the session or not`, async (t) => {
      const store = redisStore(client)
      const [known, unknown] = [sampleSession(), sampleSession()]
      await store.create(known)
      await demote()
      // Until the first synchronization, it still has the data that it had as a master.
      for (const { id, subject, current } of [known, unknown]) {
        const next = sampleRotation(known)
        const calls: Array<() => Promise<unknown>> = [
          () => store.find(id), () => store.list(subject), () => store.rotate(id, current, next, Date.now()),
          () => store.rotate(id, 'other', next, Date.now()), () => store.delete(id), () => store.delete(id, 'other'),
          () => store.deleteAll(subject), () => store.create(sampleSession({ subject }))
        ]
        for (const call of calls) await t.rejects(call, { message: /READONLY/ })
      }
      await promote()
      await store.deleteAll(known.subject)
    })
  }

  t.test('fails requireSession and a logout everywhere, so that no one takes it for the truth', async (t) => {
    const { app } = await createApp(t, { store: redisStore(redis), now: Date.now })
    const { headers, cookies } = await loginAs(app, { sub: 'user-1' })
    t.equal((await app.inject({ url: '/sensitive', headers })).statusCode, 200)
    await demote()
    for (const request of [
      { url: '/sensitive', headers },
      { method: 'POST' as const, url: '/auth/refresh', cookies },
      { method: 'POST' as const, url: '/auth/logout', cookies },
      { method: 'POST' as const, url: '/auth/logout', cookies, payload: { everywhere: true } }
    ]) {
      const answer = await app.inject(request)
      t.equal(answer.json().code, 'FST_JWT_STORE_UNAVAILABLE')
    }
    await promote()
    t.equal((await app.inject({ url: '/sensitive', headers })).statusCode, 200)
  })
})

for (const name of ['ioredis', 'node-redis'] as const) {
  t.test(`a master that became a replica is left for the new one: ${name}, as documented`, { skip }, async (t) => {
    const { redis } = await connect(t, url)
    const other = await startRedis() as OwnService
    const wire = new Wire(url)
    await wire.open()
    const { store, close } = await openStore(name, wire.url, 'README')
    t.teardown(async () => {
      await close()
      await wire.close()
      await redis.call('REPLICAOF', 'NO', 'ONE')
      await other.stop()
    })
    const session = sampleSession()
    await store.create(session)
    wire.leadTo(other.url)
    await redis.call('REPLICAOF', '127.0.0.1', new URL(other.url).port)
    await until(() => store.find(session.id).then((found) => found === null, () => false))
    await store.create(session)
    t.strictSame(await store.find(session.id), session, 'is written to the new master')
  })
}

for (const name of ['ioredis', 'node-redis'] as const) {
  t.test(`a connection that died without a word is left while requests come: ${name}, as documented`, { skip }, async (t) => {
    const wire = new Wire(url)
    await wire.open()
    const { store, close } = await openStore(name, wire.url, 'README')
    const id = sampleSession().id
    await store.find(id)
    wire.forget()
    const isAnswered = new Promise<void>((resolve) => {
      const users = setInterval(() => store.find(id).then(() => resolve(), () => {}), 50)
      t.teardown(async () => {
        clearInterval(users)
        await close()
        await wire.close()
      })
    })
    await t.resolves(isAnswered)
  })
}

t.test('reading changes nothing: no key, no time to live, nothing for replicas and the append-only file', { skip }, async (t) => {
  const { redis } = await connect(t, url)
  const store = redisStore(redis)
  const session = sampleSession()
  await store.create(session)
  const offset = async () => /rdb_changes_since_last_save:(\d+)/.exec(await redis.info('persistence'))?.[1]
  const [before, end] = [await offset(), await redis.call('PEXPIRETIME', `jwtr:s:${session.id}`)]
  await store.find(session.id)
  await store.find(sampleSession().id)
  await store.list(session.subject)
  t.equal(await store.rotate(session.id, 'other', sampleRotation(session), Date.now()), null)
  t.equal(await offset(), before)
  t.equal(await redis.call('PEXPIRETIME', `jwtr:s:${session.id}`), end)
})

t.test('a Redis whose memory is full, and that evicts nothing', { skip }, async (t) => {
  const { redis, clients } = await connect(t, url)
  for (const [name, client] of Object.entries(clients)) {
    t.test(`rotates, finds, lists and ends sessions, and takes no new ones: ${name}`, async (t) => {
      const store = redisStore(client)
      const session = sampleSession()
      await store.create(session)
      await redis.config('SET', 'maxmemory', '1mb')
      t.teardown(() => redis.config('SET', 'maxmemory', '0'))

      await t.rejects(store.create(sampleSession()), { message: /OOM/ })
      let latest = session
      for (let rotation = 0; rotation < 3; rotation++) {
        const next = sampleRotation(latest)
        const rotated = { ...latest, ...next }
        t.strictSame(await store.rotate(session.id, latest.current, next, Date.now()), rotated)
        latest = rotated
      }
      t.strictSame(await store.find(session.id), latest)
      t.strictSame(await store.list(session.subject), [latest])
      t.equal(await store.deleteAll(session.subject), 1)
      t.equal(await store.find(session.id), null)
    })
  }
})

t.test('a user that may do what the documentation lists, and nothing else', { skip }, async (t) => {
  const page = await readFile(join(root, 'docs/stores.md'), 'utf8')
  const line = /^ACL SETUSER myapp .*$/m.exec(page)?.[0] ?? ''
  const admin = new Redis(url)
  t.teardown(() => {
    admin.disconnect()
  })
  const [command = '', ...rules] = line.split(' ')
  await admin.call(command, ...rules)
  const { clients } = await connect(t, url.replace('//', '//myapp:a-long-password@'))
  for (const [name, client] of Object.entries(clients)) {
    t.test(`keeps the contract with ${name}`, async (t) => {
      testStore((name, check) => t.test(name, check), () => redisStore(client))
    })
  }
  t.test('is refused nothing', async (t) => t.strictSame(await admin.call('ACL', 'LOG'), []))

  t.test('needs each of them', async (t) => {
    for (const right of rules.filter((rule) => /^\+(eval|evalsha|exists|rename|get|set|del|z\w+|ttl|expire|time)$/.test(rule))) {
      await admin.call('ACL', 'SETUSER', 'myapp', right.replace('+', '-'))
      const store = redisStore(Object.values(clients)[0] as RedisClient)
      const session = sampleSession()
      await t.rejects(async () => {
        await store.create(session)
        await admin.script('FLUSH')
        await admin.zadd(`jwtr:i:${session.subject}`, 0, 'over')
        await store.create(session)
        await store.find(session.id)
        await store.rotate(session.id, session.current, sampleRotation(session), Date.now())
        await store.find(sampleSession().id)
        await store.deleteAll(session.subject)
      }, { message: /can't run this command|NOPERM|permission/ }, right)
      await admin.call('ACL', 'SETUSER', 'myapp', right)
    }
  })
})
