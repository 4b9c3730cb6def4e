import { useEffect, useSyncExternalStore } from 'react'
import { ask } from './ask.ts'
import { unknownSnapshot } from './snapshot.ts'
import type { AuthClient, AuthSnapshot } from './types.ts'

/**
 * Returns the client's snapshot, and renders again at each change. Asks the server whether a user is signed in if that is not known
 * yet. During server rendering and hydration, the status is `'unknown'`.
 */
export function useAuth<Claims extends object> (auth: AuthClient<Claims>): AuthSnapshot<Claims> {
  useEffect(ask.bind(null, auth), [auth])
  return useSyncExternalStore(auth.subscribe, auth.getSnapshot, getServerSnapshot)
}

function getServerSnapshot (): typeof unknownSnapshot {
  return unknownSnapshot
}
