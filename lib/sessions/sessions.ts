import type { Sessions } from '../../types/decorators.ts'
import type { Session } from '../../types/session.ts'
import { checkCallOptions } from '../checks/fields.ts'
import { isSessionId, isText } from '../json.ts'
import { endAll, endSession } from './end-sessions.ts'
import type { Emit } from './events.ts'
import type { GuardedStore, OpenStore } from './guarded-store.ts'
import { isAlive } from './rotation.ts'

/** `app.sessions`. */
export function createSessions (openStore: OpenStore, emit: Emit, now: () => number): Sessions {
  return {
    async list (subject) {
      return await listAlive(openStore(null), checkText('subject', subject), now())
    },
    async find (id) {
      return await findAlive(openStore(null), checkText('id', id), null, now())
    },
    async revoke (id) {
      if (!isSessionId(checkText('id', id))) return false
      return await endSession(openStore(null), emit, { type: 'ended', reason: 'revoked', sessionId: id, count: 1 }, null)
    },
    async revokeAll (subject, options = {}) {
      const { except } = checkCallOptions('sessions.revokeAll', options, ['except'])
      if (except !== undefined) checkText('except', except)
      checkText('subject', subject)
      return await endAll(openStore(null), emit, 'revoked', subject, null, isSessionId(except) ? except : undefined)
    }
  }
}

/** @param subject whose session it must be; null where that is not known */
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

/** A host that passes `user.id` of the wrong user object would otherwise revoke nothing and never know. */
function checkText (name: string, value: unknown): string {
  if (isText(value)) return value
  throw new TypeError(`sessions: ${name} must be a non-empty string`)
}
