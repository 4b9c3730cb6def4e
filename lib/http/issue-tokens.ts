import type { Session } from '../../types/session.ts'
import type { IssueTokensOptions, TokenResponse, Transport } from '../../types/tokens.ts'
import { checkCallFlag, checkCallOptions } from '../checks/fields.ts'
import type { Habits } from '../checks/fields.ts'
import type { Config } from '../config.ts'
import { copyClaims, copyJson } from '../sessions/claims.ts'
import type { SessionReference } from '../sessions/end-sessions.ts'
import type { ParseTerms } from '../sessions/login-terms.ts'
import type { StartSession } from '../sessions/start-session.ts'
import type { AccessCookie } from './access-cookie.ts'
import { noStore } from './caching.ts'
import type { CookieHints } from './cookie-hints.ts'
import type { RefreshCookie } from './cookie.ts'
import { refuseCrossSite } from './csrf.ts'
import type { IsCrossSite } from './csrf.ts'
import type { DeviceBinding } from './dbsc/index.ts'
import type { AnyReply } from './hooks.ts'
import type { KeyProofs } from './key-proofs.ts'
import type { ReadTokens } from './presented.ts'
import type { Refuse } from './refusals.ts'
import { orRetryLater } from './replies.ts'

// Options that reply.jwtSign of @fastify/jwt accepts.
const HABITS: Habits = new Map([['sign', 'give the plugin accessToken: { expiresIn, issuer, audience, algorithm }']])

const NAMES = ['transport', 'metadata', 'expiresIn', 'maxAge', 'persistent', 'endPrevious', 'crossSite', 'authTime'] as const
const OTHERWISE = '; if an identity provider posted a form whose state you have verified, give issueTokens crossSite: true'

export interface IssueTokensParts {
  config: Config
  readTokens: ReadTokens
  isCrossSite: IsCrossSite
  cookie: RefreshCookie
  accessCookie: AccessCookie
  parseTerms: ParseTerms
  hints: CookieHints
  startSession: StartSession
  refuse: Refuse
  /** null: tokens are not bound to keys. */
  keyProofs: KeyProofs | null
  /** null: sessions are not bound to devices. */
  deviceBinding: DeviceBinding | null
}

export type IssueTokens = (this: AnyReply, claims: unknown, options?: IssueTokensOptions) => Promise<TokenResponse>

/** `reply.issueTokens`: a login, after the host has authenticated the user. */
export function createIssueTokens (parts: IssueTokensParts): IssueTokens {
  const { config, readTokens, isCrossSite, cookie, accessCookie, hints, parseTerms, startSession, refuse, keyProofs, deviceBinding } = parts
  const { keys, transport: configured } = config.refreshToken

  return async function issueTokens (claims, given = {}) {
    if (keys.length === 0) throw new TypeError('issueTokens: the first secret is a public key and signs nothing, give { private, public }')
    const options = checkCallOptions('issueTokens', given, NAMES, HABITS)
    const transport = chooseTransport(configured, options.transport)
    const endPrevious = checkCallFlag('issueTokens', 'endPrevious', options.endPrevious, true)
    const isForeign = !checkCallFlag('issueTokens', 'crossSite', options.crossSite, false) && isCrossSite(this.request)
    const terms = parseTerms('issueTokens', options, true)
    const copiedClaims = copyClaims('issueTokens', claims)
    const metadata = { ...copyJson('metadata', config.metadata(this.request)), ...copyJson('issueTokens: metadata', options.metadata ?? {}) }

    noStore(this)
    // Login CSRF: a form on another site would sign its victim in as somebody else, who then reads what the victim writes.
    if (transport === 'cookie' && isForeign) throw refuseCrossSite(refuse, this.request, 'login', undefined, OTHERWISE)
    if (keyProofs !== null) terms.jkt = keyProofs.ofLogin(this.request)
    const presented = endPrevious ? readTokens(this.request) : null
    const previous = presented === null ? [] : tokensToForget(presented, isForeign)
    const { session, response, refreshToken } = await orRetryLater(this, startSession({ claims: copiedClaims, metadata, terms, request: this.request, previous, isLimited: true, check: transport === 'cookie' ? check : null }))

    if (this.statusCode === 204) this.code(200) // set by revokeTokens, if the host has ended the old session first
    if (transport === 'body') {
      // The session of the cookie has just been ended, and with the new token in the body the cookie would make every refresh ambiguous.
      if (configured === 'both' && !isForeign && presented !== null && presented.cookies.texts.length > 0) cookie.clear(this)
      return { ...response, refreshToken }
    }
    cookie.set(this, refreshToken, session, session.createdAt, terms.persistent)
    hints.atLogin(this.request, this)
    if (terms.jkt === null) deviceBinding?.offer(this, session.id)
    return accessCookie.deliver(this, response, terms.persistent)
  }

  function check (session: Session, refreshToken: string, response: TokenResponse): void {
    cookie.checkSize(refreshToken, session)
    accessCookie.checkSize('issueTokens', response, session.claims)
  }
}

/** The tokens that the client will no longer use. Their sessions are ended, so that copies of them become useless. */
function tokensToForget ({ cookies, body }: ReturnType<ReadTokens>, isForeign: boolean): SessionReference[] {
  return [cookies, body].flatMap(({ comesAlong, tokens }) => comesAlong && isForeign ? [] : tokens)
}

function chooseTransport (configured: Config['refreshToken']['transport'], wanted: Transport | undefined): Transport {
  if (wanted === undefined) return configured === 'both' ? 'cookie' : configured
  if (wanted === configured || (configured === 'both' && (wanted === 'cookie' || wanted === 'body'))) return wanted
  throw new TypeError(`issueTokens: the transport ${JSON.stringify(wanted)} is not what refreshToken.transport allows (${JSON.stringify(configured)})`)
}
