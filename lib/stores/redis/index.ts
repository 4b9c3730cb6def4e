import type { Rotation, Session, TokenStore } from '../../../types/session.ts'
import { InvalidOptionError } from '../../errors.ts'
import { checkFields, show } from '../../checks/fields.ts'
import { bindingOf, wholeTimes } from '../rotated.ts'
import { scriptRunner, type RedisClient, type RunScript } from './client.ts'
import { packBoundTo, packCurrent, packRecord, packRotation, packText, unpackRecord, wasEnlistedAgain } from './record.ts'
import { ENLIST, PAGE, READ, REMOVE, REMOVE_OF_SUBJECT, ROTATE, STRIKE_OFF, WRITE } from './scripts.ts'
import { indexOf, sharedIndexOf, type SubjectIndex } from './subject-index.ts'

export type { IoredisClient, NodeRedisClient, NodeRedisCluster, RedisClient } from './client.ts'

const HOUR = 3_600_000 // milliseconds
/** How far the clocks of two instances may differ before an index could lose an active session. */
const CLOCK_SKEW = HOUR
/** How often an active session is enlisted again. That costs the app a quarter of a refresh, but nobody waits for it. */
const ENLIST_INTERVAL = 4 * HOUR
/** How long an index keeps a session beyond its idle end, since rotations move that end after the session was enlisted. */
const INDEX_SLACK = 7 * 24 * HOUR
/** How many sessions `list` and `deleteAll` request at once: as many keep Redis busy for about two milliseconds. */
const BATCH = 200

/** Options of `redisStore`. */
export interface RedisStoreOptions {
  /** The prefix of every key. Two apps that share a Redis need different ones. Default: `jwtr:`. */
  prefix?: string
}

/**
 * Keeps sessions in Redis 5 or later, or in a Redis Cluster: a key with a time to live for each session, and an index for each subject.
 * @param client a connected client of ioredis, or of node-redis 4 or later; closing it is up to the caller.
 * @throws TypeError for another client, or an unknown or impossible option.
 */
export function redisStore (client: RedisClient, options: RedisStoreOptions = {}): TokenStore {
  const { prefix = 'jwtr:' } = checkFields('redisStore', options, ['prefix'])
  return new RedisStore(scriptRunner(client), checkPrefix(prefix))
}

class RedisStore implements TokenStore {
  readonly #run: RunScript
  readonly #prefix: string
  #now: () => number = () => Date.now()

  constructor (run: RunScript, prefix: string) {
    this.#run = run
    this.#prefix = prefix
  }

  useClock (now: () => number): void {
    this.#now = now
  }

  /** @throws Error if the id is taken. */
  async create (session: Session): Promise<void> {
    const { id, createdAt, expiresAt } = session
    const record = packRecord(session)
    await this.#enlist(session, createdAt)
    const written = await this.#run(WRITE, this.#sessionKey(id), [record, timeToLive(createdAt, expiresAt)])
    if (written !== 1) throw new Error('redisStore: a session with this id exists already')
  }

  async find (id: string): Promise<Session | null> {
    const session = await this.#read(id)
    return session !== null && this.#lives(session) ? session : null
  }

  async rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null> {
    const rotation = wholeTimes(next)
    const boundTo = bindingOf(next)
    const args = [packCurrent(expected), String(now), packRotation(rotation), timeToLive(now, rotation.expiresAt), boundTo === undefined ? '' : packBoundTo(boundTo)]
    const replaced = await this.#run(ROTATE, this.#sessionKey(id), args) as string | null
    if (replaced === null) return null

    const before = unpackRecord(id, replaced)
    const session = { ...before, ...rotation, boundTo: boundTo ?? before.boundTo }
    // No refresh waits for the index or fails because of it: a later rotation enlists the session again anyway.
    if (isToBeEnlisted(replaced, before, session)) this.#enlist(session, now).catch(() => {})
    return session
  }

