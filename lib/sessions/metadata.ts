import type { AnyRequest } from '../../types/requests.ts'
import { own } from '../json.ts'

const MAX_LENGTH = 256 // characters, of what a stranger may send in kilobytes: behind a proxy that is trusted, the ip is a header, too

/** Who sent a request, in as much as a user knows their devices by it. A request over a unix socket has no ip. */
export function metadataOf ({ headers, ip }: AnyRequest): { userAgent?: string, ip?: string } {
  return { ...cut('userAgent', own(headers, 'user-agent')), ...cut('ip', ip) }
}

function cut (name: string, value: unknown): object {
  return typeof value === 'string' ? { [name]: value.slice(0, MAX_LENGTH) } : {}
}
