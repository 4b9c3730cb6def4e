import type { AccessToken } from './access-token.ts'
import type { Message } from './message.ts'
import type { State } from './state.ts'
import type { Tabs } from './tabs.ts'

/** The session of this tab, in step with the other tabs. */
export interface Session {
  /** A sign-in or refresh of this tab. */
  readonly begin: (news: 'signed-in' | 'refreshed', token: AccessToken) => void
  /** This tab has learned that the session has ended. */
  readonly end: () => void
  /**
   * What another tab has told.
   *
   * @returns false where only the server knows what it means for this tab
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
      // After a sign-in or sign-out elsewhere, the cookie may be of another session than this tab's. A refresh changes nothing
      // for a tab that is signed in. A signed-out tab learns of a sign-in by redirect this way, unless the message was still under
      // way and is about the session that has ended here.
      return news === 'refreshed' && (state.snapshot.status !== 'signed-out' || sid === ended)
    }
  }
}
