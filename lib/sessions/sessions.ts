import type { Sessions } from '../../types/decorators.ts'
import { checkCallOptions } from '../checks/fields.ts'
import type { Config } from '../config.ts'
import { isSessionId, isText } from '../json.ts'
import { copyClaims, copyJson } from './claims.ts'
import { endAll, endSession } from './end-sessions.ts'
import type { Emit } from './events.ts'
import { findAlive, listAlive } from './alive.ts'
import type { OpenStore } from './guarded-store.ts'
import type { ParseTerms } from './login-terms.ts'
import { WITHOUT_LIMITS } from './start-session.ts'
import type { StartSession } from './start-session.ts'

interface SessionsParts {
  config: Config
  openStore: OpenStore
  parseTerms: ParseTerms
  startSession: StartSession
  emit: Emit
}

/** `app.sessions`. */
export function createSessions ({ config, openStore, parseTerms, startSession, emit }: SessionsParts): Sessions {
  const { now } = config
  return {
    async create (claims, given = {}) {
      if (config.refreshToken.keys.length === 0) throw new TypeError('sessions.create: the first secret is a public key and signs nothing: give { private, public }')
      const options = checkCallOptions('sessions.create', given, ['metadata', 'expiresIn', 'maxAge', 'authTime'])
      const { session, response, refreshToken } = await startSession({
        claims: copyClaims('sessions.create', claims),
        metadata: copyJson('sessions.create: metadata', options.metadata ?? {}),
        terms: parseTerms('sessions.create', options, false),
        request: null,
        ...WITHOUT_LIMITS
      })
      return { session, ...response, refreshToken }
    },
    async list (subject) {
      return await listAlive(openStore('session', null), checkText('subject', subject), now())
    },
    async find (id) {
      return await findAlive(openStore('session', null), checkText('id', id), null, now())
    },
    async revoke (id) {
      if (!isSessionId(checkText('id', id))) return false
      return await endSession(openStore('session', null), emit, { type: 'ended', reason: 'revoked', sessionId: id, count: 1 }, null)
    },
    async revokeAll (subject, options = {}) {
      const { except } = checkCallOptions('sessions.revokeAll', options, ['except'])
      if (except !== undefined) checkText('except', except)
      checkText('subject', subject)
      return await endAll(openStore('session', null), emit, 'revoked', subject, null, isSessionId(except) ? except : undefined)
    }
  }
}

/** Otherwise a host that passes `user.id` of the wrong object, undefined, would revoke nothing and never notice. */
function checkText (name: string, value: unknown): string {
  if (isText(value)) return value
  throw new TypeError(`sessions: ${name} must be a non-empty string`)
}
