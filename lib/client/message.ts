import type { AccessToken } from './access-token.ts'

/** The version of the message format: increase it when the format changes. */
export const FORMAT = 1

/** A message from one tab to the others: plain data. */
export interface Message {
  readonly format: typeof FORMAT
  readonly news: 'signed-in' | 'refreshed' | 'signed-out' | 'active'
  /** The session that the message is about, if known. */
  readonly sid: string | undefined
  /** The new access token, if there is one and it may be shared. */
  readonly token: AccessToken | null
}

/** After a deployment, tabs with an older version of the client may still be open, whose messages can have another format. */
export function isMessage (data: any): data is Message { // eslint-disable-line @typescript-eslint/no-explicit-any -- anyone on this origin may post
  return data?.format === FORMAT
}
