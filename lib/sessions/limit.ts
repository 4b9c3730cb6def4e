import type { FastifyBaseLogger } from 'fastify'
import type { AnyRequest } from '../../types/requests.ts'
import type { Session } from '../../types/session.ts'
import { withDeadline } from './deadline.ts'
import { endSessions } from './end-sessions.ts'
import type { Emit } from './events.ts'
import type { OpenStore } from './guarded-store.ts'

/**
 * Ends the least recently used sessions of a subject beyond `max`. Even if many logins race, exactly `max` sessions are left:
 * no login ends one of these, and the last login to list the sessions sees all of them. In a burst of more than `max` logins,
 * a new session can therefore be ended at once. Never rejects: if the store fails, the login succeeds, and the next login
 * ends the sessions that this one left.
 *
 * @param timeLeft milliseconds
 */
export type Limit = (subject: string, timeLeft: number, request: AnyRequest | null) => Promise<void>

/** @param max Infinity: any number */
export function createLimit (openStore: OpenStore, emit: Emit, max: number, log: FastifyBaseLogger): Limit {
  if (max === Infinity) return async () => {}
  const shareNext = createShareNext()

  async function endSurplus (subject: string, request: AnyRequest | null): Promise<void> {
    const store = openStore(null, request) // a failure is reported below, and the login succeeds
    const sessions = await store.list(subject)
    if (sessions.length <= max) return
    const surplus = sessions.sort(byLastUse).slice(0, sessions.length - max)
    await endSessions(store, emit, 'limit', surplus.map(({ id }) => ({ subject, sessionId: id })), request)
  }

  return async function limit (subject, timeLeft, request) {
    try {
      await withDeadline(timeLeft, async () => await shareNext(subject, async () => await endSurplus(subject, request)))
    } catch (err) {
      log.warn({ err, subject }, 'the sessions of a subject could not be counted; its next login tries again')
    }
  }
}

/**
 * Runs one call per key at a time, and one more for all callers that arrive meanwhile: a burst of 500 logins would otherwise
 * read the subject's sessions 500 times.
 */
function createShareNext (): (key: string, call: () => Promise<void>) => Promise<void> {
  const running = new Map<string, Promise<void>>()
  const next = new Map<string, Promise<void>>()

  async function begin (key: string, call: () => Promise<void>): Promise<void> {
    const result = call().finally(() => running.delete(key))
    running.set(key, result)
    await result
  }

  return async function shareNext (key, call) {
    const planned = next.get(key)
    if (planned !== undefined) return await planned
    const before = running.get(key)
    if (before === undefined) return await begin(key, call)
    const result = before.catch(() => {}).then(async () => {
      next.delete(key)
      await begin(key, call)
    })
    next.set(key, result)
    await result
  }
}

/** By their ids if the times are equal, so that racing logins agree. */
function byLastUse (a: Session, b: Session): number {
  return a.rotatedAt - b.rotatedAt || (a.id < b.id ? -1 : 1)
}
