import type { AuthClient } from './types.ts'

/** Asks the server whether a user is signed in. A failure is reported in the snapshot, and the client tries again by itself. */
export function ask (auth: Pick<AuthClient, 'ready'>): void {
  auth.ready().catch(() => {})
}
