import { createHash } from 'node:crypto'
import type { Rotation, Session, TokenStore } from '../../../types/session.ts'
import { InvalidOptionError } from '../../errors.ts'
import { checkFields, show } from '../../checks/fields.ts'
import { scriptRunner, type RedisClient, type RunScript } from './client.ts'
import { packCurrent, packRecord, packRotation, unpackKept, unpackRecord } from './record.ts'
import { ENLIST, ENLISTED, READ, REMOVE, ROTATE, STRIKE_OFF, WRITE } from './scripts.ts'
import { assemble, wholeTimes } from '../rotated.ts'

export type { IoredisClient, NodeRedisClient, NodeRedisCluster, RedisClient } from './client.ts'

/** How far the clocks of two instances may be apart before a subject's index could lose a living session. */
const CLOCK_SKEW_SECONDS = 3600
/** Up to two million sessions Redis keeps an index of 128 or fewer in its dense form. Never to be changed: it places what is stored. */
const INDEXES = 16_384
const TAG_BYTES = 6

export interface RedisStoreOptions {
  /** What every key begins with. Two apps that share a Redis need two. Default: `jwtr:`. */
  prefix?: string
}

/**
 * Sessions in Redis 5 or later, a Redis Cluster included: one key a session with its time to live, and indexes by subject.
 * @param client a connected client of ioredis, or of node-redis 4 or later; closing it is the caller's affair.
 * @throws TypeError for another client, or an unknown or impossible option.
 */
export function redisStore (client: RedisClient, options: RedisStoreOptions = {}): TokenStore {
  checkFields('redisStore', options, ['prefix'])
  return new RedisStore(scriptRunner(client), checkPrefix(options.prefix ?? 'jwtr:'))
}

class RedisStore implements TokenStore {
  readonly #run: RunScript
  readonly #prefix: string
  #now: () => number = Date.now

  constructor (run: RunScript, prefix: string) {
    this.#run = run
    this.#prefix = prefix
  }

  useClock (now: () => number): void {
    this.#now = now
  }

  async create (session: Session): Promise<void> {
    const { id, subject, createdAt, expiresAt, endsAt } = session
    const record = packRecord(session)
    const { index, tag } = this.#placeOf(subject)
    const longestLife = Math.ceil(Math.max(0, endsAt - createdAt) / 1000) + CLOCK_SKEW_SECONDS
    await this.#run(ENLIST, index, [tag + id, String(longestLife)])
    await this.#run(WRITE, this.#sessionKey(id), [record, timeToLive(createdAt, expiresAt)])
  }

  async find (id: string): Promise<Session | null> {
    const session = await this.#read(id)
    return session !== null && this.#lives(session) ? session : null
  }

  async rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null> {
    const rotation = wholeTimes(next)
    const args = [packCurrent(expected), String(now), packRotation(rotation), timeToLive(now, rotation.expiresAt)]
    const kept = await this.#run(ROTATE, this.#sessionKey(id), args) as string | null
    return kept === null ? null : assemble(id, rotation, unpackKept(kept))
  }

  async delete (id: string, expected?: string): Promise<boolean> {
    const removed = await this.#remove(id, expected)
    if (removed === null) return false
    await this.#strikeOff(removed.subject, [id])
    return true
  }

  async list (subject: string): Promise<Session[]> {
    return (await this.#stored(subject)).filter((session) => this.#lives(session))
  }

  async deleteAll (subject: string, exceptId?: string): Promise<number> {
    const doomed = (await this.#stored(subject)).filter(({ id }) => id !== exceptId)
    const removed = (await Promise.all(doomed.map(({ id }) => this.#remove(id)))).filter((session) => session !== null)
    await this.#strikeOff(subject, doomed.map(({ id }) => id))
    return removed.filter((session) => this.#lives(session)).length
  }

  #lives (session: Session): boolean {
    return session.expiresAt > this.#now()
  }

  async #read (id: string): Promise<Session | null> {
    return unpack(id, await this.#run(READ, this.#sessionKey(id), []))
  }

  async #remove (id: string, expected?: string): Promise<Session | null> {
    const front = expected === undefined ? '' : packCurrent(expected)
    return unpack(id, await this.#run(REMOVE, this.#sessionKey(id), [front]))
  }

  /** The subject's sessions that Redis still has. */
  async #stored (subject: string): Promise<Session[]> {
    const { index, tag } = this.#placeOf(subject)
    const ids = await this.#run(ENLISTED, index, [tag]) as string[]
    const sessions = await Promise.all(ids.map((id) => this.#read(id)))
    // The tag is short: another subject can have the same.
    return sessions.filter((session) => session?.subject === subject) as Session[]
  }

  /** Only what was seen in Redis: an id without a session can be a login that is still on its way. */
  async #strikeOff (subject: string, ids: string[]): Promise<void> {
    if (ids.length === 0) return
    const { index, tag } = this.#placeOf(subject)
    await this.#run(STRIKE_OFF, index, ids.map((id) => tag + id))
  }

  #sessionKey (id: string): string {
    return `${this.#prefix}s:${id}`
  }

  /**
   * An index is shared by the subjects of one hash, each with its own tag: Redis spends 150 bytes on a key with a
   * time to live, and most subjects have one session.
   */
  #placeOf (subject: string): { index: string, tag: string } {
    const digest = createHash('sha256').update(subject).digest()
    const index = (digest.readUInt16BE(0) % INDEXES).toString(36)
    return { index: `${this.#prefix}u:${index}`, tag: digest.toString('base64url', 2, 2 + TAG_BYTES) }
  }
}

/** Milliseconds as Redis takes them. Relative to the caller's clock, so that the one of Redis need not agree with it. */
function timeToLive (now: number, expiresAt: number): string {
  return String(Math.max(1, Math.ceil(expiresAt - now)))
}

function unpack (id: string, record: unknown): Session | null {
  return record === null ? null : unpackRecord(id, record as string)
}

function checkPrefix (prefix: unknown): string {
  if (typeof prefix === 'string') return prefix
  throw new InvalidOptionError(`redisStore.prefix is ${show(prefix)}: give a text such as "myapp:"`)
}
