import { createHmac, timingSafeEqual } from 'node:crypto'
import { isText } from '../../json.ts'

/** Strings that prove that this server issued them for a purpose and a session at a certain time. They need not be stored. */
export interface Stamps {
  /** @param count the time, in a unit that depends on the purpose */
  make (purpose: string, sessionId: string, count: number): string
  /** The count, or null if the text is not a valid stamp for that purpose and session. */
  read (purpose: string, sessionId: string, text: unknown): number | null
}

/** @param keys the first makes the stamps; those of the others are valid, too, so that instances agree while a secret is being changed */
export function createStamps (keys: readonly [Buffer, ...Buffer[]]): Stamps {
  function stampBy (key: Buffer, purpose: string, sessionId: string, count: number): string {
    return `${count}.${createHmac('sha256', key).update(`${purpose} ${sessionId} ${count}`).digest('base64url')}`
  }

  return {
    make: (purpose, sessionId, count) => stampBy(keys[0], purpose, sessionId, count),
    read (purpose, sessionId, text) {
      const digits = isText(text) ? /^(\d{1,15})\./.exec(text)?.[1] : undefined
      if (digits === undefined) return null
      const count = Number(digits)
      return keys.some((key) => isSame(stampBy(key, purpose, sessionId, count), text as string)) ? count : null
    }
  }
}

/** In constant time: an attacker who could measure how far a guess was right could find a stamp character by character. */
function isSame (expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}
