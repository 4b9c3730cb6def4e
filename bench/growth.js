// Measures the cost of many sessions, the cost of importing the package, and the size of its installation.

import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entryFile, importEntry } from './lib/build.js'
import { keyFor } from './lib/keys.js'
import { compare } from './lib/measure.js'
import { DATABASE_URL, TABLE } from './lib/services.js'
import { DAY, session } from './lib/session.js'
import { summary } from './lib/statistics.js'
import { logIn } from './refresh.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const IMPORT = fileURLToPath(new URL('lib/import.js', import.meta.url))
const LOAD_TYPESCRIPT = new URL('../scripts/load-typescript.js', import.meta.url).href
const SIZES = [1000, 1_000_000]
const MANY_CLIENTS = 50_000
const ROTATIONS = 2000 // a round
const AT_ONCE = 50

/** Alternates between rotations in a store with few sessions and in one with many. */
async function rotations (few, many, rounds) {
  const rates = { few: [], many: [] }
  for (let round = -1; round < rounds; round++) { // the first one warms up
    for (const [name, { store, sessions }] of Object.entries({ few, many })) {
      const asked = []
      while (asked.length < ROTATIONS) asked.push(...sample(sessions, ROTATIONS - asked.length).map(nextOf))
      const start = performance.now()
      await rotateAll(store, asked)
      if (round >= 0) rates[name].push(ROTATIONS / (performance.now() - start))
    }
  }
  return summary(rates.many.map((rate, round) => rate / rates.few[round]))
}

/** Chooses no session twice: two rotations from the same state would measure a race instead. */
function sample (sessions, count) {
  if (sessions.length <= count) return sessions
  const chosen = new Set()
  while (chosen.size < count) chosen.add(sessions[Math.floor(Math.random() * sessions.length)])
  return [...chosen]
}

/**
 * Advances the session and returns the arguments of its next rotation. The strings are copied, as if parsed from a request:
 * reading this list of a million sessions would miss the processor's caches too, and must not be part of the measurement.
 */
function nextOf (one) {
  const now = Date.now()
  const [id, expected] = [one.id, one.current].map((text) => Buffer.from(text).toString())
  one.current = createHash('sha256').update(one.current).digest('base64url')
  one.generation++
  return { id, expected, next: { generation: one.generation, current: one.current, rotatedAt: now, expiresAt: now + 7 * DAY }, now }
}

async function rotateAll (store, asked) {
  let started = 0
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (started < asked.length) {
      const { id, expected, next, now } = asked[started++]
      if (await store.rotate(id, expected, next, now) === null) throw new Error('the store refused a rotation')
    }
  }))
}

async function fill (store, count) {
  const sessions = []
  while (sessions.length < count) {
    const batch = Array.from({ length: Math.min(500, count - sessions.length) }, (_, i) => session(`user-${sessions.length + i}`))
    await Promise.all(batch.map((one) => store.create(one)))
    for (const { id, current, generation } of batch) sessions.push({ id, current, generation })
  }
  return sessions
}

/** Bytes per session in a MemoryStore. The sessions themselves are dropped, so that only the store's memory remains. */
export async function memoryBytes (count) {
  const { MemoryStore } = await importEntry('.')
  const store = new MemoryStore()
  return await bytesOfEach(count, async () => {
    for (let i = 0; i < count; i++) await store.create(JSON.parse(JSON.stringify(session(`user-${i}`))))
  })
}

/** How many milliseconds a MemoryStore with this number of sessions adds to a full garbage collection. */
export async function memoryPause (count) {
  const { MemoryStore } = await importEntry('.')
  const store = new MemoryStore()
  const before = medianPause()
  for (let i = 0; i < count; i++) await store.create(session(`user-${i}`))
  const after = medianPause()
  return after - before
}

function medianPause () {
  globalThis.gc() // collects the garbage of creating the sessions
  return summary(Array.from({ length: 7 }, () => {
    const start = performance.now()
    globalThis.gc()
    return performance.now() - start
  })).median
}

/** Bytes per token in the cache of verified tokens, without the claims. Imports the sources because no entry point exports it. */
export async function cacheBytes (count) {
  const { VerifiedTokenCache } = await import('../lib/tokens/verified-token-cache.ts')
  const claims = {}
  let cache
  return await bytesOfEach(count, () => {
    cache = new VerifiedTokenCache(count)
    for (let i = 0; i < 2 * count; i++) { // a token is only cached the second time
      const token = createHash('sha256').update(String(i % count)).digest('base64url')
      if (cache.get(token) === undefined) cache.set(token, claims)
    }
    if (cache.size !== count) throw new Error(`${cache.size} tokens are kept`)
  })
}

