/** What a store promises, in the words of the comments in `types/session.ts`. */
export const CONTRACT = {
  plainJson: "A session's claims and metadata are plain JSON: whatever `JSON.stringify` keeps, comes back.",
  numbers: 'All times are milliseconds since the epoch. Numbers come back as numbers.',
  rejects: 'A method that cannot answer rejects; it never answers "not there". A call that failed does not stand in the way of the next.',
  ownAnswer: 'Calls at the same time each get their own answer.',
  notShared: 'Nothing is shared between the store and its callers.',
  create: 'Writes a new session. The index that `list` reads is written before the session itself.',
  createOnce: 'Where the id is taken, rejects and changes nothing.',
  find: 'The session, or null where it is unknown, deleted, or past `expiresAt`.',
  rotate: 'Atomically: where `current` equals `expected` and the session has not expired at `now`, writes `next` and returns the whole record as it now is; else changes nothing and returns null.',
  rotateInPlace: 'Where `next` is what is there already, the record matches and is returned.',
  rotateBoundTo: 'Written where it is given; otherwise `boundTo` stays as it is.',
  rotateNeverCreates: 'It never creates: a deleted session stays deleted.',
  delete: 'Deletes the session; with `expected` only where `current` equals it. True where something was deleted.',
  noValue: '`undefined` is no value.',
  list: 'Every living session of the subject, in any order. What `find` returns, `list` returns.',
  deleteAll: "Deletes the subject's sessions, all or all but one, and returns how many there were."
} as const
