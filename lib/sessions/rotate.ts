import type { AnyRequest } from '../../types/requests.ts'
import type { Session, SessionClaims } from '../../types/session.ts'
import type { Config, RotationWindows } from '../config.ts'
import { StoreUnavailableError } from '../errors.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'
import { endReused } from './end-reused.ts'
import { endedEvent, endSession } from './end-sessions.ts'
import type { Emit } from './events.ts'
import type { FreshClaims } from './fresh-claims.ts'
import type { GuardedStore } from './guarded-store.ts'
import { decide, firstGuess, gone, isOneTime } from './rotation.ts'
import type { Gone, RotationCase } from './rotation.ts'

const MAX_REREADS = 3

export type Outcome = Accepted | Gone

export interface Accepted {
  type: 'accepted'
  case: RotationCase
  /** The record after the write. */
  session: Session
  /** For the access token. */
  claims: SessionClaims
  /** Whether to issue a new refresh token. */
  child: boolean
  /** The generation that the session had before. */
  before: number
}

/** @throws StoreUnavailableError, also if other requests changed the record in every attempt; and what the host's `claims` throws */
export type Rotate = (token: RefreshToken, store: GuardedStore, request: AnyRequest) => Promise<Outcome>

interface RotateParts {
  config: Config
  windows: RotationWindows
  freshClaims: FreshClaims
  emit: Emit
}

/** Applies the rotation rules to the record in the store: usually in one round trip. */
export function createRotate ({ config, windows, freshClaims, emit }: RotateParts): Rotate {
  // If the write uses up the token, a refresh that fails afterwards cannot be retried, so `claims` is called before the write.
  const claimsFirst = config.claims !== undefined && isOneTime(windows)

  return async function rotate (token, store, request) {
    const { sessionId, subject } = token
    const now = config.now()
    // Expired by its own `exp`: there is no need to look for a record.
    if (token.endsAt <= now) return refuse(gone(token, now, windows))

    const guess = claimsFirst ? null : firstGuess(token, now, windows)
    if (guess !== null) {
      const session = await store.rotate(sessionId, subject, token.parent, guess, now)
      if (session !== null) {
        const child = guess.generation === token.generation
        return await accept(child ? 'confirm' : 'static', session, child, token.generation - 1)
      }
    }

    for (let reads = 0; reads < MAX_REREADS; reads++) {
      const session = await store.find(sessionId, subject)
      const decision = decide(session, token, now, windows)
      if (session === null || decision.type === 'gone') return refuse(gone(token, now, windows))
      if (decision.type === 'reuse') {
        if (await endReused(store, emit, session, token, request)) return REVOKED
        continue
      }

      const claims = claimsFirst ? await freshClaims(session, request, store) : undefined
      if (claims === null) return await endByClaims()
      const { case: rotationCase, child, write } = decision
      // The write expects the `current` that was judged: if another request was faster, it changes nothing.
      const written = write === null ? session : await store.rotate(sessionId, subject, session.current, write, now)
      if (written !== null) {
        return await accept(rotationCase, written, child, session.generation, claims)
      }
    }
    const cause = new Error(`lost ${MAX_REREADS} races for the session`)
    store.tellFailure(cause)
    throw new StoreUnavailableError({ cause })

    /** If this throws, the client still has the token that it sent, which the retry rule accepts again. */
    async function accept (
      rotationCase: RotationCase, session: Session, child: boolean, before: number, known?: SessionClaims
    ): Promise<Outcome> {
      const claims = known ?? await freshClaims(session, request, store)
      return claims === null ? await endByClaims() : { type: 'accepted', case: rotationCase, session, claims, child, before }
    }

    async function endByClaims (): Promise<Gone> {
      const ended = await endSession(store, emit, endedEvent('claims', token), request)
      return ended ? REVOKED : refuse(REVOKED) // another request was faster
    }

    /** Only for a session that had ended before: if it ends in this request, the event of its end is enough. */
    function refuse (outcome: Gone): Gone {
      emit({ type: 'refused', operation: 'refresh', reason: outcome.code, sessionId, subject }, request)
      return outcome
    }
  }
}

const REVOKED: Gone = { type: 'gone', code: 'revoked' }
