import type { AccessToken } from './access-token.ts'
import type { Message } from './message.ts'
import type { State } from './state.ts'
import type { Tabs } from './tabs.ts'

/** The session of this tab, synchronized with the other tabs. */
export interface Session {
  /** Called after a sign-in or refresh in this tab. */
  readonly begin: (news: 'signed-in' | 'refreshed', token: AccessToken) => void
  /** Called when this tab has learned that the session has ended. */
  readonly end: () => void
  /**
   * Handles a message from another tab.
   *
   * @returns false if only the server knows what it means for this tab
   */
  readonly follow: (message: Message) => boolean
}

export function createSession (state: State, tabs: Tabs): Session {
  /** The session that ended last in this tab. */
  let ended: string | undefined

  function signOut (): void {
    ended = state.token?.claims.sid ?? ended
    state.signOut()
  }

  return {
    begin (news, token) {
      tabs.tell(news, token.claims.sid, token)
      state.signIn(token, news === 'signed-in')
    },

    end () {
      tabs.tell('signed-out', state.token?.claims.sid)
      signOut()
    },

    follow ({ news, sid, token }) {
      const isOurs = state.snapshot.status === 'unknown' || state.token?.claims.sid === sid
      if (token && (isOurs || news === 'signed-in')) {
        state.signIn(token, news === 'signed-in')
        return true
      }
      if (news === 'signed-out' && isOurs) {
        signOut()
        return true
      }
      // After a sign-in or sign-out in another tab, the cookie may belong to another session than this tab's. A refresh in another tab
      // changes nothing for a tab that is signed in. From it, a signed-out tab learns of a sign-in by redirect, unless the message is
      // a late one about the session that has ended here.
      return news === 'refreshed' && (state.snapshot.status !== 'signed-out' || sid === ended)
    }
  }
}
