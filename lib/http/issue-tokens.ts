import type { IssueTokensOptions, TokenResponse } from '../../types/tokens.ts'
import type { Transport } from '../../types/tokens.ts'
import type { Config } from '../config.ts'
import { copyClaims, copyJson } from '../sessions/claims.ts'
import type { StartSession } from '../sessions/start-session.ts'
import { noStore } from './caching.ts'
import type { RefreshCookie } from './cookie.ts'
import type { AnyReply } from './hooks.ts'
import { orRetryLater } from './replies.ts'

const MAX_USER_AGENT = 256 // characters, of what a stranger may send in kilobytes

export type IssueTokens = (this: AnyReply, claims: unknown, options?: IssueTokensOptions) => Promise<TokenResponse>

/** `reply.issueTokens`: a login, after the host has checked who it is. */
export function createIssueTokens (config: Config, cookie: RefreshCookie, startSession: StartSession): IssueTokens {
  const { keys, transport: configured } = config.refreshToken

  return async function issueTokens (claims, options = {}) {
    if (keys.length === 0) throw new TypeError('issueTokens: the first secret is a public key and signs nothing, give { private, public }')
    const transport = chooseTransport(configured, options.transport)
    const { headers: { 'user-agent': userAgent }, ip } = this.request
    const metadata = {
      ...(userAgent !== undefined && { userAgent: userAgent.slice(0, MAX_USER_AGENT) }),
      ip,
      ...copyJson('issueTokens: metadata', options.metadata ?? {})
    }
    noStore(this)
    if (this.statusCode === 204) this.code(200) // of revokeTokens, where a host ends the old session first
    const login = startSession(copyClaims('issueTokens', claims), metadata, this.request)
    const { session, response, refreshToken } = await orRetryLater(this, login)

    if (transport === 'body') return { ...response, refreshToken }
    cookie.set(this, refreshToken, session, session.createdAt)
    return response
  }
}

function chooseTransport (configured: Config['refreshToken']['transport'], wanted: Transport | undefined): Transport {
  if (wanted === undefined) return configured === 'both' ? 'cookie' : configured
  if (wanted === configured || (configured === 'both' && (wanted === 'cookie' || wanted === 'body'))) return wanted
  throw new TypeError(`issueTokens: the transport ${JSON.stringify(wanted)} is not what refreshToken.transport allows (${JSON.stringify(configured)})`)
}
