import { Redis } from 'ioredis'
import { createClient, RESP_TYPES } from 'redis'
import { test, type Test } from 'tap'
import { redisStore, type RedisClient } from '../../lib/stores/redis/index.ts'
import { HOUR, sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { intercept } from '../fixtures/intercept.ts'
import { createPrefix, urlOf } from '../fixtures/scratch.ts'
import { findRedis, startRedis, until, type Service } from '../fixtures/services.ts'

const DAY = 24 * HOUR
const service = await findRedis()
const skip = typeof service === 'string' && service
const url = urlOf(service)

/** A connection, a unique prefix, and the keys of sessions with this prefix. */
function connect (t: Test): { redis: Redis, prefix: string, keys: () => Promise<string[]> } {
  const { redis, prefix } = createPrefix(t, url)
  return { redis, prefix, keys: () => redis.keys(`${prefix}s:*`) }
}

test('redis', { skip }, async (t) => {
  t.teardown(async () => { if (typeof service !== 'string') await service.stop() })

  t.test('keeps the contract with ioredis', async (t) => {
    const { redis, prefix } = connect(t)
    testStore((name, check) => t.test(name, check), () => redisStore(redis, { prefix }))
  })

  t.test('keeps the contract with node-redis', async (t) => {
    const { prefix } = connect(t)
    const client = createClient({ url })
    await client.connect()
    t.teardown(() => client.destroy())
    testStore((name, check) => t.test(name, check), () => redisStore(client, { prefix }))
  })

  t.test('a client of node-redis that maps texts to Buffers is refused at the first login', async (t) => {
    const { redis, prefix, keys } = connect(t)
    const client = createClient({ url, commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } })
    await client.connect()
    t.teardown(() => client.destroy())
    const session = sampleSession()
    const refusal = { message: /client\.withTypeMapping\(\{\}\)/ }
    const store = redisStore(client as unknown as RedisClient, { prefix })
    await t.rejects(store.create(session), refusal)
    t.strictSame(await keys(), [])
    await redisStore(redis, { prefix }).create(session)
    const calls: Array<() => Promise<unknown>> = [() => store.find(session.id), () => store.list(session.subject), () => store.deleteAll(session.subject)]
    for (const call of calls) await t.rejects(call, refusal)
    t.strictSame(await redisStore(client.withTypeMapping({}) as RedisClient, { prefix }).find(session.id), session)
  })

  t.test('a rotation is one command', async (t) => {
    const { redis, prefix } = connect(t)
    const commands: string[] = []
    const store = redisStore(intercept(redis, async (command) => { commands.push(command) }), { prefix })
    const session = sampleSession()
    await store.create(session)
    const next = sampleRotation(session)
    await store.rotate(session.id, session.current, next, Date.now()) // loads the script into Redis
    commands.length = 0
    t.ok(await store.rotate(session.id, next.current, sampleRotation({ ...session, ...next }), Date.now()))
    t.strictSame(commands, ['evalsha'])
  })

  t.test('the time to live is relative to the clock of the caller', async (t) => {
    const { redis, prefix, keys } = connect(t)
    const store = redisStore(redis, { prefix })
    const longAgo = 1_000_000_000_000
    const session = sampleSession({ createdAt: longAgo, rotatedAt: longAgo, expiresAt: longAgo + HOUR, endsAt: longAgo + DAY })
    await store.create(session)
    const [key] = await keys()
    const ttl = await redis.pttl(key as string)
    t.ok(ttl <= HOUR && ttl > HOUR - 60_000, `an hour, got ${ttl}`)

    await store.rotate(session.id, session.current, sampleRotation(session, { expiresAt: longAgo + 3 * HOUR }), longAgo + HOUR / 2)
    const moved = await redis.pttl(key as string)
    t.ok(moved <= 2.5 * HOUR && moved > 2.5 * HOUR - 60_000, `two and a half hours, got ${moved}`)
  })

  t.test('Redis itself forgets a session at its end', async (t) => {
    const { redis, prefix, keys } = connect(t)
    const store = redisStore(redis, { prefix })
    const session = sampleSession()
    session.expiresAt = session.createdAt + 20
    await store.create(session)
    await until(async () => (await keys()).length === 0)
    store.useClock?.(() => session.createdAt)
    t.equal(await store.find(session.id), null)
    t.equal(await store.rotate(session.id, session.current, sampleRotation(session), session.createdAt), null)
    t.strictSame(await store.list(session.subject), [])
  })

  t.test('a rotation to an end that has passed ends the session', async (t) => {
    const { redis, prefix, keys } = connect(t)
    const store = redisStore(redis, { prefix })
    const session = sampleSession()
    await store.create(session)
    t.ok(await store.rotate(session.id, session.current, sampleRotation(session, { expiresAt: session.createdAt - 1 }), session.createdAt))
    await until(async () => (await keys()).length === 0)
  })

  t.test('find and list go by the clock of the plugin', async (t) => {
    const { redis, prefix } = connect(t)
    const store = redisStore(redis, { prefix })
    const session = sampleSession()
    await store.create(session)
    store.useClock?.(() => session.expiresAt - 1)
    t.strictSame(await store.find(session.id), session)
    store.useClock?.(() => session.expiresAt)
    t.equal(await store.find(session.id), null)
    t.strictSame(await store.list(session.subject), [])
    t.equal(await store.deleteAll(session.subject), 0, 'counts what lived')
    store.useClock?.(() => session.createdAt)
    t.equal(await store.find(session.id), null, 'and ends the rest, too')
  })

  t.test('a fraction of a millisecond is dropped, not refused', async (t) => {
    const { redis, prefix } = connect(t)
    const store = redisStore(redis, { prefix })
    const session = sampleSession()
    await store.create({ ...session, createdAt: session.createdAt + 0.25, expiresAt: session.expiresAt + 0.75 })
    t.strictSame(await store.find(session.id), session)
    const next = sampleRotation(session)
    const rotated = await store.rotate(session.id, session.current, { ...next, rotatedAt: next.rotatedAt + 0.5 }, session.createdAt + 0.5)
    t.strictSame(rotated, { ...session, ...next })
  })

  t.test('stores of two prefixes never meet', async (t) => {
    const { redis, prefix } = connect(t)
    const store = redisStore(redis, { prefix: `${prefix}a:` })
    const other = redisStore(redis, { prefix: `${prefix}b:` })
    const session = sampleSession()
    await store.create(session)
    t.equal(await other.find(session.id), null)
    t.strictSame(await other.list(session.subject), [])
    t.equal(await other.deleteAll(session.subject), 0)
    t.strictSame(await store.find(session.id), session)
  })

  t.test('has a prefix of its own', async (t) => {
    const { redis } = connect(t)
    const session = sampleSession()
    const store = redisStore(redis)
    await store.create(session)
    t.equal(await redis.exists(`jwtr:s:${session.id}`), 1)
    t.equal(await store.delete(session.id), true)
  })

  t.test('refuses a subject without a UTF-8 form', async (t) => {
    const { redis, prefix, keys } = connect(t)
    const store = redisStore(redis, { prefix })
    const subject = 'ann\ud800'
    await t.rejects(store.create(sampleSession({ subject })), URIError)
    await t.rejects(store.list(subject), URIError)
    await t.rejects(store.deleteAll(subject), URIError)
    t.strictSame(await keys(), [])
  })

  t.test('says so when a key holds something else, without showing it', async (t) => {
    const { redis, prefix } = connect(t)
    const store = redisStore(redis, { prefix })
    await redis.set(`${prefix}s:id`, 'what others wrote')
    await t.rejects(store.find('id'), { message: 'redisStore: a key under the store\'s prefix does not hold a session' })
  })

  t.test('an error of Redis rejects', async (t) => {
    const { redis, prefix } = connect(t)
    const store = redisStore(redis, { prefix })
    await redis.lpush(`${prefix}s:id`, 'a list')
    await t.rejects(store.find('id'), { message: /WRONGTYPE/ })
    await t.rejects(store.rotate('id', 'x', sampleRotation(sampleSession()), Date.now()), { message: /WRONGTYPE/ })
    await t.rejects(store.delete('id'), { message: /WRONGTYPE/ })
  })

  t.test('a client that is closed rejects', async (t) => {
    const { redis, prefix } = connect(t)
    const client = redis.duplicate()
    const store = redisStore(client, { prefix })
    const session = sampleSession()
    await store.create(session)
    client.disconnect()
    await t.rejects(store.find(session.id))
    await t.rejects(store.list(session.subject))
    await t.rejects(store.create(sampleSession()))
    await t.rejects(store.rotate(session.id, session.current, sampleRotation(session), Date.now()))
  })
})

