/** A session's claims and metadata are plain JSON: a store must return everything that `JSON.stringify` keeps. */
export interface SessionClaims {
  sub: string
  [claim: string]: unknown
}

/** What is shown to users in a list of their devices. Never a secret, and never used for a decision. */
export interface SessionMetadata {
  userAgent?: string | null
  ip?: string | null
  [key: string]: unknown
}

/**
 * The record of a session, one per login, which does not grow. All times are milliseconds since the epoch. A store must return
 * numbers as numbers. See docs/rotation-proof.md for what `generation`, `current` and `rotatedAt` decide.
 */
export interface Session {
  /** 128 random bits, base64url. The `sid` claim of both tokens. */
  id: string
  /** The `sub` claim: the user to whom the session belongs. */
  subject: string
  /** How many refresh tokens of this session have been confirmed by use. 0 after the login. */
  generation: number
  /** SHA-256 (base64url) of the last confirmed refresh token's `jti`; a random root after the login. */
  current: string
  createdAt: number
  /** When `current` was last written. */
  rotatedAt: number
  /** When the session expires if it is idle: moved by each refresh that issues a new refresh token. Never later than `endsAt`. */
  expiresAt: number
  /** When the session ends at the latest: never moved. */
  endsAt: number
  /** The thumbprint of the key to which the session is bound, or null. */
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
  /** Written if it is given; otherwise `boundTo` is not changed. */
  boundTo?: string
}

/**
 * Where sessions are stored. An app can use a store of its own: test it against this contract with `testStore` of
 * `fastify-jwt-refresh/testing`. A method that cannot answer must reject, and must not answer as if there were no session. A
 * failed call must not affect later ones. Concurrent calls each get their own result. The store and its callers share no objects.
 */
export interface TokenStore {
  /**
   * Writes a new session. The index that `list` reads is written before the session itself. If the id is taken, rejects and
   * changes nothing.
   */
  create (session: Session): Promise<void>
  /** The session, or null if it is unknown, deleted, or past `expiresAt`. */
  find (id: string): Promise<Session | null>
  /**
   * Atomically: if `current` equals `expected` and the session has not expired at `now`, writes `next` and returns the whole
   * updated record; otherwise changes nothing and returns null.
   * If `next` equals the record as it is, the record still matches and is returned. Never creates a session: a deleted one stays
   * deleted.
   */
  rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null>
  /**
   * Deletes the session; with `expected`, only if `current` equals it. Returns whether a session was deleted. `undefined` counts as
   * not given.
   */
  delete (id: string, expected?: string): Promise<boolean>
  /** Every active session of the subject, in any order. A session that `find` returns must be in the list. */
  list (subject: string): Promise<Session[]>
  /** Deletes the subject's sessions, all or all but one, and returns how many there were. */
  deleteAll (subject: string, exceptId?: string): Promise<number>
  /** Optional. Called at boot with the plugin's `now` if that option is set, so that tests have only one clock to move. */
  useClock? (now: () => number): void
  /**
   * Optional. Removes expired sessions, or a bounded number of them. The plugin calls it repeatedly, every `sweepInterval`, and
   * never before the previous call has ended. A failure is logged; the next call tries again.
   */
  sweep? (): unknown
  /**
   * Optional. Called when an app closes; a store that is shared by several apps must keep working for the others. It does not close
   * connections that it did not open.
   */
  close? (): void | Promise<void>
}
