import type { AnyRequest } from '../../types/requests.ts'
import type { Transport } from '../../types/tokens.ts'
import type { RefreshTokenConfig } from '../config.ts'
import { RefreshTokenAmbiguousError, RefreshTokenInvalidError, RefreshTokenMissingError, TokenRefusedError } from '../errors.ts'
import { isText, own } from '../json.ts'
import type { Adopt } from '../sessions/adopt.ts'
import type { GuardedStore } from '../sessions/guarded-store.ts'
import { findAlive } from '../sessions/alive.ts'
import type { Refusal } from '../tokens/keyring.ts'
import type { RefreshToken, RefreshTokens } from '../tokens/refresh-token.ts'
import type { CookieHints } from './cookie-hints.ts'
import type { RefreshCookie } from './cookie.ts'
import { refuseCrossSite } from './csrf.ts'
import type { IsCrossSite } from './csrf.ts'
import type { KeyProofs } from './key-proofs.ts'
import type { Refuse } from './refusals.ts'

/** The refresh tokens in one place of a request. */
export interface Presented {
  /** All tokens found there, genuine or not. */
  texts: string[]
  /** Whether another site may have made the browser send it. False for a body, which only the client's own code can build. */
  comesAlong: boolean
  /** The genuine tokens: the highest generation of each session, the latest token first. */
  tokens: RefreshToken[]
  /** How many of the texts could not be verified. */
  unreadable: number
  /** Why the first of those was refused. */
  refusal: Refusal | null
}

/** Reads the refresh tokens in the cookies of a request, if the transport allows cookies. Never throws. */
export type ReadCookies = (request: AnyRequest) => Presented

export function createReadCookies ({ transport }: RefreshTokenConfig, cookie: RefreshCookie, refreshTokens: RefreshTokens): ReadCookies {
  return function readCookies (request) {
    return present(refreshTokens, transport === 'body' ? [] : cookie.read(request), true)
  }
}

/** Reads all refresh tokens in the places that the transport allows. Does not throw, unless the host's `extract` does. */
export type ReadTokens = (request: AnyRequest) => { cookies: Presented, body: Presented }

export function createReadTokens ({ transport, extract }: RefreshTokenConfig, readCookies: ReadCookies, refreshTokens: RefreshTokens): ReadTokens {
  return function readTokens (request) {
    // The host's extract may have read it from a cookie.
    const extracted = extract?.(request)
    const isExtracted = isText(extracted)
    const sent = isExtracted ? [extracted] : inBody(request.body)
    return { cookies: readCookies(request), body: present(refreshTokens, transport === 'cookie' ? [] : sent, isExtracted) }
  }
}

function present (refreshTokens: RefreshTokens, texts: string[], comesAlong: boolean): Presented {
  const bySession = new Map<string, RefreshToken>()
  let unreadable = 0
  let refusal: Refusal | null = null
  for (const text of texts) {
    // At most about fifty tokens fit into the 16 KiB that Node.js allows for headers, which bounds the work.
    const token = refreshTokens.verify(text)
    if (typeof token === 'string') {
      unreadable++
      refusal ??= token
      continue
    }
    const other = bySession.get(token.sessionId)
    if (other === undefined || other.generation < token.generation) bySession.set(token.sessionId, token)
  }
  return { texts, comesAlong, unreadable, refusal, tokens: [...bySession.values()].sort((a, b) => b.issuedAt - a.issuedAt) }
}

/** The refresh token that a refresh uses. */
export interface Chosen {
  token: RefreshToken
  /** How the response sends a new refresh token. */
  transport: Transport
  /** The token as it was sent in the body; null if it came in the cookie, or in a place that only the host knows. */
  sent: string | null
  /** Whether the response must contain a new refresh token even if the client could keep the old one. */
  renews: boolean
}

/**
 * Chooses the token of a refresh.
 *
 * @throws RefreshTokenMissingError, RefreshTokenInvalidError, RefreshTokenAmbiguousError, CrossSiteRequestError, and what `adopt` throws
 */
