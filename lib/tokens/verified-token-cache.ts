interface Entry<Value> {
  readonly value: Value
  used: boolean
}

const END = 12 // characters of a signature: 72 bits, so that two tokens hardly ever share them

/**
 * Verified tokens by their text, at most `size` of them. A token is kept when it is verified for the second time, because
 * one that never comes again would only cost memory. When the cache is full, the token that was kept first makes room,
 * unless it was used since it was last looked at.
 *
 * Only tokens whose signature is good come here, so nobody else can fill the cache. Looking one up compares texts only
 * where V8's seeded hashes are equal, so the time that it takes tells an attacker nothing about the tokens in it.
 */
export class VerifiedTokenCache<Value> {
  readonly #size: number
  readonly #entries = new Map<string, Entry<Value>>()
  /** The ends of tokens that were verified once. */
  readonly #seenOnce = new Set<string>()
  /** One iterator for the life of the cache: a new one would have to pass over all that was deleted before it. */
  readonly #oldestFirst = this.#entries.entries()

  /** @param size the most tokens kept: 1 or more */
  constructor (size: number) {
    this.#size = size
  }

  get (token: string): Value | undefined {
    const entry = this.#entries.get(token)
    if (entry === undefined) return undefined
    entry.used = true
    return entry.value
  }

  /** Keeps a token that comes for the second time. Only for one that `get` does not know. */
  set (token: string, value: Value): void {
    const end = token.slice(-END)
    if (!this.#seenOnce.delete(end)) return this.#remember(end)
    if (this.#entries.size === this.#size) this.#makeRoom()
    this.#entries.set(token, { value, used: false })
  }

  get size (): number {
    return this.#entries.size
  }

  #remember (end: string): void {
    if (this.#seenOnce.size === 2 * this.#size) this.#seenOnce.clear()
    this.#seenOnce.add(end)
  }

  /** Ends within one turn, because it clears each flag that it passes. */
  #makeRoom (): void {
    for (;;) {
      const [token, entry] = this.#oldestFirst.next().value as [string, Entry<Value>]
      this.#entries.delete(token)
      if (!entry.used) return
      entry.used = false
      this.#entries.set(token, entry)
    }
  }
}
