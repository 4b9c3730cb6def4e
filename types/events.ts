interface SessionEvent {
  sessionId: string
  subject: string
}

/** A session was created, by a login or for an old token that was traded in. */
export interface IssuedEvent extends SessionEvent {
  type: 'issued'
  /** The `key` of the old token that was traded in (option `adopt`). Absent after a login. */
  key?: string
}

/** Which rotation rule accepted a refresh. The rule "ahead" emits the event `recovered` instead. */
export type RefreshCase = 'confirm' | 'young' | 'retry' | 'static'

/** A refresh was accepted. `rotated` tells whether a new refresh token was issued. */
export interface RefreshedEvent extends SessionEvent {
  type: 'refreshed'
  generation: number
  case: RefreshCase
  rotated: boolean
}

/** A refresh token was reused, which shows that it was copied; the session was ended (RFC 9700 §4.14.2). Emitted once. */
export interface ReusedEvent extends SessionEvent {
  type: 'reused'
  /** The generation of the token that was presented. */
  generation: number
  /** The generation that the session had reached. */
  expected: number
  /** The `key` of the old token for which the session was started. */
  key?: string
}

/** The store had lost its last writes (a failover, an old backup), and the client's token restored the session. */
export interface RecoveredEvent extends SessionEvent {
  type: 'recovered'
  generation: number
  /** The generation that the store still remembered. */
  expected: number
}

/** A session was ended on purpose: a logout, a revocation, `claims` that returned null, a login that replaced
 * it, or too many sessions of its subject. */
export interface EndedEvent {
  type: 'ended'
  reason: 'logout' | 'revoked' | 'claims' | 'replaced' | 'limit'
  /** Absent after `app.sessions.revoke(id)`, which knows only the id. */
  subject?: string
  /** Absent if all (or all but one) of the subject's sessions were ended. */
  sessionId?: string
  /** How many sessions were ended. */
  count: number
  /**
   * The `key` of the old token that was traded in for the session (option `adopt`), so that the app can revoke it. It is read from
   * the session's refresh token, so it is absent after `app.sessions.revoke` and `revokeAll`, and for the reason `limit`.
   */
  key?: string
}

/**
 * The operation that uses the store: a login (`sessions.create` too), a refresh, a logout, or something else about sessions
 * (`requireSession`, the sessions routes, `renewAccessToken`, `app.sessions`).
 */
export type Operation = 'login' | 'refresh' | 'logout' | 'session'

/** Why something was refused. */
export type RefusedReason =
  /** The string is not a token of the plugin, or has claims that none of its tokens has. */
  | 'malformed'
  /** It was modified, or signed with an unknown key. */
  | 'signature'
  /** A token of another kind, such as a refresh token in place of an access token. */
  | 'type'
  /** Its `kid` matches no key of this instance. */
  | 'unknown key'
  | 'issuer'
  | 'audience'
  /** Its `nbf` is in the future. */
  | 'not yet valid'
  /** No refresh token came with a refresh, or with a logout everywhere. */
  | 'missing'
  /** Refresh tokens came in both the cookie and the body. */
  | 'ambiguous'
  /** The cookies belong to several users who are all signed in. */
  | 'several subjects'
  | 'cross-site'
  /** A proof of the key that the session is bound to is missing, invalid or of another key. */
  | 'proof'
  /** The session has expired, according to the refresh token's `exp`. */
  | 'expired'
  /** The store no longer has the session: it was ended before it expired, or was lost. */
  | 'revoked'

/**
 * A login, a refresh, a logout, an access token or a request that needs an active session was refused. Not emitted for an
 * access token that is missing or has expired, nor if `reused` or `ended` has reported the same refusal.
 */
export interface RefusedEvent {
  type: 'refused'
  /** `access`: the access token of a request, or of `app.verifyAccessToken`. */
  operation: Operation | 'access'
  reason: RefusedReason
  /** From a verified token; absent if there is none. */
  sessionId?: string
  subject?: string
}

/**
 * The store, `claims` or `adopt` failed or took too long, so that the answer is 503. Emitted once per operation, but not if the
 * client disconnected before the store was called, nor if `claims` or `adopt` throws an error with a `statusCode` of its own.
 */
export interface UnavailableEvent {
  type: 'unavailable'
  operation: Operation
  /** The error that the store, `claims` or `adopt` threw, or an Error of the plugin if it took too long. */
  cause: unknown
  /** Milliseconds since the operation began. */
  ms: number
}

/** What `onEvent` is called with. */
export type JwtRefreshEvent =
  IssuedEvent | RefreshedEvent | ReusedEvent | RecoveredEvent | EndedEvent | RefusedEvent | UnavailableEvent

/** What a tracer may record of a request: no headers, body or query, which can contain tokens and passwords. */
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

/** A message of the `node:diagnostics_channel` `fastify-jwt-refresh`. `request` is null for an event outside of a request. */
export interface DiagnosticsMessage {
  event: JwtRefreshEvent
  request: RequestSummary | null
}
