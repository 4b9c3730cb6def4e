import type { AnyRequest } from '../../types/requests.ts'
import type { Session } from '../../types/session.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'
import { endSession, keyOf } from './end-sessions.ts'
import type { Emit } from './events.ts'
import type { GuardedStore } from './guarded-store.ts'
import { isAhead } from './rotation.ts'

/**
 * Ends the session of a refresh token that was used again. False if another request ended or changed it meanwhile.
 *
 * A token that is not ahead can never become valid again, so its session is ended even if the record has changed since it
 * was judged. Otherwise a thief could keep changing the record before each deletion by refreshing again and again.
 *
 * @param session the record by which the token was judged
 * @throws StoreUnavailableError
 */
export async function endReused (
  store: GuardedStore, emit: Emit, session: Session, token: RefreshToken, request: AnyRequest
): Promise<boolean> {
  const { id: sessionId, subject, generation: expected } = session
  const event = { type: 'reused', sessionId, subject, generation: token.generation, expected, ...keyOf(token) } as const
  return await endSession(store, emit, event, request, isAhead(session, token) ? session.current : undefined)
}
