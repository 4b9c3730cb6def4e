import type { FastifyBaseLogger } from 'fastify'
import type { Operation } from '../../types/events.ts'
import type { AnyRequest } from '../../types/requests.ts'
import type { Rotation, Session, TokenStore } from '../../types/session.ts'
import type { Emit } from './events.ts'
import { boundToOf, recordFault } from './record-fault.ts'
import { StoreQueue } from './store-queue.ts'

/**
 * Returns the store for one operation. `request` is null if there is none, as in `app.sessions`. `operation` is null if a failure
 * should not be reported.
 */
export type OpenStore = (operation: Operation | null, request: AnyRequest | null) => GuardedStore

interface StoreParts {
  store: TokenStore
  /** Milliseconds that all calls of one operation may take together. */
  timeout: number
  emit: Emit
  log: FastifyBaseLogger
}

export function createOpenStore (parts: StoreParts): OpenStore {
  const shared = { ...parts, queue: new StoreQueue() }
  return (operation, request) => new GuardedStore(shared, operation, request)
}

/**
 * A TokenStore with one time limit for all calls. Each failure, timeout and invalid answer is a StoreUnavailableError (503), so
 * that none is mistaken for "no session". No call is started for a client that has disconnected, unless it is a logout or ends a
 * session: a user who closes the page right after "log out" still wants to be logged out.
 */
export class GuardedStore {
  readonly #shared: StoreParts & { queue: StoreQueue }
  readonly #store: TokenStore
  readonly #request: AnyRequest | null
  readonly #startedAt = performance.now()
  readonly #isWanted: () => boolean
  /** null once its failure has been reported. */
  #operation: Operation | null

  constructor (shared: StoreParts & { queue: StoreQueue }, operation: Operation | null, request: AnyRequest | null) {
    this.#shared = shared
    this.#store = shared.store
    this.#operation = operation
    this.#request = request
    this.#isWanted = request === null || operation === 'logout' ? always : () => !isGone(request)
  }

  /** Milliseconds; 0 or less if the time is up. */
  get timeLeft (): number {
    return this.#startedAt + this.#shared.timeout - performance.now()
  }

  /** Reports the first failure of the operation, but not the failures that follow from it. */
  tellFailure (cause: unknown): void {
    if (this.#operation === null) return
    const event = { type: 'unavailable', operation: this.#operation, cause, ms: Math.round(performance.now() - this.#startedAt) } as const
    this.#operation = null
    this.#shared.emit(event, this.#request)
  }

  create (session: Session): Promise<void> {
    return this.#ask(this.#isWanted, async () => await this.#store.create(session))
  }

  /** @param subject to whom the session must belong; null if that is not known */
  find (id: string, subject: string | null): Promise<Session | null> {
    return this.#ask(this.#isWanted, async () => this.#check(await this.#store.find(id), id, subject))
  }

  rotate (id: string, subject: string, expected: string, next: Rotation, now: number): Promise<Session | null> {
    return this.#ask(this.#isWanted, async () => this.#check(await this.#store.rotate(id, expected, next, now), id, subject))
  }

  /** @param onLate called if the session is deleted after all, when the time is up and the promise has been rejected */
  delete (id: string, onLate: () => void, expected?: string): Promise<boolean> {
    return this.#ask(always, async () => await this.#store.delete(id, expected), (deleted) => { if (deleted) onLate() })
  }

  list (subject: string): Promise<Session[]> {
    return this.#ask(this.#isWanted, async () => this.#checkList(await this.#store.list(subject), subject))
  }

  /** @param onLate as with `delete` */
  deleteAll (subject: string, onLate: (count: number) => void, exceptId?: string): Promise<number> {
    return this.#ask(always, async () => await this.#store.deleteAll(subject, exceptId), onLate)
  }

  #ask<Value> (isWanted: () => boolean, call: () => Promise<Value>, onLate?: (value: Value) => void): Promise<Value> {
    return this.#shared.queue.run(call, { timeLeft: this.timeLeft, isWanted, onLate, teller: this })
  }

  /**
   * If a database client mixes up two answers, one user must not get another user's token. A custom store may return undefined for
   * an unknown session.
   */
  #check (session: Session | null | undefined, id: string, subject: string | null): Session | null {
    return session === null || session === undefined ? null : this.#demandRecord(session, id, subject)
  }

  #demandRecord (session: Session, id: string, subject: string | null): Session {
    const fault = recordFault(session, id, subject)
    if (fault === null) return { ...session, boundTo: boundToOf(session) }
    const log = this.#request?.log ?? this.#shared.log
    log.error({ sessionId: id, fault }, 'the session store returned an invalid record')
    throw new TypeError(`the session store returned an invalid record: ${fault}`)
  }

  /** A custom store that forgets to return its rows has failed: "no sessions" would be a wrong answer. */
  #checkList (sessions: Session[], subject: string): Session[] {
    if (!Array.isArray(sessions)) throw new TypeError('list of the store did not return an array')
    return sessions.map((session) => this.#demandRecord(session, session?.id, subject))
  }
}

function always (): boolean {
  return true
}

function isGone ({ raw }: AnyRequest): boolean {
  return raw.socket.destroyed || ('stream' in raw && (raw.stream as { destroyed: boolean }).destroyed)
}
