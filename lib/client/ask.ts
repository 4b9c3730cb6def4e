import type { AuthClient } from './types.ts'

/** Asks whether anyone is signed in. A failure is in the snapshot, and the client tries again by itself. */
export function ask (auth: Pick<AuthClient, 'ready'>): void {
  auth.ready().catch(() => {})
}
