import type { EndedEvent } from '../../types/events.ts'
import type { AnyRequest } from '../../types/requests.ts'
import type { Emit } from './events.ts'
import type { GuardedStore } from './guarded-store.ts'

export interface SessionToEnd {
  subject: string
  sessionId: string
}

/**
 * Ends each of the sessions that still lives, and tells of it.
 *
 * @throws StoreUnavailableError where one of them could not be ended; the others are
 */
export type EndSessions = (reason: EndedEvent['reason'], sessions: readonly SessionToEnd[], request: AnyRequest | null) => Promise<void>

export function createEndSessions (store: GuardedStore, emit: Emit): EndSessions {
  return async function endSessions (reason, sessions, request) {
    const { ended, failure } = await deleteEach(store, sessions)
    for (const { subject, sessionId } of ended) emit({ type: 'ended', reason, subject, sessionId, count: 1 }, request)
    if (failure !== null) throw failure
  }
}

/** Deletes as many as it can: `ended` are those that lived until now. */
export async function deleteEach (
  store: GuardedStore, sessions: readonly SessionToEnd[]
): Promise<{ ended: SessionToEnd[], failure: Error | null }> {
  const unique = [...new Map(sessions.map((session) => [session.sessionId, session])).values()]
  const results = await Promise.allSettled(unique.map(async ({ sessionId }) => store.delete(sessionId)))
  const ended = unique.filter((_, index) => (results[index] as PromiseFulfilledResult<boolean>).value)
  const failed = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
  return { ended, failure: failed?.reason ?? null }
}
