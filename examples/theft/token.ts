import { hash } from 'node:crypto'

/** The properties of a refresh token that the page displays. */
export interface Token {
  /** The hash of its `jti`, by which its children and the session's record refer to it. */
  id: string
  sessionId: string
  generation: number
  parent: string
  /** Milliseconds since the epoch. */
  issuedAt: number
  /** Whether it is bound to a device key. */
  hasKey: boolean
}

/** Decodes a refresh token without verifying it, which is enough for display. Returns null for anything else. */
export function readToken (text: string): Token | null {
  try {
    const { jti, sid, gen, par, iat, cnf } = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString())
    return { id: hash('sha256', jti, 'base64url'), sessionId: sid, generation: gen, parent: par, issuedAt: iat * 1000, hasKey: cnf !== undefined }
  } catch {
    return null
  }
}

/** The value of a cookie in a `Cookie` or `Set-Cookie` header. */
export function findValue (header: unknown, cookieName: string): string | null {
  const text = [header ?? []].flat().join('; ').split('; ').find((part) => part.startsWith(`${cookieName}=`))
  return text?.slice(cookieName.length + 1) ?? null
}

/** The token in a `Cookie` or `Set-Cookie` header. */
export function findToken (header: unknown, cookieName: string): Token | null {
  const value = findValue(header, cookieName)
  return value === null ? null : readToken(value)
}
