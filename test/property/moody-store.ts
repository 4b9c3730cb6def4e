import type { Rotation, Session, TokenStore } from '../../index.ts'
import type { Health } from './program.ts'

/** A store that can fail and can lose the last writes of a session. */
export class MoodyStore implements TokenStore {
  health: Health = 'sound'
  readonly #store: TokenStore
  readonly #written = new Map<string, Session[]>()

  constructor (store: TokenStore) {
    this.#store = store
  }

  async create (session: Session): Promise<void> {
    this.#written.set(session.id, [session])
    await this.#call(() => this.#store.create(session))
  }

  find (id: string): Promise<Session | null> {
    return this.#call(() => this.#store.find(id))
  }

  rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null> {
    return this.#call(async () => {
      const session = await this.#store.rotate(id, expected, next, now)
      if (session !== null) this.#written.get(id)!.push(session)
      return session
    })
  }

  delete (id: string, expected?: string): Promise<boolean> {
    return this.#call(() => this.#store.delete(id, expected))
  }

  list (subject: string): Promise<Session[]> {
    return this.#call(() => this.#store.list(subject))
  }

  deleteAll (subject: string, exceptId?: string): Promise<number> {
    return this.#call(() => this.#store.deleteAll(subject, exceptId))
  }

  useClock (now: () => number): void {
    this.#store.useClock?.(now)
  }

  async close (): Promise<void> {
    await this.#store.close?.()
  }

  /** The number of writes of the session, including its creation. */
  writes (id: string): number {
    return this.#written.get(id)!.length
  }

  async lose (id: string, writes: number): Promise<void> {
    const written = this.#written.get(id)!
    written.splice(-writes)
    await this.#store.delete(id)
    await this.#store.create(written.at(-1)!)
  }

  async #call<Value> (call: () => Promise<Value>): Promise<Value> {
    if (this.health === 'down') throw new Error('the store is down')
    const value = await call()
    if (this.health === 'deaf') throw new Error('the answer of the store was lost')
    return value
  }
}
