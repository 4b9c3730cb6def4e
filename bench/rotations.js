// Measures how long a request waits for a rotation: elapsed time, not processor time. Rotations run one after the other.

import { randomBytes } from 'node:crypto'
import { session } from './lib/session.js'
import { summary } from './lib/statistics.js'
import { SQLITE_DRIVER, stores } from './lib/stores.js'

const candidates = [
  { label: 'MemoryStore', store: 'memory' },
  { label: `SQLite (${SQLITE_DRIVER}, synchronous = NORMAL)`, store: 'sqlite', options: { synchronous: 'NORMAL' } },
  { label: `SQLite (${SQLITE_DRIVER}, synchronous = FULL)`, store: 'sqlite', options: { synchronous: 'FULL' } },
  { label: 'Redis (ioredis)', store: 'ioredis' },
  { label: 'Redis (node-redis)', store: 'node-redis' },
  { label: 'PostgreSQL (pg)', store: 'pg' },
  { label: 'PostgreSQL (pg, prepare: true)', store: 'pg', options: { prepare: true } },
  { label: 'PostgreSQL (postgres.js)', store: 'postgres.js' },
  { label: 'MariaDB (mysql2)', store: 'mysql2' }
]
const SESSIONS = 1000
const ROTATIONS = 1000 // a round

/** @param {number} rounds */
export async function rotations (rounds, { only = /./ } = {}) {
  const measured = []
  for (const { label, store: name, options = {} } of candidates.filter(({ label }) => only.test(label))) {
    const store = await stores[name](options)
    const sessions = Array.from({ length: SESSIONS }, (_, i) => session(`user-${i}`))
    for (const one of sessions) await store.create(one)
    measured.push({ label, store, sessions, medians: [], slow: [] })
  }

  for (let round = -1; round < rounds; round++) { // the first one warms up
    for (const { store, sessions, medians, slow } of measured) {
      const times = await rotateInTurn(store, sessions)
      if (round < 0) continue
      medians.push(times[ROTATIONS / 2])
      slow.push(times[ROTATIONS * 0.99])
    }
  }
  return { 'a rotation, one after the other': measured.map(({ label, medians, slow }) => ({ label, microseconds: summary(medians), slow: summary(slow) })) }
}

/** The duration of each rotation in microseconds, sorted. */
async function rotateInTurn (store, sessions) {
  const times = []
  for (let i = 0; i < ROTATIONS; i++) {
    const one = sessions[Math.floor(Math.random() * SESSIONS)]
    const now = Date.now()
    const next = { generation: one.generation + 1, current: randomBytes(32).toString('base64url'), rotatedAt: now, expiresAt: one.expiresAt }
    const start = performance.now()
    const rotated = await store.rotate(one.id, one.current, next, now)
    times.push((performance.now() - start) * 1000)
    if (rotated === null) throw new Error('the store refused a rotation')
    Object.assign(one, next)
  }
  return times.sort((a, b) => a - b)
}
