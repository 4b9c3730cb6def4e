import type { Pages } from './memory-pages.ts'

const LARGEST_LATIN1 = 0xff
const ASIDE = 0xff // in place of a length

/**
 * A text for each row: in the row's bytes, its length first, a byte a character. One that is too long or not of Latin-1
 * lies aside, on the heap.
 */
export class Texts {
  readonly #pages: Pages
  readonly #offset: number
  readonly #longest: number
  readonly #aside = new Map<number, string>()

  /**
   * @param offset of the column in the row
   * @param width bytes, the length included: at most 255
   */
  constructor (pages: Pages, offset: number, width: number) {
    this.#pages = pages
    this.#offset = offset
    this.#longest = width - 1
  }

  read (row: number): string {
    const bytes = this.#pages.bytes(row)
    const start = this.#start(row)
    const length = bytes[start] as number
    return length === ASIDE ? this.#aside.get(row) as string : bytes.toString('latin1', start + 1, start + 1 + length)
  }

  /** Whether the row has this text. */
  has (row: number, text: string): boolean {
    const bytes = this.#pages.bytes(row)
    const start = this.#start(row)
    if (bytes[start] === ASIDE) return this.#aside.get(row) === text
    if (bytes[start] !== text.length) return false
    for (let i = 0; i < text.length; i++) {
      if (bytes[start + 1 + i] !== text.charCodeAt(i)) return false
    }
    return true
  }

  write (row: number, text: string): void {
    const bytes = this.#pages.bytes(row)
    const start = this.#start(row)
    if (bytes[start] === ASIDE) this.#aside.delete(row)
    if (this.#writeInPlace(bytes, start, text)) return
    bytes[start] = ASIDE
    this.#aside.set(row, text)
  }

  #start (row: number): number {
    return this.#pages.start(row) + this.#offset
  }

  #writeInPlace (bytes: Buffer, start: number, text: string): boolean {
    if (text.length > this.#longest) return false
    for (let i = 0; i < text.length; i++) {
      const character = text.charCodeAt(i)
      if (character > LARGEST_LATIN1) return false
      bytes[start + 1 + i] = character
    }
    bytes[start] = text.length
    return true
  }
}
