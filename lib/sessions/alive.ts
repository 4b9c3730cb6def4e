import type { Session } from '../../types/session.ts'
import { isSessionId } from '../json.ts'
import type { GuardedStore } from './guarded-store.ts'
import { isAlive } from './rotation.ts'

/** @param subject to whom the session must belong; null if that is not known */
export async function findAlive (store: GuardedStore, id: string, subject: string | null, now: number): Promise<Session | null> {
  if (!isSessionId(id)) return null
  const session = await store.find(id, subject)
  return session !== null && isAlive(session, now) ? session : null
}

/** The latest login first. */
export async function listAlive (store: GuardedStore, subject: string, now: number): Promise<Session[]> {
  const sessions = await store.list(subject)
  return sessions.filter((session) => isAlive(session, now)).sort((a, b) => b.createdAt - a.createdAt)
}
