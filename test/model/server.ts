import type { Session } from '../../index.ts'
import { decide, firstGuess } from '../../lib/sessions/rotation.ts'
import type { Decision, PresentedToken } from '../../lib/sessions/rotation.ts'
import type { Setting } from './setting.ts'
import { DEAD, isBound, NEWBORN, ROOT } from './world.ts'
import type { Stored, Token, World } from './world.ts'

export interface Served {
  decision: Decision
  /** What is given out beside the access token. */
  child: Token | null
  /** What the store then is. */
  after: Pick<World, 'records' | 'store' | 'old'>
}

/** What adoption does before the token is judged. */
export function tradeIn ({ marks }: Setting, { records, old }: World): Pick<World, 'records' | 'old'> {
  if (old !== 'new') return { records, old }
  return { records: records.length > 0 ? records : [FRESH], old: marks === 'never' ? 'new' : 'traded in' }
}

const FRESH: Stored = { current: ROOT, generation: 0, age: 0 }

/**
 * A request at the server, in one step: each write names the `current` that was judged, so that nothing comes between.
 * The time is 0, and all that was before is negative.
 */
export function serve (given: Setting, world: World, token: Token, registers = false): Served {
  // The login's token waits for the registration, and not for anything after it.
  const setting = registers ? { ...given, windows: { ...given.windows, registration: 0 } } : given
  const { judge, windows, losesWrites } = setting
  const { store } = world
  const { records, old } = tradeIn(setting, world)
  const record = records[0]
  if (record === undefined) return { decision: { type: 'gone', code: 'revoked' }, child: null, after: { records, store, old } }
  const decision = judge(session(record, world.bound), presented(token, world.bound), 0, windows)
  if (judge === decide) mustBeItsFirstGuess(decision, record, token, world.bound, setting)
  if (decision.type !== 'accept') return { decision, child: null, after: { records, store, old } }

  // A login's token registers one key, if it was not used before.
  const child = decision.child && (!registers || decision.case === 'confirm') ? childOf(token, decision.case === 'retry', setting, world) : null
  if (decision.write === null) return { decision, child, after: { records, store, old } }
  const { current, generation, rotatedAt } = decision.write
  const written = { current: Number(current), generation, age: 0 - rotatedAt }
  if (store !== 'sound') return { decision, child, after: { records: [written], store: store === 'fallen' ? 'sound' : store, old } }
  const isSame = written.current === record.current && written.age === record.age
  return { decision, child, after: { records: isSame ? records : [written, ...records].slice(0, losesWrites + 1), store, old } }
}

/** What the model forgets as dead must be what the rules refuse, before any record that the store may fall back to. */
export function mustBeRefused (token: Token, records: Stored[], bound: number, { judge, windows }: Setting): void {
  for (const record of records) {
    const decision = judge(session(record, bound), presented(token, bound), 0, windows)
    if (decision.type !== 'reuse') throw new Error(`forgotten, but not refused: ${JSON.stringify({ token, record, decision })}`)
  }
}

/** The steady case writes before it reads: where that write comes through, it must be what the rules would have written. */
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

/** Of the browser that the session was started in: nobody else can register one. */
const KEY = { jwk: {}, jkt: 'key', algorithms: [] }

function presented ({ id, parent, generation, age }: Token, bound: number): PresentedToken {
  return { generation, hash: HASHES[id]!, parent: HASHES[parent]!, issuedAt: -age, endsAt: Infinity, idleLife: null, device: isBound({ id }, bound) ? KEY : null, adoptedKey: null }
}

/** As much of it as the rules look at. */
function session ({ current, generation, age }: Stored, bound: number): Session {
  return { generation, current: HASHES[current]!, rotatedAt: -age, expiresAt: Infinity, endsAt: Infinity, boundTo: isBound({ id: current }, bound) ? KEY.jkt : null } as Session
}
