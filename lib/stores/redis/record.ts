import type { Rotation, Session } from '../../../types/session.ts'
import { packPayload } from '../payload.ts'
import { assemble, type Kept } from '../rotated.ts'

/*
 * A session as one text, because that is what Redis holds in the fewest bytes:
 *
 *   current expiresAt generation rotatedAt | createdAt endsAt subject payload
 *
 * Numbers are written to base 36. Up to the bar is what a rotation replaces: the script compares the front
 * and puts a new one before the rest, without knowing what the rest means.
 */
const FRONT = /^(\S+) (\w+) (\w+) (\w+) /
const KEPT = /^(\w+) (\w+) (\S+) (.+)$/s

/** How every record with this `current` begins. */
export function packCurrent (current: string): string {
  return `${encodeURIComponent(current)} `
}

export function packRotation ({ current, expiresAt, generation, rotatedAt }: Rotation): string {
  return `${packCurrent(current)}${packNumber(expiresAt)} ${packNumber(generation)} ${packNumber(rotatedAt)} `
}

/** @throws URIError where the subject has no UTF-8 form (a lone surrogate): two such subjects would share a key. */
export function packRecord (session: Session): string {
  const { createdAt, endsAt, subject } = session
  return `${packRotation(session)}${packNumber(createdAt)} ${packNumber(endsAt)} ${encodeURIComponent(subject)} ${packPayload(session)}`
}

/** @throws Error for anything else than such a record: something else writes under the same prefix. */
export function unpackRecord (id: string, record: string): Session {
  const [front, current, expiresAt, generation, rotatedAt] = parse(FRONT, record)
  const rotation = {
    generation: unpackNumber(generation),
    current: decodeURIComponent(current),
    rotatedAt: unpackNumber(rotatedAt),
    expiresAt: unpackNumber(expiresAt)
  }
  return assemble(id, rotation, unpackKept(record.slice(front.length)))
}

/** What follows the bar. */
export function unpackKept (text: string): Kept {
  const [, createdAt, endsAt, subject, payload] = parse(KEPT, text)
  return { subject: decodeURIComponent(subject), createdAt: unpackNumber(createdAt), endsAt: unpackNumber(endsAt), payload }
}

function parse (pattern: RegExp, text: string): Parts {
  const parts = pattern.exec(text)
  if (parts === null) throw new Error('redisStore: a key under the store\'s prefix does not hold a session')
  return parts as unknown as Parts
}

type Parts = [all: string, string, string, string, string]

/** Whole milliseconds: the script could not read a fraction to base 36. */
function packNumber (value: number): string {
  return Math.floor(value).toString(36)
}

function unpackNumber (text: string): number {
  return Number.parseInt(text, 36)
}
