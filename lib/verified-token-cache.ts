import { RecentTokens } from './recent-tokens.ts'
import { SeenTokens } from './seen-tokens.ts'
import { sha256 } from './sha256.ts'

interface Entry<Value> {
  readonly key: string
  readonly place: number
  readonly value: Value
  used: boolean
}

/**
 * Verified tokens, by their SHA-256: no other token has the same one, however close it is, and the text as key would take
 * 290 bytes more. Holds `size` of them at most; when full, a token that was not asked for since the hand last came by
 * makes room (the CLOCK algorithm). Unlike a least-recently-used list, that writes one flag at a hit, and `size` tokens
 * that come in turn all stay.
 *
 * To keep a token costs the garbage collector half of what verifying it does, in vain where it never comes again or is
 * pushed out before. So it is kept when it comes for the second time, and one that was never seen is not even looked for.
 */
export class VerifiedTokenCache<Value> {
  readonly #size: number
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #ring: Array<Entry<Value>> = []
  #hand = 0
  readonly #seen: SeenTokens
  readonly #recent: RecentTokens<Entry<Value>>

  /** @param size the most tokens kept: 1 or more */
  constructor (size: number) {
    this.#size = size
    this.#seen = new SeenTokens(size)
    this.#recent = new RecentTokens(size)
  }

  get (token: string): Value | undefined {
    const place = this.#seen.placeOf(token)
    if (!this.#seen.has(place)) return undefined
    const entry = this.#recent.get(token, place) ?? this.#find(token, place)
    if (entry === undefined) return undefined
    entry.used = true
    return entry.value
  }

  /** Keeps a token, if it comes for the second time. Only for one that `get` has just not known: none is kept twice. */
  set (token: string, value: Value): void {
    const place = this.#seen.placeOf(token)
    if (!this.#seen.has(place)) return this.#seen.add(place, this.#ring)
    if (this.#ring.length === this.#size) this.#makeRoom()
    const entry = { key: sha256(token), place, value, used: false }
    this.#entries.set(entry.key, entry)
    this.#ring[this.#hand] = entry
    this.#hand = (this.#hand + 1) % this.#size
  }

  get size (): number {
    return this.#entries.size
  }

  #find (token: string, place: number): Entry<Value> | undefined {
    const entry = this.#entries.get(sha256(token))
    if (entry !== undefined) this.#recent.add(token, place, entry)
    return entry
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
    this.#recent.delete(entry.place, entry)
  }
}
