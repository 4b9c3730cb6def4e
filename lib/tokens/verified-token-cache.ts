interface Entry<Value> {
  readonly value: Value
  used: boolean
}

const END = 12 // characters of a signature: 72 bits, so two tokens are very unlikely to share them

/**
 * Caches at most `size` verified tokens. A token is added when it is verified for the second time, because one that is used only
 * once would waste memory. When the cache is full, the oldest token is evicted, unless it was used since it was last considered for
 * eviction; then the next one is considered (the CLOCK algorithm).
 *
 * Only tokens with a valid signature are added, so nobody else can fill the cache. A lookup compares strings only if V8's seeded
 * hashes are equal, so its timing tells an attacker nothing about the cached tokens.
 */
export class VerifiedTokenCache<Value> {
  readonly #size: number
  readonly #entries = new Map<string, Entry<Value>>()
  /** The ends of tokens that were verified once. */
  readonly #seenOnce = new Set<string>()
  /** One iterator for the lifetime of the cache: a new one would have to skip all deleted entries. */
  readonly #oldestFirst = this.#entries.entries()

  /** @param size the maximum number of tokens, at least 1 */
  constructor (size: number) {
    this.#size = size
  }

  get (token: string): Value | undefined {
    const entry = this.#entries.get(token)
    if (entry === undefined) return undefined
    entry.used = true
    return entry.value
  }

  /** Adds a token if this is the second call for it. Only for a token that `get` does not return. */
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

  /** Ends after at most one round through the entries, because it clears each flag that it passes. */
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