/** Must run in a separate process with `--expose-gc`. */
async function bytesOfEach (count, fill) {
  globalThis.gc()
  const before = process.memoryUsage()
  await fill()
  globalThis.gc()
  const after = process.memoryUsage()
  return (after.heapUsed + after.external - before.heapUsed - before.external) / count
}

function alone (measurement, ...options) {
  const program = `import(${JSON.stringify(import.meta.url)}).then(async (m) => console.log(await m.${measurement}))`
  return Number(execFileSync(process.execPath, [...options, '--expose-gc', '--max-old-space-size=4096', '-e', program]))
}

async function memory (rounds) {
  const { MemoryStore } = await importEntry('.')
  const stores = []
  for (const size of SIZES) {
    const store = new MemoryStore()
    stores.push({ store, sessions: await fill(store, size) })
  }
  const rate = await rotations(stores[0], stores[1], rounds)
  return { rate, refreshRate: await refreshRate(rounds), bytes: alone('memoryBytes(1e6)'), pause: alone('memoryPause(1e6)') }
}

/** Compares complete refreshes over HTTP. There are so many clients that no session stays in the processor's caches. */
async function refreshRate (rounds) {
  const candidates = [
    { label: 'few', clients: SIZES[0] },
    { label: 'many', clients: MANY_CLIENTS, sessions: SIZES[1] - MANY_CLIENTS }
  ].map(({ label, clients, sessions }) => ({ label, clients, name: 'jwtRefresh', options: { key: keyFor('HS256'), store: 'memory', sessions } }))
  const [, { ratio }] = await compare({ file: 'candidates/refresh.js', base: 'few', candidates, logIn, depth: 10 }, rounds)
  const { median, low, high } = ratio // of costs, the inverse of rates
  return { ...ratio, median: 1 / median, low: 1 / high, high: 1 / low }
}

/** Starts a separate Redis, so that the store uses all of its memory. */
async function redis (rounds) {
  const { redisStore } = await importEntry('./redis')
  const { Redis } = await import('ioredis')
  const port = await freePort()
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
  const clients = [0, 1].map((db) => new Redis({ port, db, enableAutoPipelining: true }))
  for (const client of clients) client.on('error', () => {}) // refused connections until the server listens
  try {
    const stores = []
    let bytes
    for (const [db, size] of SIZES.entries()) {
      const store = redisStore(clients[db])
      const before = await usedMemory(clients[db])
      const sessions = await fill(store, size)
      bytes = (await usedMemory(clients[db]) - before) / size
      stores.push({ store, sessions })
    }
    return { rate: await rotations(stores[0], stores[1], rounds), bytes }
  } finally {
    for (const client of clients) client.disconnect()
    server.kill()
    await once(server, 'exit')
  }
}

async function usedMemory (client) {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))[1])
}

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

async function postgres (rounds) {
  const { postgresStore } = await importEntry('./postgres')
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString: DATABASE_URL })
  const tables = SIZES.map((size) => `${TABLE}_${size}`)
  try {
    const stores = []
    for (const [i, table] of tables.entries()) {
      await pool.query(`DROP TABLE IF EXISTS ${table}`)
      const store = postgresStore(pool, { table, prepare: true })
      await store.migrate()
      stores.push({ store, sessions: await fillTable(pool, table, SIZES[i]) })
      await pool.query(`VACUUM ANALYZE ${table}`)
    }
    const bytes = await tableSize(pool, tables[1]) / SIZES[1]
    const rate = await rotations(stores[0], stores[1], rounds)
    const rotated = await rotateEach(pool, postgresStore)
    return { rate, bytes, ...rotated }
  } finally {
    for (const table of [...tables, ROTATED]) await pool.query(`DROP TABLE IF EXISTS ${table}`)
    await pool.end()
  }
}

