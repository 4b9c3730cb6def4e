import type { AuthSnapshot } from './types.ts'

/** The snapshot until the server was asked, and always while a page is rendered on the server. */
export const unknownSnapshot: AuthSnapshot<never> & { readonly error: null } = { status: 'unknown', claims: null, expiresAt: null, error: null }
