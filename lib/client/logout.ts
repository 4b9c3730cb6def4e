import type { AccessToken } from './access-token.ts'
import { isSessionOver } from './errors.ts'
import type { Exclusively } from './lock.ts'
import { requestLogout } from './requests.ts'
import type { Session } from './session.ts'
import type { State } from './state.ts'
import type { Transport } from './transport.ts'
import type { AuthClient } from './types.ts'

/** Logs out on the server, then in this tab; never during a refresh. */
export function createLogout (state: State, session: Session, exclusively: Exclusively, post: Transport): AuthClient['logout'] {
  return async function logout (options = {}) {
    await exclusively(async () => {
      const before = state.token
      try {
        await requestLogout(post, options)
      } catch (error) {
        if (isSessionOver(error)) signOut(before)
        throw error
      }
      signOut(before)
    })
  }

  function signOut (before: AccessToken | null): void {
    // If the user signed in during the logout, that is another session, which continues.
    if (before === null || before.claims.sid === state.token?.claims.sid) session.end()
  }
}