export type ChooseToken = (request: AnyRequest, store: GuardedStore) => Promise<Chosen>

interface ChooseTokenParts {
  config: RefreshTokenConfig
  readTokens: ReadTokens
  /** null: tokens of an older scheme are not accepted. */
  adopt: Adopt | null
  /** null: tokens are not bound to keys. */
  keyProofs: KeyProofs | null
  isCrossSite: IsCrossSite
  now: () => number
  hints: CookieHints
  refuse: Refuse
}

export function createChooseToken ({ config, readTokens, adopt, keyProofs, isCrossSite, now, hints, refuse }: ChooseTokenParts): ChooseToken {
  /**
   * The latest token whose session is alive, or, if there is none, the latest of all: a stale cookie, or one that a sibling
   * subdomain has set, must not log anyone out. If two subjects are signed in, any choice could be wrong, so it is refused.
   */
  async function chooseLiving (request: AnyRequest, tokens: [RefreshToken, ...RefreshToken[]], store: GuardedStore): Promise<RefreshToken> {
    const found = await Promise.all(tokens.map(async ({ sessionId, subject }) => await findAlive(store, sessionId, subject, now())))
    const [latest = tokens[0], ...others] = tokens.filter((_, index) => found[index] !== null)
    if (others.some(({ subject }) => subject !== latest.subject)) {
      throw refuse(request, 'refresh', 'several subjects', new RefreshTokenInvalidError())
    }
    return latest
  }

  /**
   * If the old token came in the body, the response uses the body, too. Otherwise the old token may be in a cookie, which browsers
   * also send in cross-site requests.
   */
  async function chooseAdopted (adopt: Adopt, request: AnyRequest, sent: string | null, store: GuardedStore): Promise<Chosen | null> {
    if (isCrossSite(request)) throw refuseCrossSite(refuse, request, 'refresh')
    const token = await adopt(request, store)
    if (token === null) return null
    // As at a login, the tokens that follow are bound to the key of this request.
    if (keyProofs !== null) token.jkt = keyProofs.ofLogin(request)
    const transport = sent !== null || config.transport === 'body' ? 'body' : 'cookie'
    // Without rotation the client would keep the old token for good, and what was not sent in the body cannot be sent back.
    return { token, transport, sent, renews: !config.windows.rotate || (transport === 'body' && sent === null) }
  }

  return async function chooseToken (request, store) {
    const { cookies, body } = readTokens(request)
    const [sent = null] = body.texts
    if (cookies.texts.length > 0 && sent !== null) throw refuse(request, 'refresh', 'ambiguous', new RefreshTokenAmbiguousError())
    const { tokens: [token, ...others], unreadable, refusal } = sent === null ? cookies : body
    const adopted = adopt === null || token !== undefined ? null : await chooseAdopted(adopt, request, sent, store)
    if (adopted !== null) return adopted
    if (cookies.texts.length === 0 && sent === null) {
      hints.atMissing(request)
      throw refuse(request, 'refresh', 'missing', new RefreshTokenMissingError())
    }
    if ((sent === null || body.comesAlong) && isCrossSite(request)) throw refuseCrossSite(refuse, request, 'refresh', token)
    if (token === undefined) {
      const reason = refusal as Refusal
      throw refuse(request, 'refresh', reason, new RefreshTokenInvalidError({ cause: new TokenRefusedError(reason) }))
    }
    if (unreadable > 0) request.log.debug({ unreadable, reason: refusal }, 'a refresh ignores refresh cookies that this instance cannot verify')
    // Usually there is only one token, and its rotation asks the store for the session anyway.
    const chosen = others.length === 0 ? token : await chooseLiving(request, [token, ...others], store)
    return { token: chosen, transport: sent === null ? 'cookie' : 'body', sent, renews: false }
  }
}

function inBody (body: unknown): string[] {
  const token = own(Object(body), 'refreshToken')
  return isText(token) ? [token] : []
}
