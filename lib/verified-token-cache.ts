interface Entry<Value> {
  readonly key: string
  readonly value: Value
  used: boolean
}

/**
 * Verified tokens, each by a key of its own. Holds `size` of them at most; when full, a token that was not asked for since
 * the hand last came by makes room (the CLOCK algorithm). Unlike a least-recently-used list, that writes one flag at a
 * hit, and `size` tokens that come in turn all stay.
 */
export class VerifiedTokenCache<Value> {
  readonly #size: number
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #ring: Array<Entry<Value>> = []
  #hand = 0
  readonly #firstSights: FirstSights

  /** @param size the most tokens kept: 1 or more */
  constructor (size: number) {
    this.#size = size
    this.#firstSights = new FirstSights(size)
  }

  get (key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    entry.used = true
    return entry.value
  }

  /** Keeps a token that `get` did not know, if it comes for the second time. */
  set (key: string, value: Value): void {
    if (!this.#firstSights.isOver(key)) return
    if (this.#ring.length === this.#size) this.#makeRoom()
    const entry = { key, value, used: false }
    this.#entries.set(key, entry)
    this.#ring[this.#hand] = entry
    this.#hand = (this.#hand + 1) % this.#size
  }

  get size (): number {
    return this.#entries.size
  }

  /** Ends within one turn, because it clears each flag that it passes. */
  #makeRoom (): void {
    let entry = this.#ring[this.#hand] as Entry<Value>
    while (entry.used) {
      entry.used = false
      this.#hand = (this.#hand + 1) % this.#size
      entry = this.#ring[this.#hand] as Entry<Value>
    }
    this.#entries.delete(entry.key)
  }
}

const PLACES = 16 // an entry
const ENOUGH = 2 // tokens an entry; then all are forgotten
const HASHED = 8 // characters

/**
 * Which tokens came once. To keep a token costs the garbage collector half of what verifying it does, in vain where it
 * never comes again or is pushed out before. Only a guess, and so a byte is enough: two tokens can share one, and then
 * the second is kept at once.
 */
class FirstSights {
  readonly #places: Uint8Array
  readonly #limit: number
  #count = 0

  constructor (size: number) {
    this.#places = new Uint8Array(size * PLACES)
    this.#limit = size * ENOUGH
  }

  isOver (key: string): boolean {
    const place = hash(key) % this.#places.length
    if (this.#places[place] === 1) return true
    if (this.#count === this.#limit) this.#forget()
    this.#places[place] = 1
    this.#count++
    return false
  }

  #forget (): void {
    this.#places.fill(0)
    this.#count = 0
  }
}

/** Of the end of the key, which is as good as random. */
function hash (key: string): number {
  let value = 0
  for (let i = key.length - HASHED; i < key.length; i++) value = Math.imul(value, 31) + key.charCodeAt(i)
  return value >>> 0
}
