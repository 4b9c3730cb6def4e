const SLOTS = 256

/**
 * The few tokens that came several times of late, by their text: comparing takes a fifth of the time of hashing. Each has
 * one slot where it can be, and takes it when it comes there twice in a row.
 *
 * A comparison ends where two texts differ, but a thief who measures that learns nothing: it goes by eight letters and more
 * at once, which are 2^48 guesses for the next step.
 */
export class RecentTokens<Entry> {
  readonly #tokens: string[]
  readonly #entries: Array<Entry | null>
  /** The place of the token that came last, which others can share: then one takes the slot too early, as itself. */
  readonly #last: Int32Array

  /** @param size how many tokens there are at most */
  constructor (size: number) {
    const slots = Math.min(size, SLOTS)
    this.#tokens = new Array(slots).fill('')
    this.#entries = new Array(slots).fill(null)
    this.#last = new Int32Array(slots).fill(-1)
  }

  /** @param place a number of the token's: 0 or more */
  get (token: string, place: number): Entry | null {
    const slot = this.#slotOf(place)
    return this.#tokens[slot] === token ? this.#entries[slot] as Entry : null
  }

  /** Where `get` found nothing. */
  add (token: string, place: number, entry: Entry): void {
    const slot = this.#slotOf(place)
    if (this.#last[slot] !== place) {
      this.#last[slot] = place
      return
    }
    this.#tokens[slot] = token
    this.#entries[slot] = entry
  }

  delete (place: number, entry: Entry): void {
    const slot = this.#slotOf(place)
    if (this.#entries[slot] !== entry) return
    this.#tokens[slot] = ''
    this.#entries[slot] = null
  }

  #slotOf (place: number): number {
    return place % this.#tokens.length
  }
}
