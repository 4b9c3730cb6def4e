import type { Session } from '../../types/session.ts'
import { deleteEach } from './end-sessions.ts'
import type { Deletions, SessionToEnd } from './end-sessions.ts'
import type { GuardedStore } from './guarded-store.ts'

/**
 * Deletes those of a subject's sessions that were not used for longest, as many as there are too many. However many logins
 * race, exactly `max` are left: none of those is surplus to whoever looks, and the last one to look sees all the others.
 * So in a burst of more than `max` logins a new session can be surplus itself.
 *
 * @param onLate as for `deleteEach`
 */
export async function deleteSurplus (
  store: GuardedStore, subject: string, max: number, onLate: (session: SessionToEnd) => void
): Promise<Deletions> {
  if (max === Infinity) return { ended: [], failure: null }
  try {
    const sessions = await store.list(subject)
    const surplus = sessions.sort(byLastUse).slice(0, Math.max(sessions.length - max, 0))
    return await deleteEach(store, surplus.map((session) => ({ subject, sessionId: session.id })), onLate)
  } catch (failure) {
    return { ended: [], failure: failure as Error }
  }
}

/** By their ids where the times are equal, so that logins that race agree. */
function byLastUse (a: Session, b: Session): number {
  return a.rotatedAt - b.rotatedAt || (a.id < b.id ? -1 : 1)
}
