import type { EndedEvent, ReusedEvent } from '../../types/events.ts'
import type { AnyRequest } from '../../types/requests.ts'
import type { Emit } from './events.ts'
import type { GuardedStore } from './guarded-store.ts'

// Each ended session is reported once, even if the store answers after the request has been answered.

export interface SessionReference {
  subject: string
  sessionId: string
  /** As in SessionTerms; absent if it is not known from a refresh token. */
  adoptedKey?: string | null
}

/**
 * Ends the session of the event, and emits the event. False if there was none.
 *
 * @param expected the `current` that the record must still have
 * @throws StoreUnavailableError
 */
export async function endSession (
  store: GuardedStore, emit: Emit, event: (EndedEvent | ReusedEvent) & { sessionId: string }, request: AnyRequest | null, expected?: string
): Promise<boolean> {
  const tell = (): void => emit(event, request)
  const ended = await store.delete(event.sessionId, tell, expected)
  if (ended) tell()
  return ended
}

/**
 * Ends each of the sessions that is still alive, and emits its event.
 *
 * @throws StoreUnavailableError if one of them could not be ended; the others are ended all the same
 */
export async function endSessions (
  store: GuardedStore, emit: Emit, reason: EndedEvent['reason'], sessions: readonly SessionReference[], request: AnyRequest | null
): Promise<void> {
  const tell = (session: SessionReference): void => emit(endedEvent(reason, session), request)
  const { ended, failure } = await deleteEach(store, sessions, tell)
  ended.forEach(tell)
  if (failure !== null) throw failure
}

/**
 * Ends the sessions of a subject, all or all but one. Resolves to how many there were.
 *
 * @throws StoreUnavailableError
 */
export async function endAll (
  store: GuardedStore, emit: Emit, reason: EndedEvent['reason'], subject: string, request: AnyRequest | null, exceptId?: string
): Promise<number> {
  const tell = (count: number): void => {
    if (count > 0) emit({ type: 'ended', reason, subject, count }, request)
  }
  const count = await store.deleteAll(subject, tell, exceptId)
  tell(count)
  return count
}

export function endedEvent (reason: EndedEvent['reason'], session: SessionReference): EndedEvent & { sessionId: string } {
  const { subject, sessionId } = session
  return { type: 'ended', reason, subject, sessionId, count: 1, ...keyOf(session) }
}

/** The part of an event that identifies the old token that was traded in for the session. */
export function keyOf ({ adoptedKey = null }: Pick<SessionReference, 'adoptedKey'>): { key?: string } {
  return adoptedKey === null ? {} : { key: adoptedKey }
}

/** `ended` are the sessions that were alive until now. */
export interface Deletions {
  ended: SessionReference[]
  failure: Error | null
}

/**
 * Deletes as many as it can.
 *
 * @param onLate called for each session that is deleted after all, when its deletion has already been counted as a failure
 */
export async function deleteEach (
  store: GuardedStore, sessions: readonly SessionReference[], onLate: (session: SessionReference) => void
): Promise<Deletions> {
  const bySession = new Map<string, SessionReference>()
  // An access token of the same session does not know its key.
  for (const session of sessions) bySession.set(session.sessionId, { ...bySession.get(session.sessionId), ...session })
  const unique = [...bySession.values()]
  const results = await Promise.allSettled(unique.map(async (session) => await store.delete(session.sessionId, () => onLate(session))))
  const ended = unique.filter((_, index) => (results[index] as PromiseFulfilledResult<boolean>).value)
  const failed = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
  return { ended, failure: failed?.reason ?? null }
}
