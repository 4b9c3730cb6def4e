/** A session's claims and metadata are plain JSON: whatever `JSON.stringify` keeps, comes back. */
export interface SessionClaims {
  sub: string
  [claim: string]: unknown
}

/** What is shown to a user who looks at their devices. Never a secret, never used for a decision. */
export interface SessionMetadata {
  userAgent?: string | null
  ip?: string | null
  [key: string]: unknown
}

/**
 * One record a login, of fixed size. All times are milliseconds since the epoch. Numbers come back as numbers.
 * See docs/rotation-proof.md for what `generation`, `current` and `rotatedAt` decide.
 */
export interface Session {
  /** 128 random bits, base64url. The `sid` claim of both tokens. */
  id: string
  /** The `sub` claim: whose session it is. */
  subject: string
  /** How many refresh tokens of this session have been confirmed by use. 0 after the login. */
  generation: number
  /** SHA-256 (base64url) of the last confirmed refresh token's `jti`; a random root after the login. */
  current: string
  createdAt: number
  /** When `current` was last written. */
  rotatedAt: number
  /** The idle end: moved by each use that gives a new refresh token. Never later than `endsAt`. */
  expiresAt: number
  /** The absolute end: never moved. */
  endsAt: number
  /** Key thumbprint of the device that the session is bound to, or null. */
  boundTo: string | null
  /** The claims of the login, `sub` included. */
  claims: SessionClaims
  metadata: SessionMetadata
}

/** What a rotation writes; nothing else of a session ever changes. */
export interface Rotation {
  generation: number
  current: string
  rotatedAt: number
  expiresAt: number
  /** Written where it is given; otherwise `boundTo` stays as it is. */
  boundTo?: string
}

/**
 * Where sessions live. A host app may bring its own: hold it to the contract with `testStore` of
 * `fastify-jwt-refresh/testing`. A method that cannot answer rejects; it never answers "not there". A call that failed
 * does not stand in the way of the next. Calls at the same time each get their own answer. Nothing is shared between the store
 * and its callers.
 */
export interface TokenStore {
  /** Writes a new session. The index that `list` reads is written before the session itself. Where the id is taken, rejects and changes nothing. */
  create (session: Session): Promise<void>
  /** The session, or null where it is unknown, deleted, or past `expiresAt`. */
  find (id: string): Promise<Session | null>
  /**
   * Atomically: where `current` equals `expected` and the session has not expired at `now`, writes
   * `next` and returns the whole record as it now is; else changes nothing and returns null.
   * Where `next` is what is there already, the record matches and is returned. It never creates: a deleted session stays deleted.
   */
  rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null>
  /** Deletes the session; with `expected` only where `current` equals it. True where something was deleted. `undefined` is no value. */
  delete (id: string, expected?: string): Promise<boolean>
  /** Every living session of the subject, in any order. What `find` returns, `list` returns. */
  list (subject: string): Promise<Session[]>
  /** Deletes the subject's sessions, all or all but one, and returns how many there were. */
  deleteAll (subject: string, exceptId?: string): Promise<number>
  /** Optional. Called at boot with the plugin's `now` where the host gave one, so that a test moves one clock only. */
  useClock? (now: () => number): void
  /**
   * Optional. Removes what has expired, or a bounded part of it. The plugin calls it again and again, with pauses of
   * `sweepInterval`, and never before the call before has ended. A failure is logged, and tried again with the next call.
   */
  sweep? (): unknown
  /** Optional. Called when an app closes; a store that serves several apps goes on for the others. Connections belong to whoever opened them. */
  close? (): void | Promise<void>
}
