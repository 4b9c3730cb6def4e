/** What a store promises, in exactly the words of the comments in `types/session.ts`. */
export const CONTRACT = {
  plainJson: "A session's claims and metadata are plain JSON: a store must return everything that `JSON.stringify` keeps.",
  numbers: 'All times are milliseconds since the epoch. A store must return numbers as numbers.',
  rejects: 'A method that cannot answer must reject, and must not answer as if there were no session. A failed call must not affect later ones.',
  ownAnswer: 'Concurrent calls each get their own result.',
  notShared: 'The store and its callers share no objects.',
  create: 'Writes a new session. The index that `list` reads is written before the session itself.',
  createOnce: 'If the id is taken, rejects and changes nothing.',
  find: 'The session, or null if it is unknown, deleted, or past `expiresAt`.',
  rotate: 'Atomically: if `current` equals `expected` and the session has not expired at `now`, writes `next` and returns the whole updated record; otherwise changes nothing and returns null.',
  rotateInPlace: 'If `next` equals the record as it is, the record still matches and is returned.',
  rotateBoundTo: 'Written if it is given; otherwise `boundTo` is not changed.',
  rotateNeverCreates: 'Never creates a session: a deleted one stays deleted.',
  delete: 'Deletes the session; with `expected`, only if `current` equals it. Returns whether a session was deleted.',
  noValue: '`undefined` counts as not given.',
  list: 'Every active session of the subject, in any order. A session that `find` returns must be in the list.',
  deleteAll: "Deletes the subject's sessions, all or all but one, and returns how many there were."
} as const
