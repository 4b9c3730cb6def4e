import { createHmac } from 'node:crypto'
import type { AdoptedToken } from '../../types/options.ts'
import type { AnyRequest } from '../../types/requests.ts'
import type { Session, SessionClaims } from '../../types/session.ts'
import { checkCallOptions, show } from '../checks/fields.ts'
import type { Config } from '../config.ts'
import { StoreUnavailableError } from '../errors.ts'
import { isObject, isText } from '../json.ts'
import { deriveAdoptionKey, isHmac } from '../tokens/keys.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'
import { findAlive } from './alive.ts'
import { askHost } from './ask-host.ts'
import { copyClaims, copyJson } from './claims.ts'
import { withDeadline } from './deadline.ts'
import type { Emit } from './events.ts'
import type { GuardedStore, OpenStore } from './guarded-store.ts'
import type { LoginTerms, ParseTerms } from './login-terms.ts'
import { newSession } from './new-session.ts'
import { oldTokenOf, rootOf } from './old-token.ts'

/**
 * Returns the refresh token that stands for the old token of the request, or null if the host finds no old token. The ordinary
 * rotation follows: the old token counts as the first token of a session whose id is derived from its key. So the rules that hold
 * for a login's token distinguish a lost response, a second tab and a stolen copy (test/model/adopt.test.ts).
 *
 * With `markTradedIn` the old token starts that session only once. It is called when the session is in the store, so that nothing is
 * lost if either of the two steps fails. From then on, a session that is not in the store has ended. Without `markTradedIn`, only the
 * host's own check of the old token prevents a session that has ended from being started again.
 *
 * @throws what `askHost` throws, StoreUnavailableError, and TypeError for a result that is not an AdoptedToken
 */
export type Adopt = (request: AnyRequest, store: GuardedStore) => Promise<RefreshToken | null>

interface AdoptParts {
  config: Config
  openStore: OpenStore
  parseTerms: ParseTerms
  emit: Emit
}

interface Answer {
  key: string
  tradedIn: boolean
  markTradedIn: () => unknown
  claims: SessionClaims
  terms: LoginTerms
}

const NAMES = ['claims', 'key', 'authTime', 'tradedIn', 'markTradedIn'] as const
const ID_BYTES = 16
/** The key is kept in the refresh token, and therefore in a cookie. */
const MAX_KEY = 256

/** Returns null without the option `adopt`. */
export function createAdopt ({ config, openStore, parseTerms, emit }: AdoptParts): Adopt | null {
  const { adopt: hostAdopt, now, metadata, refreshToken: { keys, windows } } = config
  if (hostAdopt === undefined) return null
  const adoptionKeys = keys.filter(isHmac).map(deriveAdoptionKey)

  /** One id per secret, since the session may have been started before a new secret became the first one. */
  function idsOf (key: string): [string, ...string[]] {
    const ids = adoptionKeys.map((secret) => createHmac('sha256', secret).update(key).digest().subarray(0, ID_BYTES).toString('base64url'))
    return ids as [string, ...string[]]
  }

  function parse (answer: unknown): Answer {
    if (!isObject(answer)) throw new TypeError(`adopt returned ${show(answer)}: return an object with ${NAMES.join(', ')}, or null`)
    const given = checkCallOptions('adopt', answer as unknown as AdoptedToken, NAMES)
    const { claims, key, authTime, tradedIn = false, markTradedIn = () => {} } = given
    if (!isText(key) || key.length > MAX_KEY) throw new TypeError(`adopt: key is ${show(key)}: give the id of the old token, a string of 1 to ${MAX_KEY} characters`)
    if (typeof tradedIn !== 'boolean') throw new TypeError(`adopt: tradedIn is ${show(tradedIn)}: give true once markTradedIn has been called for this token, otherwise false`)
    if (typeof markTradedIn !== 'function') throw new TypeError(`adopt: markTradedIn is ${show(markTradedIn)}: give a function after which tradedIn is true`)
    if ((given.tradedIn === undefined) !== (given.markTradedIn === undefined)) throw new TypeError('adopt: tradedIn and markTradedIn belong together: give both or neither')
    return { claims: copyClaims('adopt', claims), key, tradedIn, markTradedIn, terms: { ...parseTerms('adopt', { authTime }, false), adoptedKey: key } }
  }

  async function findFirst (ids: string[], subject: string, store: GuardedStore): Promise<Session | undefined> {
    const found = await Promise.all(ids.map(async (id) => await findAlive(store, id, subject, now())))
    return found.find((session) => session !== null) ?? undefined
  }

  /** Creates the session, or returns the one that a concurrent request has just created. */
  async function create (session: Session, key: string, store: GuardedStore, request: AnyRequest): Promise<Session> {
    try {
      await withDeadline(store.timeLeft, async () => await openStore(null, request).create(session)) // null: if the id is taken, that is not a failure to report
    } catch (cause) {
      const existing = await store.find(session.id, session.subject)
      if (existing !== null) return existing
      store.tellFailure(cause)
      throw new StoreUnavailableError({ cause })
    }
    emit({ type: 'issued', sessionId: session.id, subject: session.subject, key }, request)
    return session
  }

  return async function adopt (request, store) {
    const given = await askHost(store, () => hostAdopt(request))
    if (given === null || given === undefined) return null // undefined: a lookup that found nothing
    const { claims, key, tradedIn, markTradedIn, terms } = parse(given)
    const ids = idsOf(key)
    const fresh = newSession({ id: ids[0], root: rootOf(ids[0]), claims, metadata: copyJson('metadata', metadata(request)), terms }, windows, now())
    let session = await findFirst(ids, claims.sub, store)
    if (!tradedIn) {
      session ??= await create(fresh, key, store, request)
      await askHost(store, markTradedIn)
    }
    // If there is no session, the rotation concludes that it has ended.
    return oldTokenOf(session ?? fresh, terms)
  }
}
