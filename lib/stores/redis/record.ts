import type { Session } from '../../../types/session.ts'
import { packPayload } from '../payload.ts'
import { assemble, type Moved } from '../rotated.ts'

/*
 * A session is stored as one string, because that takes the fewest bytes in Redis:
 *
 *   current expiresAt generation rotatedAt | createdAt endsAt subject [boundTo] payload
 *
 * Numbers are in base 36. A rotation replaces what is before the bar: the script compares the start and puts a new front before the
 * rest. A session that is not bound to a key has no `boundTo`, like all sessions of earlier versions; the payload begins with a
 * bracket, which `boundTo` cannot contain.
 */
const RECORD = /^(\S+) (\w+) (\w+) (\w+) (\w+) (\w+) (\S+) (?:([^[\s]+) )?(\[.+)$/s

/**
 * The front that a rotation writes has a zero before `rotatedAt`, which says that the session was enlisted again. The front of a
 * login has none, nor does one that an earlier version wrote; earlier versions can read the zero.
 */
const ENLISTED_MARK = '0'
const ENLISTED = /^\S+ \w+ \w+ 0\w/

/** The start of every record with this `current`. */
export function packCurrent (current: string): string {
  return `${packText(current)} `
}

/** The front that a rotation writes. */
export function packRotation (rotation: Moved): string {
  return packFront(rotation, ENLISTED_MARK)
}

/** @throws URIError if the subject cannot be encoded in UTF-8 (a lone surrogate): two such subjects would share a key. */
export function packRecord (session: Session): string {
  const { createdAt, endsAt, subject, boundTo } = session
  const bound = boundTo === null ? '' : packBoundTo(boundTo)
  return `${packFront(session, '')}${packNumber(createdAt)} ${packNumber(endsAt)} ${packText(subject)} ${bound}${packPayload(session)}`
}

/** @throws Error for anything but such a record: something else writes keys with the same prefix. */
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

/** What precedes the payload of a bound session. */
export function packBoundTo (boundTo: string): string {
  return `${packText(boundTo)} `
}

/** Encoded without spaces, for records and keys. */
export function packText (text: string): string {
  return encodeURIComponent(text)
}

type Parts = [all: string, string, string, string, string, string, string, string, boundTo: string | undefined, string]

function packFront ({ current, expiresAt, generation, rotatedAt }: Moved, mark: string): string {
  return `${packCurrent(current)}${packNumber(expiresAt)} ${packNumber(generation)} ${mark}${packNumber(rotatedAt)} `
}

/** Whole milliseconds: the script could not parse a fraction in base 36. */
function packNumber (value: number): string {
  return Math.floor(value).toString(36)
}

function unpackNumber (text: string): number {
  return Number.parseInt(text, 36)
}
