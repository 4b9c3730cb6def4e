import type { AccessToken } from './access-token.ts'

/** Names the format of the messages: to be raised when that changes. */
export const FORMAT = 1

/** What one tab tells the others: plain data. */
export interface Message {
  readonly format: typeof FORMAT
  readonly news: 'signed-in' | 'refreshed' | 'signed-out' | 'active'
  /** The session that the message is about, if known. */
  readonly sid: string | undefined
  /** The new access token, where there is one and it may be told. */
  readonly token: AccessToken | null
}

/** While a new version of the app is deployed, tabs with an older version of the client may be open, whose messages have another format. */
export function isMessage (data: any): data is Message { // eslint-disable-line @typescript-eslint/no-explicit-any -- anyone on this origin may post
  return data?.format === FORMAT
}
