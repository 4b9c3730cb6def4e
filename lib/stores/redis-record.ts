import type { Rotation, Session } from '../../types/session.ts'
import { packPayload, unpackPayload } from './payload.ts'

/*
 * A session as one text, because that is what Redis holds in the fewest bytes:
 *
 *   current expiresAt generation rotatedAt | createdAt endsAt subject payload
 *
 * Numbers are written to base 36. Up to the bar is what a rotation replaces: the script compares the front
 * and puts a new one before the rest, without knowing what the rest means.
 */
const FRONT = /^(\S+) (\w+) (\w+) (\w+) /
const REST = /^(\w+) (\w+) (\S+) (.+)$/s

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
  return unpackRest(id, rotation, record.slice(front.length))
}

/** A session of which only what follows the bar had to be asked for. */
export function unpackRest (id: string, rotation: Rotation, rest: string): Session {
  const [, createdAt, endsAt, encodedSubject, payload] = parse(REST, rest)
  const subject = decodeURIComponent(encodedSubject)
  return {
    id,
    subject,
    generation: rotation.generation,
    current: rotation.current,
    createdAt: unpackNumber(createdAt),
    rotatedAt: rotation.rotatedAt,
    expiresAt: rotation.expiresAt,
    endsAt: unpackNumber(endsAt),
    ...unpackPayload(payload, subject)
  }
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
