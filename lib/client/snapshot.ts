import type { AuthSnapshot } from './types.ts'

/** The snapshot until the server has responded, and during server rendering. */
export const unknownSnapshot: AuthSnapshot<never> & { readonly error: null } = { status: 'unknown', claims: null, expiresAt: null, error: null }
