import { createHash } from 'node:crypto'
import { packText } from './record.ts'

/** A sorted set with the ids of a subject's sessions, each prefixed with `tag`. */
export interface SubjectIndex {
  key: string
  tag: string
}

/** @throws URIError if the subject cannot be encoded in UTF-8 (a lone surrogate): two such subjects would share a key. */
export function indexOf (prefix: string, subject: string): SubjectIndex {
  return { key: `${prefix}i:${packText(subject)}`, tag: '' }
}

const SHARED_INDEXES = 16_384

/**
 * Where earlier versions enlisted the subject's sessions: an index was shared by all subjects with the same hash, each with its own
 * tag. Nothing is added to these any more, and each expires with its longest session. They are read because logging out everywhere
 * must also end sessions that have not been used since the update.
 */
export function sharedIndexOf (prefix: string, subject: string): SubjectIndex {
  const digest = createHash('sha256').update(subject).digest()
  const index = (digest.readUInt16BE(0) % SHARED_INDEXES).toString(36)
  return { key: `${prefix}u:${index}`, tag: digest.toString('base64url', 2, 8) }
}
