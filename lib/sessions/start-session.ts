import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { AnyRequest } from '../../types/requests.ts'
import type { Session, SessionClaims, SessionMetadata } from '../../types/session.ts'
import type { TokenResponse } from '../../types/tokens.ts'
import type { Config } from '../config.ts'
import { own } from '../json.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import type { RefreshTokens } from '../tokens/refresh-token.ts'
import { withDeadline } from './deadline.ts'
import { deleteEach, endedEvent } from './end-sessions.ts'
import type { SessionReference } from './end-sessions.ts'
import type { Emit } from './events.ts'
import type { OpenStore } from './guarded-store.ts'
import type { Limit } from './limit.ts'
import type { LoginTerms, ParseTerms } from './login-terms.ts'
import { newSession } from './new-session.ts'

/** For a session that is not a user's login: it replaces no other session. */
export const WITHOUT_LIMITS: Pick<Login, 'previous' | 'isLimited' | 'check'> = { previous: [], isLimited: false, check: null }

const ID_BYTES = 16
const ROOT_BYTES = 32

export interface Login {
  claims: SessionClaims
  metadata: SessionMetadata
  terms: LoginTerms
  /** null if there is none, as in a job or a test. */
  request: AnyRequest | null
  /** The sessions that it replaces (ASVS 5.0 7.2.4); they may have ended already. */
  previous: readonly SessionReference[]
  /** Whether `maxSessionsPerSubject` is enforced. */
  isLimited: boolean
  /** Throws if the tokens cannot be sent, before anything is stored. */
  check: ((session: Session, refreshToken: string, response: TokenResponse) => void) | null
}

export interface StartedSession {
  session: Session
  response: TokenResponse
  refreshToken: string
}

/**
 * A login without its HTTP side.
 *
 * @throws StoreUnavailableError, and what `check` throws; then there is no new session
 */
export type StartSession = (login: Login) => Promise<StartedSession>

interface StartSessionParts {
  config: Config
  accessTokens: AccessTokens
  refreshTokens: RefreshTokens
  openStore: OpenStore
  limit: Limit
  emit: Emit
}

export function createStartSession ({ config, accessTokens, refreshTokens, openStore, limit, emit }: StartSessionParts): StartSession {
  return async function startSession ({ claims, metadata, terms, request, previous, isLimited, check }) {
    const now = config.now()
    const id = randomBytes(ID_BYTES).toString('base64url')
    const root = randomBytes(ROOT_BYTES).toString('base64url')
    const session = newSession({ id, root, claims, metadata, terms }, config.refreshToken.windows, now)
    // Signed first, so that no session is created if signing fails.
    const { response } = accessTokens.sign(session, claims, terms.authTime, terms.jkt)
    const refreshToken = refreshTokens.sign(session, { generation: 0, hash: session.current, ...terms })
    check?.(session, refreshToken, response)
    const store = openStore('login', request)
    await store.create(session)
    // The old sessions are ended after the new one is stored, so that a store that fails in between signs nobody out.
    const tellReplaced = (old: SessionReference): void => emit(endedEvent('replaced', old), request)
    const { ended, failure } = await deleteEach(store, previous, tellReplaced)
    if (failure === null) emit({ type: 'issued', sessionId: session.id, subject: session.subject }, request)
    else await takeBack(session, request, store.timeLeft)
    ended.forEach(tellReplaced)
    if (failure !== null) throw failure
    if (isLimited) await limit(session.subject, store.timeLeft, request)
    return { session, response, refreshToken }
  }

  /**
   * Waits no longer than the login may take; the deletion itself continues. If the session remains, nobody has a token for it.
   *
   * @param timeLeft milliseconds
   */
  async function takeBack ({ id }: Session, request: AnyRequest | null, timeLeft: number): Promise<void> {
    await withDeadline(timeLeft, async () => await openStore(null, request).delete(id, () => {})).catch(() => {})
  }
}

const logins = Symbol('fastify-jwt-refresh logins')

export interface ExposedLogin {
  startSession: StartSession
  signAccessToken: AccessTokens['sign']
  parseTerms: ParseTerms
  cookieName: string
  /** Absent if access tokens travel only in the body. */
  accessCookieName: string | undefined
}

interface WithLogins {
  [logins]?: Record<string, ExposedLogin>
}

/** For `fastify-jwt-refresh/testing`, so that a test can log in without a route, or get an expired token without moving the clock. */
export function exposeStartSession (app: FastifyInstance, issueTokens: string, login: ExposedLogin): void {
  const scope = app as WithLogins
  scope[logins] = { ...scope[logins], [issueTokens]: login }
}

export function exposedLogin (app: FastifyInstance, issueTokens: string): ExposedLogin | undefined {
  return own((app as WithLogins)[logins] ?? {}, issueTokens) as ExposedLogin | undefined
}
