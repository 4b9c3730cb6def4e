import { hashText } from '../hash-text.ts'

const FEWEST = 1024 // slots
const EMPTY = 0

/**
 * Which row has which id. A Map would keep each id on the heap, and look at several places in memory to find one; here
 * it is in its row alone. Open addressing with linear probing: an id's slot is the first free one from its hash on.
 * Ids are random, so any hash spreads them.
 */
export class IdIndex {
  readonly #has: (row: number, id: string) => boolean
  /** Two numbers a slot: the hash, and the row plus one. */
  #slots = new Int32Array(2 * FEWEST)
  #mask = FEWEST - 1
  #size = 0

  /** @param has whether the row has this id */
  constructor (has: (row: number, id: string) => boolean) {
    this.#has = has
  }

  get size (): number {
    return this.#size
  }

  get (id: string): number | undefined {
    const slot = this.#find(id)
    return slot === undefined ? undefined : this.#rowAt(slot)
  }

  /** For one more. To be called before `add`, and before the row is written: it throws where memory is short. */
  makeRoom (): void {
    if ((this.#size + 1) * 2 > this.#mask) this.#grow()
  }

  /** For an id that is not there yet. */
  add (id: string, row: number): void {
    this.#put(hash(id), row)
    this.#size++
  }

  /** For an id that is there. */
  delete (id: string): void {
    let hole = this.#find(id) as number
    this.#size--
    // Whoever stands behind the hole, and would have stood in it, moves up: a search ends at the first empty slot.
    for (let slot = this.#next(hole); this.#isTaken(slot); slot = this.#next(slot)) {
      const home = this.#hashAt(slot) & this.#mask
      if (this.#distance(home, slot) < this.#distance(hole, slot)) continue
      this.#write(hole, this.#hashAt(slot), this.#rowAt(slot))
      hole = slot
    }
    this.#slots[2 * hole + 1] = EMPTY
  }

  #find (id: string): number | undefined {
    const wanted = hash(id)
    for (let slot = wanted & this.#mask; this.#isTaken(slot); slot = this.#next(slot)) {
      if (this.#hashAt(slot) === wanted && this.#has(this.#rowAt(slot), id)) return slot
    }
    return undefined
  }

  #put (hashed: number, row: number): void {
    let slot = hashed & this.#mask
    while (this.#isTaken(slot)) slot = this.#next(slot)
    this.#write(slot, hashed, row)
  }

  #grow (): void {
    const old = this.#slots
    this.#slots = new Int32Array(2 * old.length)
    this.#mask = old.length - 1 // a slot is two numbers
    for (let i = 0; i < old.length; i += 2) {
      const taken = old[i + 1] as number
      if (taken !== EMPTY) this.#put(old[i] as number, taken - 1)
    }
  }

  #next (slot: number): number {
    return (slot + 1) & this.#mask
  }

  /** How many steps lead from one slot to another. */
  #distance (from: number, to: number): number {
    return (to - from) & this.#mask
  }

  #isTaken (slot: number): boolean {
    return this.#slots[2 * slot + 1] !== EMPTY
  }

  #hashAt (slot: number): number {
    return this.#slots[2 * slot] as number
  }

  #rowAt (slot: number): number {
    return (this.#slots[2 * slot + 1] as number) - 1
  }

  #write (slot: number, hashed: number, row: number): void {
    this.#slots[2 * slot] = hashed
    this.#slots[2 * slot + 1] = row + 1
  }
}

function hash (id: string): number {
  const value = hashText(id, 0)
  return value ^ value >>> 15 // a slot is the last bits, which do not depend on the first ones
}
