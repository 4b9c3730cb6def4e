import type { Rotation, Session } from '../../types/session.ts'
import { Pages } from './memory-pages.ts'
import { Texts } from './memory-texts.ts'
import { packPayload, unpackPayload } from './payload.ts'

const NONE = -1

// The columns: five numbers of 8 bytes, then the texts. An id of ours has 22 characters, a `current` 43, a UUID 36.
const [GENERATION, CREATED_AT, ROTATED_AT, EXPIRES_AT, ENDS_AT] = [0, 1, 2, 3, 4] as const
const ID = { offset: 40, width: 23 }
const CURRENT = { offset: 63, width: 44 }
const SUBJECT = { offset: 107, width: 37 }
const PAYLOAD = { offset: 144, width: 112 }

/**
 * Sessions by row number. As objects, a million of them would make each full garbage collection take 80 ms longer, and a
 * rotation half as long again, because it would collect them from a dozen places in memory.
 */
export class SessionTable {
  readonly #pages = new Pages()
  readonly #ids = new Texts(this.#pages, ID.offset, ID.width)
  readonly #currents = new Texts(this.#pages, CURRENT.offset, CURRENT.width)
  readonly #subjects = new Texts(this.#pages, SUBJECT.offset, SUBJECT.width)
  readonly #payloads = new Texts(this.#pages, PAYLOAD.offset, PAYLOAD.width)
  #length = 0
  /** Rows that were removed are a chain: the generation of each is the next one. */
  #firstFree = NONE

  /** How many rows there are, removed ones included. */
  get length (): number {
    return this.#length
  }

  insert (session: Session): number {
    const payload = packPayload(session)
    const row = this.#takeRow()
    const numbers = this.#pages.numbers(row)
    const n = this.#pages.firstNumber(row)
    numbers[n + GENERATION] = session.generation
    numbers[n + CREATED_AT] = session.createdAt
    numbers[n + ROTATED_AT] = session.rotatedAt
    numbers[n + EXPIRES_AT] = session.expiresAt
    numbers[n + ENDS_AT] = session.endsAt
    this.#ids.write(row, session.id)
    this.#currents.write(row, session.current)
    this.#subjects.write(row, session.subject)
    this.#payloads.write(row, payload)
    return row
  }

  update (row: number, next: Rotation): void {
    const numbers = this.#pages.numbers(row)
    const n = this.#pages.firstNumber(row)
    numbers[n + GENERATION] = next.generation
    numbers[n + ROTATED_AT] = next.rotatedAt
    numbers[n + EXPIRES_AT] = next.expiresAt
    this.#currents.write(row, next.current)
  }

  /** Nothing of the session is left in memory. */
  remove (row: number): void {
    for (const texts of [this.#ids, this.#currents, this.#subjects, this.#payloads]) texts.write(row, '')
    this.#pages.clear(row)
    const numbers = this.#pages.numbers(row)
    const n = this.#pages.firstNumber(row)
    numbers[n + GENERATION] = this.#firstFree
    numbers[n + EXPIRES_AT] = Infinity
    this.#firstFree = row
  }

  /** A new object at every call, that shares nothing with the table. Its id and its `current` need no reading where they are known. */
  read (row: number, id: string = this.#ids.read(row), current: string = this.#currents.read(row)): Session {
    const numbers = this.#pages.numbers(row)
    const n = this.#pages.firstNumber(row)
    const subject = this.#subjects.read(row)
    const { claims, metadata } = unpackPayload(this.#payloads.read(row), subject)
    return {
      id,
      subject,
      generation: numbers[n + GENERATION] as number,
      current,
      createdAt: numbers[n + CREATED_AT] as number,
      rotatedAt: numbers[n + ROTATED_AT] as number,
      expiresAt: numbers[n + EXPIRES_AT] as number,
      endsAt: numbers[n + ENDS_AT] as number,
      claims,
      metadata
    }
  }

  id (row: number): string {
    return this.#ids.read(row)
  }

  hasId (row: number, id: string): boolean {
    return this.#ids.has(row, id)
  }

  subject (row: number): string {
    return this.#subjects.read(row)
  }

  hasCurrent (row: number, current: string): boolean {
    return this.#currents.has(row, current)
  }

  /** Milliseconds; Infinity for a removed row. */
  expiresAt (row: number): number {
    return this.#pages.numbers(row)[this.#pages.firstNumber(row) + EXPIRES_AT] as number
  }

  #takeRow (): number {
    if (this.#firstFree === NONE) {
      if (this.#length === this.#pages.capacity) this.#pages.grow()
      return this.#length++
    }
    const row = this.#firstFree
    this.#firstFree = this.#pages.numbers(row)[this.#pages.firstNumber(row) + GENERATION] as number
    return row
  }
}
