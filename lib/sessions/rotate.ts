import type { Session } from '../../types/session.ts'
import type { RotationWindows } from '../config.ts'
import { StoreUnavailableError } from '../errors.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'
import type { GuardedStore } from './guarded-store.ts'
import { decide, firstGuess, gone } from './rotation.ts'
import type { Gone, RotationCase } from './rotation.ts'

const MAX_REREADS = 3

export type Outcome =
  /** `session` is the record as it now is; `child`: give out a new refresh token. */
  | { type: 'accepted', case: RotationCase, session: Session, child: boolean, before: number }
  /** `session` is the record as it was judged; it is ended. */
  | { type: 'reuse', session: Session }
  | Gone

/** @throws StoreUnavailableError also where the same race is lost again and again */
export type Rotate = (token: RefreshToken) => Promise<Outcome>

/** Applies the rotation rules to what the store holds: in the steady case one round trip. */
export function createRotate (store: GuardedStore, windows: RotationWindows, clock: () => number): Rotate {
  return async function rotate (token) {
    const now = clock()
    // Expired by its own word: no need to ask for a record that cannot be there.
    if (token.endsAt <= now) return gone(token, now, windows)

    const guess = firstGuess(token, now, windows)
    if (guess !== null) {
      const session = await store.rotate(token.sessionId, token.parent, guess, now)
      if (session !== null) {
        const child = guess.generation === token.generation
        return { type: 'accepted', case: child ? 'confirm' : 'static', session, child, before: token.generation - 1 }
      }
    }

    for (let reads = 0; reads < MAX_REREADS; reads++) {
      const session = await store.find(token.sessionId)
      const decision = decide(session, token, now, windows)
      if (session === null || decision.type === 'gone') return gone(token, now, windows)

      // Each write names the `current` that was judged: where another request was faster, it changes nothing.
      if (decision.type === 'reuse') {
        if (await store.delete(session.id, session.current)) return { type: 'reuse', session }
        continue
      }
      const { case: rotationCase, child, write } = decision
      const written = write === null ? session : await store.rotate(session.id, session.current, write, now)
      if (written !== null) return { type: 'accepted', case: rotationCase, session: written, child, before: session.generation }
    }
    throw new StoreUnavailableError({ cause: new Error(`lost ${MAX_REREADS} races for the session`) })
  }
}
