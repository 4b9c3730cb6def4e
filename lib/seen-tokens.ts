import { hashText } from './hash-text.ts'

const PLACES = 16 // a token that is kept
const ENOUGH = 2 // tokens for each that can be kept
const HASHED = 8 // characters

/**
 * Which tokens came before. Only a guess, and so a byte is enough for it: two tokens can share one.
 */
export class SeenTokens {
  readonly #places: Uint8Array
  readonly #enough: number
  #count = 0

  /** @param size how many tokens can be kept */
  constructor (size: number) {
    this.#places = new Uint8Array(size * PLACES)
    this.#enough = size * ENOUGH
  }

  /** By the end of the token, which is as good as random. */
  placeOf (token: string): number {
    return (hashText(token, token.length - HASHED) >>> 0) % this.#places.length
  }

  has (place: number): boolean {
    return this.#places[place] === 1
  }

  /** When there are too many to tell them apart, all are forgotten but those that are kept. */
  add (place: number, kept: ReadonlyArray<{ place: number }>): void {
    if (this.#count >= this.#enough) {
      this.#places.fill(0)
      for (const { place } of kept) this.#places[place] = 1
      this.#count = kept.length
    }
    this.#places[place] = 1
    this.#count++
  }
}
