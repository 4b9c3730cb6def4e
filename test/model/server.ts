import type { Session } from '../../index.ts'
import { decide, firstGuess } from '../../lib/sessions/rotation.ts'
import type { Decision, PresentedToken } from '../../lib/sessions/rotation.ts'
import type { Setting } from './setting.ts'
import { DEAD, isBound, NEWBORN, ROOT } from './world.ts'
import type { Stored, Token, World } from './world.ts'

export interface Served {
  decision: Decision
  /** The refresh token that is issued along with the access token. */
  child: Token | null
  /** The store after the request. */
  after: Pick<World, 'records' | 'store' | 'old'>
}

/** What adoption does before the rules are applied to the token. */
export function tradeIn ({ marks }: Setting, { records, old }: World): Pick<World, 'records' | 'old'> {
  if (old !== 'new') return { records, old }
  return { records: records.length > 0 ? records : [FRESH], old: marks === 'never' ? 'new' : 'traded in' }
}

const FRESH: Stored = { current: ROOT, generation: 0, age: 0 }

/**
 * Serves a request in one step: each write is conditional on the `current` that was read, so that no other request can interleave.
 * The current time is 0, and earlier times are negative.
 */
export function serve (given: Setting, world: World, token: Token, registers = false): Served {
  // The login's token is not rotated while a registration may follow; the registration itself does not wait.
  const setting = registers ? { ...given, windows: { ...given.windows, registration: 0 } } : given
  const { judge, windows, losesWrites } = setting
  const { store } = world
  const { records, old } = tradeIn(setting, world)
  const record = records[0]
  if (record === undefined) return { decision: { type: 'gone', code: 'revoked' }, child: null, after: { records, store, old } }
  const decision = judge(session(record, world.bound), presented(token, world.bound), 0, windows)
  if (judge === decide) mustBeItsFirstGuess(decision, record, token, world.bound, setting)
  if (decision.type !== 'accept') return { decision, child: null, after: { records, store, old } }

  // A login's token registers one key at most, and only if it has not been used before.
  const child = decision.child && (!registers || decision.case === 'confirm') ? childOf(token, decision.case === 'retry', setting, world) : null
  if (decision.write === null) return { decision, child, after: { records, store, old } }
  const { current, generation, rotatedAt } = decision.write
  const written = { current: Number(current), generation, age: 0 - rotatedAt }
  if (store !== 'sound') return { decision, child, after: { records: [written], store: store === 'fallen' ? 'sound' : store, old } }
  const isSame = written.current === record.current && written.age === record.age
  return { decision, child, after: { records: isSame ? records : [written, ...records].slice(0, losesWrites + 1), store, old } }
}

/** The rules must reject every token that the model forgets, for each record that the store may fall back to. */
export function mustBeRefused (token: Token, records: Stored[], bound: number, { judge, windows }: Setting): void {
  for (const record of records) {
    const decision = judge(session(record, bound), presented(token, bound), 0, windows)
    if (decision.type !== 'reuse') throw new Error(`forgotten, but not refused: ${JSON.stringify({ token, record, decision })}`)
  }
}

/** The usual case writes before it reads. If that write succeeds, it must equal the write of the rules. */
function mustBeItsFirstGuess (decision: Decision, record: Stored, token: Token, bound: number, { windows }: Setting): void {
  const guess = firstGuess(presented(token, bound), 0, windows)
  if (guess === null || token.parent !== record.current) return
  if (decision.type === 'accept' && JSON.stringify(decision.write) === JSON.stringify(guess)) return
  throw new Error(`decide and firstGuess differ: ${JSON.stringify({ record, token, decision, guess })}`)
}

function childOf (token: Token, isRetry: boolean, { oneChild, rejuvenates }: Setting, { jar, flight, pocket }: World): Token {
  const elder = oneChild && [jar, ...flight.map((message) => message.token ?? DEAD), ...pocket].find(({ parent }) => parent === token.id)
  return {
    id: elder ? elder.id : NEWBORN,
    parent: token.id,
    generation: token.generation + 1,
    age: isRetry ? -rejuvenates : 0
  }
}

const HASHES = Array.from({ length: NEWBORN + 1 }, (_, id) => String(id))

/** The key of the browser that started the session, the only one that can register a key. */
const KEY = { jwk: {}, jkt: 'key', algorithms: [] }

function presented ({ id, parent, generation, age }: Token, bound: number): PresentedToken {
  return { generation, hash: HASHES[id]!, parent: HASHES[parent]!, issuedAt: -age, endsAt: Infinity, idleLife: null, device: isBound({ id }, bound) ? KEY : null, adoptedKey: null }
}

/** The fields of a session that the rules read. */
function session ({ current, generation, age }: Stored, bound: number): Session {
  return { generation, current: HASHES[current]!, rotatedAt: -age, expiresAt: Infinity, endsAt: Infinity, boundTo: isBound({ id: current }, bound) ? KEY.jkt : null } as Session
}
