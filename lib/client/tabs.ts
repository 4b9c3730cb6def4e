import type { AccessToken } from './access-token.ts'
import { FORMAT, isMessage } from './message.ts'
import type { Message } from './message.ts'
import type { Channel, Page } from './page.ts'

const MOMENT = 100 // ms

/** The other tabs of this origin. */
export interface Tabs {
  readonly tell: (news: Message['news'], sid?: string, token?: AccessToken | null) => void
  /** Resolves after the next message, or after a moment if there is none. */
  readonly nextMessage: () => Promise<void>
  readonly leave: () => void
}

/**
 * Uses a BroadcastChannel: nothing is stored, and other origins cannot receive the messages.
 *
 * @param page undefined outside of a page, where there are no other tabs
 * @param crossTab false: this tab sends and receives no messages; `'strict'`: messages contain no tokens
 */
export function joinTabs (page: Page | undefined, name: string, crossTab: boolean | 'strict', receive: (message: Message) => void): Tabs {
  const channel = crossTab ? openChannel(page, name) : undefined
  let arrived: (() => void) | undefined

  if (channel) {
    channel.onmessage = ({ data }) => {
      if (!isMessage(data)) return
      receive(data)
      if (data.news !== 'active') arrived?.()
    }
  }
  return {
    tell (news, sid, token = null) {
      try {
        channel?.postMessage({ format: FORMAT, news, sid, token: crossTab === 'strict' ? null : token })
      } catch {
        // The channel is closed. The other tabs will ask the server.
      }
    },
    async nextMessage () {
      await new Promise<void>((resolve) => {
        arrived = resolve
        setTimeout(resolve, MOMENT)
      })
    },
    leave () {
      channel?.close()
    }
  }
}

/** Undefined if the browser has no channels, or denies them to this page. */
function openChannel (page: Page | undefined, name: string): Channel | undefined {
  try {
    return page?.BroadcastChannel && new page.BroadcastChannel(name)
  } catch {
    return undefined
  }
}