const own = await startRedis()

test('a Redis that forgot the scripts learns them again', { skip: typeof own === 'string' && own }, async (t) => {
  const { url, stop } = own as Service
  t.teardown(stop)
  const redis = new Redis(url)
  const node = createClient({ url })
  await node.connect()
  t.teardown(() => {
    redis.disconnect()
    node.destroy()
  })
  for (const client of [redis, node]) {
    const store = redisStore(client)
    const session = sampleSession()
    await store.create(session)
    await redis.script('FLUSH')
    const next = sampleRotation(session)
    t.strictSame(await store.rotate(session.id, session.current, next, Date.now()), { ...session, ...next })
    await redis.script('FLUSH')
    t.strictSame(await store.list(session.subject), [{ ...session, ...next }])
    await redis.script('FLUSH')
    t.equal(await store.delete(session.id), true)
  }
})

test('refuses what is no client, and bad options', async (t) => {
  const call = async (): Promise<null> => null
  const legacy4 = { options: { legacyMode: true }, evalSha () {}, evalsha () {}, EVALSHA () {}, connect: call }
  for (const client of [legacy4, createClient().legacy()]) {
    t.throws(() => redisStore(client as unknown as RedisClient), { code: 'FST_JWT_INVALID_OPTION', message: /in its legacy mode.*without legacyMode, or the one before \.legacy\(\)/ })
  }
  const nodeRedis3 = { evalsha: call, eval: call, get: call }
  for (const client of [undefined, null, {}, 'redis://', nodeRedis3]) {
    t.throws(() => redisStore(client as unknown as RedisClient), { code: 'FST_JWT_INVALID_OPTION', message: /give one of ioredis, or of node-redis 4 or later/ })
  }
  const client = { evalSha: call, eval: call }
  t.throws(() => redisStore(client, { prefx: 'a' } as object), { message: 'redisStore.prefx is unknown: did you mean prefix?' })
  t.throws(() => redisStore(client, { prefix: 5 } as unknown as object), { message: /redisStore\.prefix is 5: give a string/ })
})
