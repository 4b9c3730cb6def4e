/**
 * Verified tokens by their whole text, so that no other token, however close, can pass for one. Bounded: when the
 * young half is full it becomes the old half, and what the old half held and nobody asked for is dropped. That is
 * least-recently-used to within half the size, for one look-up a hit where a true LRU list writes at each.
 */
export class VerifiedTokenCache<Value> {
  readonly #halfSize: number
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()

  /** @param size the most tokens kept; 0 keeps none */
  constructor (size: number) {
    this.#halfSize = Math.floor(size / 2)
  }

  get (token: string): Value | undefined {
    const young = this.#young.get(token)
    if (young !== undefined) return young
    const old = this.#old.get(token)
    if (old !== undefined) this.set(token, old)
    return old
  }

  set (token: string, value: Value): void {
    if (this.#halfSize === 0) return
    if (this.#young.size >= this.#halfSize) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(token, value)
  }

  get size (): number {
    return this.#young.size + this.#old.size
  }
}
