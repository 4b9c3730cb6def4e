import type { Sessions } from '../../types/decorators.ts'
import type { Session } from '../../types/session.ts'
import { checkCallOptions } from '../checks/fields.ts'
import { isSessionId, isText } from '../json.ts'
import type { Emit } from './events.ts'
import type { GuardedStore } from './guarded-store.ts'

/** `app.sessions`. */
export function createSessions (store: GuardedStore, emit: Emit, now: () => number): Sessions {
  // The store drops expired records by its own clock; the app's is the one that counts.
  const lives = (session: Session): boolean => session.expiresAt > now() && session.endsAt > now()

  return {
    async list (subject) {
      const sessions = await store.list(checkText('subject', subject))
      return sessions.filter(lives).sort((a, b) => b.createdAt - a.createdAt)
    },
    async find (id) {
      if (!isSessionId(checkText('id', id))) return null
      const session = await store.find(id)
      return session !== null && lives(session) ? session : null
    },
    async revoke (id) {
      if (!isSessionId(checkText('id', id))) return false
      const ended = await store.delete(id)
      if (ended) emit({ type: 'ended', reason: 'revoked', sessionId: id, count: 1 }, null)
      return ended
    },
    async revokeAll (subject, options = {}) {
      const { except } = checkCallOptions('sessions.revokeAll', options, ['except'])
      if (except !== undefined) checkText('except', except)
      const count = await store.deleteAll(checkText('subject', subject), isSessionId(except) ? except : undefined)
      if (count > 0) emit({ type: 'ended', reason: 'revoked', subject, count }, null)
      return count
    }
  }
}

/** A host that passes `user.id` of the wrong user object would otherwise revoke nothing and never know. */
function checkText (name: string, value: unknown): string {
  if (isText(value)) return value
  throw new TypeError(`sessions: ${name} must be a non-empty string`)
}
