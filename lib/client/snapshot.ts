import type { AuthSnapshot } from './types.ts'

/** Before the server was asked, and all that the server side of a page ever says. */
export const unknown: AuthSnapshot<never> = { status: 'unknown', claims: null, expiresAt: null, error: null }
