/**
 * Which rows belong to which subject. Most subjects have one session, so a lone row is kept as it is:
 * a Set for each would cost more than the session itself.
 */
export class SubjectIndex {
  readonly #rows = new Map<string, number | Set<number>>()

  add (subject: string, row: number): void {
    const held = this.#rows.get(subject)
    if (held === undefined) this.#rows.set(subject, row)
    else if (typeof held === 'number') this.#rows.set(subject, new Set([held, row]))
    else held.add(row)
  }

  remove (subject: string, row: number): void {
    const held = this.#rows.get(subject)
    if (held instanceof Set && held.size > 1) held.delete(row)
    else this.#rows.delete(subject)
  }

  /** A snapshot: safe to add and remove while walking it. */
  of (subject: string): number[] {
    const held = this.#rows.get(subject)
    if (held === undefined) return []
    return typeof held === 'number' ? [held] : [...held]
  }
}
