import type { AnyRequest } from '../../types/requests.ts'
import { own } from '../json.ts'

const MAX_LENGTH = 256 // characters: clients may send kilobytes, even as the ip, which is read from a header behind a trusted proxy

/** What lets users recognize their devices. A request over a Unix socket has no ip. */
export function metadataOf ({ headers, ip }: AnyRequest): { userAgent?: string, ip?: string } {
  return { ...cut('userAgent', own(headers, 'user-agent')), ...cut('ip', ip) }
}

function cut (name: string, value: unknown): object {
  return typeof value === 'string' ? { [name]: value.slice(0, MAX_LENGTH) } : {}
}
