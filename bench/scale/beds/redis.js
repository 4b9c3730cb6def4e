import { once } from 'node:events'
import { connect } from 'node:net'
import { Redis } from 'ioredis'
import { redisStore } from '../../../lib/stores/redis/index.ts'
import * as scripts from '../../../lib/stores/redis/scripts.ts'
import { startRedis } from '../../../test/fixtures/services.ts'
import { rotateOne } from '../measure.js'
import { until } from '../until.js'

const BATCH = 500 // sessions per write

/** Starts a separate server without persistence, with a database for each size. */
export async function open () {
  const server = await startRedis()
  if (typeof server === 'string') throw new Error(server)
  const clients = []

  function client (db) {
    const redis = new Redis(server.url, { db, enableAutoPipelining: true })
    clients.push(redis)
    return redis
  }

  const admin = client(0)
  return {
    facts: { server: `Redis ${/redis_version:(\S+)/.exec(await admin.info('server'))[1]}` },
    async load (sessions, index) {
      const redis = client(index)
      const before = await figure(redis, 'memory', 'used_memory')
      await sendAll(server.url, index, sessions)
      return {
        store: redisStore(redis),
        database: index,
        bytes: (await figure(redis, 'memory', 'used_memory') - before) / sessions.size,
        // The processor time of the server's main thread.
        counter: { name: 'serverMicroseconds', read: async () => 1e6 * await processorTime(redis) }
      }
    },
    /**
     * Starts a replica. Measures how long the server blocks when it forks to send it a copy, and how long it takes from its crash until
     * the replica, promoted at once, has made a rotation.
     */
    async finish ({ sessions, database }) {
      const replica = await startRedis()
      if (typeof replica === 'string') throw new Error(replica)
      const promoted = new Redis(replica.url, { db: database })
      await promoted.replicaof('127.0.0.1', new URL(server.url).port)
      await until(async () => (await promoted.info('replication')).includes('master_link_status:up'))
      const facts = { forkMilliseconds: await figure(admin, 'stats', 'latest_fork_usec') / 1000, bytesOfAll: await figure(admin, 'memory', 'used_memory') }

      for (const redis of clients) redis.disconnect()
      await server.crash()
      const start = performance.now()
      await promoted.replicaof('NO', 'ONE')
      await rotateOne(redisStore(promoted), sessions)
      const failoverMilliseconds = performance.now() - start
      promoted.disconnect()
      await replica.stop()
      return { ...facts, failoverMilliseconds }
    },
    async close () {
      for (const redis of clients) redis.disconnect()
      await server.stop()
    }
  }
}

/**
 * Sends the store's own commands without waiting for replies. Each session is rotated once, like nearly all sessions of a running
 * app: the first rotation after a login also updates the index.
 */
async function sendAll (url, db, sessions) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  let text = command('SELECT', String(db))
  for (const { source } of Object.values(scripts)) text += command('SCRIPT', 'LOAD', source)
  text += command('CLIENT', 'REPLY', 'OFF')

  const sender = {
    call () {},
    async evalsha (...args) {
      text += command('EVALSHA', ...args.map(String))
      return args[0] === scripts.ROTATE.sha ? null : 1
    }
  }
  const store = redisStore(sender)
  for (let number = 0; number < sessions.size; number++) {
    const session = sessions.at(number)
    const { id, generation, current, rotatedAt, expiresAt } = session
    await store.create({ ...session, generation: 0, current: id })
    await store.rotate(id, id, { generation, current, rotatedAt, expiresAt }, Date.now())
    if (number % BATCH === 0) {
      if (!socket.write(text)) await once(socket, 'drain')
      text = ''
    }
  }
  socket.end(text + command('CLIENT', 'REPLY', 'ON'))
  await once(socket.resume(), 'close') // Redis has executed all commands
}

function command (...args) {
  return `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`
}

async function processorTime (redis) {
  const text = await redis.info('cpu')
  return ['user', 'sys'].reduce((sum, kind) => sum + Number(new RegExp(`used_cpu_${kind}_main_thread:(\\S+)`).exec(text)[1]), 0)
}

async function figure (redis, section, name) {
  return Number(new RegExp(`${name}:(\\d+)`).exec(await redis.info(section))[1])
}