/** Inserts in batches, because a million single inserts would take minutes. */
async function fillTable (pool, table, count) {
  const sessions = []
  while (sessions.length < count) {
    const batch = Array.from({ length: Math.min(10_000, count - sessions.length) }, (_, i) => session(`user-${sessions.length + i}`))
    const column = (name) => batch.map((one) => one[name])
    await pool.query(
      `INSERT INTO ${table} (id, subject, generation, current, created_at, rotated_at, expires_at, ends_at, payload)
      SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[])`,
      [column('id'), column('subject'), column('generation'), column('current'), column('createdAt'), column('rotatedAt'),
        column('expiresAt'), column('endsAt'), batch.map(({ claims: { role } }) => JSON.stringify([{ role }, {}]))])
    for (const { id, current, generation } of batch) sessions.push({ id, current, generation })
  }
  return sessions
}

const ROTATED = `${TABLE}_rotated`

/** Rotates 20,000 sessions five times each, to measure how much the table grows and how many updates avoid the indexes (HOT). */
async function rotateEach (pool, postgresStore) {
  const store = postgresStore(pool, { table: ROTATED, prepare: true })
  await pool.query(`DROP TABLE IF EXISTS ${ROTATED}`)
  await store.migrate()
  const sessions = await fillTable(pool, ROTATED, 20_000)
  await pool.query(`VACUUM ANALYZE ${ROTATED}`)
  const before = await tableSize(pool, ROTATED)
  for (let turn = 0; turn < 5; turn++) {
    await rotateAll(store, sessions.toSorted(() => Math.random() - 0.5).map(nextOf))
  }
  await new Promise((resolve) => setTimeout(resolve, 1500)) // PostgreSQL updates its statistics with a delay of a second
  const { rows: [{ updates, hot }] } = await pool.query(
    'SELECT n_tup_upd::int AS updates, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = $1', [ROTATED])
  return { grownAfter5: await tableSize(pool, ROTATED) / before, hot: hot / updates }
}

async function tableSize (pool, table) {
  const { rows: [{ bytes }] } = await pool.query('SELECT pg_total_relation_size($1::regclass)::text AS bytes', [table])
  return Number(bytes)
}

/** Import times, in milliseconds of processor time. */
function imports (rounds, against) {
  const programs = {
    fastify: ['fastify'],
    peers: ['fastify', '@fastify/jwt', '@fastify/cookie'],
    ours: ['fastify', entryFile('.')],
    ...(against !== undefined && { other: ['fastify', entryFile('.', against)] })
  }
  const times = { fastify: [], peers: [], ours: [], other: [] }
  for (let round = 0; round < rounds; round++) {
    for (const [name, modules] of Object.entries(programs)) {
      times[name].push(Number(execFileSync(process.execPath, [IMPORT, ...modules])))
    }
  }
  const over = (name, base) => summary(times[name].map((time, round) => time - times[base][round]))
  return {
    peersOverFastify: over('peers', 'fastify'),
    oursOverPeers: over('ours', 'peers'),
    ...(against !== undefined && { oursOverOther: over('ours', 'other') })
  }
}

/** The production packages that `npm install` adds, according to the lockfile and node_modules of this repository. */
function installed () {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  const count = (names) => {
    const found = new Set()
    const visit = (name, from) => {
      const path = placeOf(name, from)
      if (path === undefined || found.has(path)) return
      found.add(path)
      for (const dependency of Object.keys(packages[path].dependencies ?? {})) visit(dependency, path)
    }
    // Node.js looks in node_modules of the importing package first, then in the parent folders.
    const placeOf = (name, from) => {
      for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
        const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
        if (path in packages) return path
        if (folder === '') return undefined
      }
    }
    for (const name of names) visit(name, '')
    return { packages: found.size, kilobytes: [...found].reduce((sum, path) => sum + folderSize(join(ROOT, path)), 0) / 1000 }
  }
  const [{ unpackedSize }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] }))
  const peers = count(['fastify', '@fastify/jwt', '@fastify/cookie'])
  const ours = count(['fastify', ...Object.keys(packages[''].dependencies)])
  return {
    fastify: count(['fastify']),
    peers,
    ours: { packages: ours.packages + 1, kilobytes: ours.kilobytes + unpackedSize / 1000 }
  }
}

function folderSize (folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.slice(folder.length).includes('node_modules'))
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}

/** @param {number} rounds */
export async function growth (rounds, { against } = {}) {
  const results = { installed: installed(), imports: imports(rounds, against), cacheBytes: alone('cacheBytes(1e5)', '--import', LOAD_TYPESCRIPT) }
  for (const [name, measure] of Object.entries({ memory, redis, postgres })) {
    results[name] = await measure(rounds)
    console.log(`growth, ${name}: ${JSON.stringify(results[name])}`)
  }
  return results
}
