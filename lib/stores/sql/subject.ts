/** The type of the column `subject`. */
export type SubjectType = 'text' | 'uuid' | 'bigint' | 'integer'

export const SUBJECT_TYPES: readonly SubjectType[] = ['text', 'uuid', 'bigint', 'integer']

/** PostgreSQL cannot store a NUL, nor UTF-8 a lone surrogate: subjects that differ only in one could be the same in the table. */
const UNSTORABLE = /[\0\p{Surrogate}]/u
/** The database's own spelling: two spellings of the same value would be two subjects that share their sessions. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const WHOLE = /^(0|-?[1-9]\d{0,18})$/
const BITS = { bigint: 64, integer: 32 }

export function isStorable (text: string): boolean {
  return !UNSTORABLE.test(text)
}

/** Whether a column of that type can hold the subject, with a value that no other subject has. */
export function isSubject (type: SubjectType, text: string): boolean {
  if (type === 'text') return isStorable(text)
  if (type === 'uuid') return UUID.test(text)
  return WHOLE.test(text) && BigInt.asIntN(BITS[type], BigInt(text)) === BigInt(text)
}
