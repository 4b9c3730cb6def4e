const ROW_BYTES = 256
const ROW_NUMBERS = ROW_BYTES / Float64Array.BYTES_PER_ELEMENT
const ROWS = 16384 // a page

interface Page {
  bytes: Buffer
  numbers: Float64Array
}

/**
 * Rows of 256 bytes, outside of the heap: a garbage collection does not look at them, and all of a row comes from memory
 * together. Growing by pages never copies what is there.
 */
export class Pages {
  readonly #pages: Page[] = []

  /** How many rows there is room for. */
  get capacity (): number {
    return this.#pages.length * ROWS
  }

  grow (): void {
    const bytes = Buffer.alloc(ROWS * ROW_BYTES)
    this.#pages.push({ bytes, numbers: new Float64Array(bytes.buffer, bytes.byteOffset, ROWS * ROW_NUMBERS) })
  }

  /** All zeros, as a row is at first. */
  clear (row: number): void {
    const start = this.start(row)
    this.bytes(row).fill(0, start, start + ROW_BYTES)
  }

  /** The page's bytes, of which the row's begin at `start`. */
  bytes (row: number): Buffer {
    return this.#page(row).bytes
  }

  start (row: number): number {
    return (row % ROWS) * ROW_BYTES
  }

  /** The same bytes as numbers, of which the row's begin at `firstNumber`. */
  numbers (row: number): Float64Array {
    return this.#page(row).numbers
  }

  firstNumber (row: number): number {
    return (row % ROWS) * ROW_NUMBERS
  }

  #page (row: number): Page {
    return this.#pages[Math.floor(row / ROWS)] as Page
  }
}
