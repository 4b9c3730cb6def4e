import type { Rotation, Session } from '../../types/session.ts'
import { packPayload, unpackPayload } from './payload.ts'

const ROWS = 1024 // a page; growing by pages never copies what is there
const NONE = -1

// The columns. Each page has an array of numbers and one of texts, row after row.
const NUMBERS = 5
const [GENERATION, CREATED_AT, ROTATED_AT, EXPIRES_AT, ENDS_AT] = [0, 1, 2, 3, 4] as const
const TEXTS = 4
const [ID, SUBJECT, CURRENT, PAYLOAD] = [0, 1, 2, 3] as const

interface Page {
  numbers: Float64Array
  texts: string[]
}

/**
 * Sessions by row number. An object for each would take a third more memory, half of it for numbers (V8 boxes a
 * time in milliseconds), and every garbage collection would have to walk a million of them.
 */
export class SessionTable {
  readonly #pages: Page[] = []
  /** Rows that were removed are a chain: the generation of each is the next one. */
  #firstFree = NONE

  /** How many rows there are, removed ones included. */
  get length (): number {
    return this.#pages.length * ROWS
  }

  insert (session: Session): number {
    const payload = packPayload(session)
    if (this.#firstFree === NONE) this.#addPage()
    const row = this.#firstFree
    const { numbers, texts } = this.#page(row)
    const n = numbersAt(row)
    const t = textsAt(row)
    this.#firstFree = numbers[n + GENERATION] as number
    numbers[n + GENERATION] = session.generation
    numbers[n + CREATED_AT] = session.createdAt
    numbers[n + ROTATED_AT] = session.rotatedAt
    numbers[n + EXPIRES_AT] = session.expiresAt
    numbers[n + ENDS_AT] = session.endsAt
    texts[t + ID] = session.id
    texts[t + SUBJECT] = session.subject
    texts[t + CURRENT] = session.current
    texts[t + PAYLOAD] = payload
    return row
  }

  update (row: number, next: Rotation): void {
    const { numbers, texts } = this.#page(row)
    const n = numbersAt(row)
    numbers[n + GENERATION] = next.generation
    numbers[n + ROTATED_AT] = next.rotatedAt
    numbers[n + EXPIRES_AT] = next.expiresAt
    texts[textsAt(row) + CURRENT] = next.current
  }

  remove (row: number): void {
    const { numbers, texts } = this.#page(row)
    const n = numbersAt(row)
    numbers[n + GENERATION] = this.#firstFree
    numbers[n + EXPIRES_AT] = Infinity
    texts.fill('', textsAt(row), textsAt(row) + TEXTS)
    this.#firstFree = row
  }

  /** A new object at every call, that shares nothing with the table. */
  read (row: number): Session {
    const { numbers, texts } = this.#page(row)
    const n = numbersAt(row)
    const t = textsAt(row)
    const subject = texts[t + SUBJECT] as string
    const { claims, metadata } = unpackPayload(texts[t + PAYLOAD] as string, subject)
    return {
      id: texts[t + ID] as string,
      subject,
      generation: numbers[n + GENERATION] as number,
      current: texts[t + CURRENT] as string,
      createdAt: numbers[n + CREATED_AT] as number,
      rotatedAt: numbers[n + ROTATED_AT] as number,
      expiresAt: numbers[n + EXPIRES_AT] as number,
      endsAt: numbers[n + ENDS_AT] as number,
      claims,
      metadata
    }
  }

  id (row: number): string {
    return this.#page(row).texts[textsAt(row) + ID] as string
  }

  subject (row: number): string {
    return this.#page(row).texts[textsAt(row) + SUBJECT] as string
  }

  current (row: number): string {
    return this.#page(row).texts[textsAt(row) + CURRENT] as string
  }

  /** Milliseconds; Infinity for a removed row. */
  expiresAt (row: number): number {
    return this.#page(row).numbers[numbersAt(row) + EXPIRES_AT] as number
  }

  #page (row: number): Page {
    return this.#pages[Math.floor(row / ROWS)] as Page
  }

  #addPage (): void {
    const first = this.length
    this.#pages.push({ numbers: new Float64Array(ROWS * NUMBERS), texts: new Array(ROWS * TEXTS).fill('') })
    for (let row = first + ROWS - 1; row >= first; row--) this.remove(row)
  }
}

function numbersAt (row: number): number {
  return (row % ROWS) * NUMBERS
}

function textsAt (row: number): number {
  return (row % ROWS) * TEXTS
}
