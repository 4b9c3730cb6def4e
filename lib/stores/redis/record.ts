import type { Session } from '../../../types/session.ts'
import { packPayload } from '../payload.ts'
import { assemble, type Moved } from '../rotated.ts'

/*
 * A session as one text, because that is what Redis holds in the fewest bytes:
 *
 *   current expiresAt generation rotatedAt | createdAt endsAt subject [boundTo] payload
 *
 * Numbers are written to base 36. Up to the bar is what a rotation replaces: the script compares the start
 * and puts a new front before the rest. A session that is not bound to a device has no `boundTo`, like all of an earlier
 * version; the payload begins with a bracket, which `boundTo` cannot have.
 */
const RECORD = /^(\S+) (\w+) (\w+) (\w+) (\w+) (\w+) (\S+) (?:([^[\s]+) )?(\[.+)$/s

/**
 * A rotation's front has a zero before `rotatedAt`: its session was enlisted again. A login's has none, and neither has
 * one that an earlier version wrote, which reads ours all the same.
 */
const ENLISTED_MARK = '0'
const ENLISTED = /^\S+ \w+ \w+ 0\w/

/** How every record with this `current` begins. */
export function packCurrent (current: string): string {
  return `${packText(current)} `
}

/** The front that a rotation writes. */
export function packRotation (rotation: Moved): string {
  return packFront(rotation, ENLISTED_MARK)
}

/** @throws URIError where the subject has no UTF-8 form (a lone surrogate): two such subjects would share a key. */
export function packRecord (session: Session): string {
  const { createdAt, endsAt, subject, boundTo } = session
  const bound = boundTo === null ? '' : packBoundTo(boundTo)
  return `${packFront(session, '')}${packNumber(createdAt)} ${packNumber(endsAt)} ${packText(subject)} ${bound}${packPayload(session)}`
}

/** @throws Error for anything else than such a record: something else writes under the same prefix. */
export function unpackRecord (id: string, record: string): Session {
  const parts = RECORD.exec(record)
  if (parts === null) throw new Error('redisStore: a key under the store\'s prefix does not hold a session')
  const [, current, expiresAt, generation, rotatedAt, createdAt, endsAt, subject, boundTo, payload] = parts as unknown as Parts
  const rotation = {
    generation: unpackNumber(generation),
    current: decodeURIComponent(current),
    rotatedAt: unpackNumber(rotatedAt),
    expiresAt: unpackNumber(expiresAt)
  }
  const kept = {
    subject: decodeURIComponent(subject),
    createdAt: unpackNumber(createdAt),
    endsAt: unpackNumber(endsAt),
    boundTo: boundTo === undefined ? null : decodeURIComponent(boundTo),
    payload
  }
  return assemble(id, rotation, kept)
}

/** Whether a rotation has enlisted the session again. */
export function wasEnlistedAgain (record: string): boolean {
  return ENLISTED.test(record)
}

/** What stands before the payload of a bound session. */
export function packBoundTo (boundTo: string): string {
  return `${packText(boundTo)} `
}

/** Without blanks, as records and keys have it. */
export function packText (text: string): string {
  return encodeURIComponent(text)
}

type Parts = [all: string, string, string, string, string, string, string, string, boundTo: string | undefined, string]

function packFront ({ current, expiresAt, generation, rotatedAt }: Moved, mark: string): string {
  return `${packCurrent(current)}${packNumber(expiresAt)} ${packNumber(generation)} ${mark}${packNumber(rotatedAt)} `
}

/** Whole milliseconds: the script could not read a fraction to base 36. */
function packNumber (value: number): string {
  return Math.floor(value).toString(36)
}

function unpackNumber (text: string): number {
  return Number.parseInt(text, 36)
}
