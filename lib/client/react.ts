import { useEffect, useSyncExternalStore } from 'react'
import { ask } from './ask.ts'
import { unknownSnapshot } from './snapshot.ts'
import type { AuthClient, AuthSnapshot } from './types.ts'

/**
 * The client's snapshot, and a new render at each change. It asks the server whether anyone is signed in, where that is not
 * known yet. On the server side of a page, and while React hydrates, the status is `'unknown'`.
 */
export function useAuth<Claims extends object> (auth: AuthClient<Claims>): AuthSnapshot<Claims> {
  useEffect(ask.bind(null, auth), [auth])
  return useSyncExternalStore(auth.subscribe, auth.getSnapshot, getServerSnapshot)
}

function getServerSnapshot (): typeof unknownSnapshot {
  return unknownSnapshot
}
