import type { AccessToken } from './access-token.ts'
import type { Page } from './page.ts'

const MOMENT = 100 // ms

export type News = 'signed-in' | 'refreshed' | 'signed-out'

/** The news, whose session it is about if that is known, and the new token if there is one and it may be told. */
export type Message = [news: News, sid: string | undefined, token: AccessToken | null | false]

type Tabs = [
  tell: (message: Message) => void,
  /** Resolves with the next message, or where none is under way. */
  heard: () => Promise<void>,
  leave: () => void
]

/** The other tabs of this origin, by BroadcastChannel: nothing is stored, and no other origin hears it. */
export function joinTabs (name: string, isWanted: boolean, page: Page | undefined, receive: (message: Message) => void): Tabs {
  let channel = isWanted && page?.BroadcastChannel ? new page.BroadcastChannel(name) : null
  let arrived: (() => void) | undefined
  if (channel) {
    channel.onmessage = ({ data }) => {
      receive(data as Message)
      arrived?.()
    }
  }
  return [
    (message) => channel?.postMessage(message),
    () => new Promise((resolve) => {
      (page as Page).setTimeout(resolve, MOMENT)
      arrived = resolve
    }),
    () => {
      channel?.close()
      channel = null
    }
  ]
}