  async delete (id: string, expected?: string): Promise<boolean> {
    const front = expected === undefined ? '' : packCurrent(expected)
    const removed = unpack(id, await this.#run(REMOVE, this.#sessionKey(id), [front]))
    if (removed === null) return false
    await this.#strikeOff(indexOf(this.#prefix, removed.subject), [id])
    return true
  }

  async list (subject: string): Promise<Session[]> {
    const sessions = new Map<string, Session>()
    for (const index of this.#indexesOf(subject)) {
      for await (const ids of this.#batches(index)) {
        for (const session of await Promise.all(ids.map((id) => this.find(id)))) {
          if (session?.subject === subject) sessions.set(session.id, session)
        }
      }
    }
    return [...sessions.values()]
  }

  /** Each batch is struck off as it is deleted, so a call that took too long can be repeated and continues from there. */
  async deleteAll (subject: string, exceptId?: string): Promise<number> {
    let count = 0
    for (const index of this.#indexesOf(subject)) {
      for await (const ids of this.#batches(index)) {
        const doomed = ids.filter((id) => id !== exceptId)
        const removed = (await Promise.all(doomed.map((id) => this.#removeOf(subject, id)))).filter((session) => session !== null)
        await this.#strikeOff(index, removed.map(({ id }) => id))
        count += removed.filter((session) => this.#lives(session)).length
      }
    }
    return count
  }

  #lives (session: Session): boolean {
    return session.expiresAt > this.#now()
  }

  async #read (id: string): Promise<Session | null> {
    return unpack(id, await this.#run(READ, this.#sessionKey(id), []))
  }

  /** The subject is compared, because two subjects in a shared index can have the same tag. */
  async #removeOf (subject: string, id: string): Promise<Session | null> {
    return unpack(id, await this.#run(REMOVE_OF_SUBJECT, this.#sessionKey(id), [packText(subject)]))
  }

  async #enlist ({ id, subject, expiresAt, endsAt }: Session, now: number): Promise<void> {
    const life = Math.max(0, Math.min(endsAt, expiresAt + INDEX_SLACK) - now) + CLOCK_SKEW
    await this.#run(ENLIST, indexOf(this.#prefix, subject).key, [id, String(Math.ceil(life / 1000))])
  }

  #indexesOf (subject: string): SubjectIndex[] {
    return [indexOf(this.#prefix, subject), sharedIndexOf(this.#prefix, subject)]
  }

  /** The ids in an index. An id can appear twice, and its session may be gone, or not yet written. */
  async * #batches ({ key, tag }: SubjectIndex): AsyncGenerator<string[]> {
    let cursor = '0'
    do {
      const [next, members] = await this.#run(PAGE, key, [cursor, `${tag}*`, String(BATCH)]) as [string, string[]]
      const ids = members.filter((_, i) => i % 2 === 0).map((member) => member.slice(tag.length))
      // A small index comes as one page.
      for (let start = 0; start < ids.length; start += BATCH) yield ids.slice(start, start + BATCH)
      cursor = next
    } while (cursor !== '0')
  }

  /** Only for sessions that were seen in Redis: an id without a session can be a login that is in progress. */
  async #strikeOff ({ key, tag }: SubjectIndex, ids: string[]): Promise<void> {
    if (ids.length === 0) return
    await this.#run(STRIKE_OFF, key, ids.map((id) => tag + id))
  }

  #sessionKey (id: string): string {
    return `${this.#prefix}s:${id}`
  }
}

/**
 * A session is enlisted again at its first rotation: it may be from an earlier version, or a failover may have lost the login's
 * write to the index. Later rotations do so once per interval, because the index may have been evicted, and when the idle end has
 * moved by an interval, because the index must keep the session until then.
 */
function isToBeEnlisted (record: string, before: Session, after: Session): boolean {
  if (!wasEnlistedAgain(record)) return true
  return intervalOf(before, 'rotatedAt') !== intervalOf(after, 'rotatedAt') || intervalOf(before, 'expiresAt') !== intervalOf(after, 'expiresAt')
}

/** Counted from the login, so that sessions are not all enlisted at the same moment. */
function intervalOf (session: Session, time: 'rotatedAt' | 'expiresAt'): number {
  return Math.floor((session[time] - session.createdAt) / ENLIST_INTERVAL)
}

/** Milliseconds, as an argument for Redis. Computed by the caller's clock, so the clock of Redis need not agree with it. */
function timeToLive (now: number, expiresAt: number): string {
  return String(Math.max(1, Math.ceil(expiresAt - now)))
}

function unpack (id: string, record: unknown): Session | null {
  return record === null ? null : unpackRecord(id, record as string)
}

function checkPrefix (prefix: unknown): string {
  if (typeof prefix === 'string') return prefix
  throw new InvalidOptionError(`redisStore.prefix is ${show(prefix)}: give a string such as "myapp:"`)
}
