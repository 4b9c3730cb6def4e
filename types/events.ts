interface SessionEvent {
  sessionId: string
  subject: string
}

/** A login: a session was created. */
export interface IssuedEvent extends SessionEvent {
  type: 'issued'
}

/** A refresh was accepted. `rotated` tells whether a new refresh token was given out. */
export interface RefreshedEvent extends SessionEvent {
  type: 'refreshed'
  generation: number
  rotated: boolean
}

/** A refresh token was used that only a thief or its victim can still hold; the session was ended (RFC 9700 §4.14.2). Told once. */
export interface ReusedEvent extends SessionEvent {
  type: 'reused'
  /** The generation of the token that was presented. */
  generation: number
  /** The generation that the session had reached. */
  expected: number
}

/** The store had lost its last writes (a failover, an old backup) and the client's token healed the session. */
export interface RecoveredEvent extends SessionEvent {
  type: 'recovered'
  generation: number
  /** The generation that the store still remembered. */
  expected: number
}

/** A session was ended on purpose: a logout, a revocation, `claims` that returned null, a login that took
 * its place, or too many sessions of its subject. */
export interface EndedEvent {
  type: 'ended'
  reason: 'logout' | 'revoked' | 'claims' | 'replaced' | 'limit'
  /** Whose sessions; absent after `app.sessions.revoke(id)`, which knows the id alone. */
  subject?: string
  /** The session; absent where all (or all but one) of the subject's sessions were ended. */
  sessionId?: string
  /** How many sessions were ended. */
  count: number
}

export type JwtRefreshEvent = IssuedEvent | RefreshedEvent | ReusedEvent | RecoveredEvent | EndedEvent

/** What a tracer may write down of a request: no header, body or query, where tokens and passwords are. */
export interface RequestSummary {
  /** Fastify's `request.id`, by which its log lines are found. */
  id: string
  method: string
  /** The route's own path (`/sessions/:id`); null where there is no such route. */
  route: string | null
  /** The first 256 characters. Absent over a unix socket. */
  ip?: string
  /** The first 256 characters. */
  userAgent?: string
}

/** A message of the `node:diagnostics_channel` `fastify-jwt-refresh`. `request` is null for what happens outside of one. */
export interface DiagnosticsMessage {
  event: JwtRefreshEvent
  request: RequestSummary | null
}
