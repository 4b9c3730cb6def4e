import type { AnyRequest } from '../../../types/requests.ts'
import { own } from '../../json.ts'
import type { DeviceProofs } from '../../tokens/dbsc/index.ts'
import type { AnyReply } from '../hooks.ts'

// The headers of Device Bound Session Credentials (W3C draft). The draft has quoted strings (RFC 8941 §3.3.3), but Chromium
// sends some of them without quotes, so both forms are read.

/** The session that the browser asks about. */
export function sessionIdOf (request: AnyRequest): string | null {
  return readString(request, 'sec-secure-session-id')
}

/** What the browser has signed. It can be replayed as long as its challenge is valid, and must never be logged. */
export function responseOf (request: AnyRequest): string | null {
  return readString(request, 'secure-session-response')
}

/** Whether the browser says that it could not renew the bound cookie. A thief can send this header, too. */
export function isSkipped ({ headers }: AnyRequest): boolean {
  return own(headers, 'secure-session-skipped') !== undefined
}

/** Sets the challenge that the browser must sign next. */
export function setChallenge (reply: AnyReply, { challenge }: DeviceProofs, sessionId: string): void {
  reply.header('secure-session-challenge', `"${challenge(sessionId)}";id="${sessionId}"`)
}

function readString ({ headers }: AnyRequest, name: string): string | null {
  const text = own(headers, name) as string | undefined
  if (text === undefined) return null
  return /^".*"$/.test(text) ? text.slice(1, -1) : text
}
