/**
 * One state of the model: a session's record, a cookie jar, the messages in flight, and the tokens that a thief has.
 * All values are relative (ages instead of times, generations counted from the oldest record), so that states that differ only
 * in age or progress are equal. This makes the search both finite and complete.
 */

/** A refresh token. Its id stands for the hash of its `jti`. */
export interface Token {
  id: number
  parent: number
  generation: number
  age: number
}

/** The record of a session in the store. */
export interface Stored {
  current: number
  generation: number
  age: number
}

export interface Message {
  /**
   * If the browser crashes, its requests become `orphan`: they may still be served, but nobody receives the response.
   * `registered` is the response to a `registration`: it contains a token that carries the browser's key, but no access token.
   */
  kind: 'request' | 'orphan' | 'answer' | 'registration' | 'registered'
  /** If null, the response contains an access token only. */
  token: Token | null
  age: number
}

/** The cookie jar as it would be after a crash. */
export interface Disk {
  token: Token
  /** For how many ticks the jar has held a different token. */
  behind: number
}

export interface World {
  /** The current record first, then the records before each of the last writes, which the store may still lose. */
  records: Stored[]
  /**
   * `fallen`: the store has lost writes and has not written since. It keeps the next write, and only then may lose writes again.
   * `worn`: it has lost writes and will not lose any more. `emptied`: the session was ended on purpose, and only its old token
   * may be presented again.
   */
  store: 'sound' | 'fallen' | 'worn' | 'emptied'
  /** What the app knows about the old token of an adopted session. There is no record until that token is first presented. */
  old: 'none' | 'new' | 'traded in'
  jar: Token
  /** Whether the browser may still register a device key with the login's token. It does so at most once. */
  registration: 'none' | 'offered'
  /** A bit mask of the ids of tokens that carry the key. A record whose `current` is one of them is bound. */
  bound: number
  /** null: the browser never crashes. */
  disk: Disk | null
  flight: Message[]
  /** Ticks since the client last received an access token. */
  idle: number
  /** `waits`: until its token has become the kind that `Setting.thief` names. */
  thief: 'absent' | 'waits' | 'plays'
  pocket: Token[]
  /** How many access tokens the victim has received since the thief began. */
  refreshes: number
}

/** Stands for every token that no record will ever accept again. */
export const DEAD: Token = { id: 0, parent: 0, generation: 0, age: 0 }
export const KINDS = ['request', 'orphan', 'answer', 'registration', 'registered'] as const

export const ROOT = 1
export const LOGIN = 2
/** The id of a newly created token, until `settle` numbers it. */
export const NEWBORN = 15

/** How `settle` decides which worlds are equal. */
export interface Frame {
  /** Ages and counts above these values make no difference. */
  caps: { token: number, record: number, idle: number, refreshes: number }
  /** Whether the record may accept the token, now or later. */
  mayTake: (token: Token, record: Stored) => boolean
  /** Called with each token that is forgotten. */
  bury: (token: Token, records: Stored[], bound: number) => void
}

export interface Settled {
  world: World
  /** The new id of each old id. */
  names: Uint8Array
}

/** The jar holds the login's token, and the record holds that token's parent. */
export function afterLogin ({ caps }: Frame, crashes: boolean, registers = false): World {
  const jar = { id: LOGIN, parent: ROOT, generation: 1, age: 0 }
  return {
    records: [{ current: ROOT, generation: 0, age: caps.record }],
    store: 'sound',
    old: 'none',
    jar,
    registration: registers ? 'offered' : 'none',
    bound: 0,
    disk: crashes ? { token: jar, behind: 0 } : null,
    flight: [],
    idle: caps.idle,
    thief: 'absent',
    pocket: [],
    refreshes: 0
  }
}

/** The jar holds a token of an older scheme, the first token of a session that does not exist yet. */
export function beforeMove (frame: Frame, crashes: boolean): World {
  const world = afterLogin(frame, crashes)
  const old = { ...world.jar, age: frame.caps.token }
  return { ...world, records: [], old: 'new', jar: old, disk: world.disk && { token: old, behind: 0 } }
}

/**
 * Whether the token is the record's current one, its next one, or ahead of it. A token that is none of these for every record
 * that the store may fall back to will never become one: generations only increase, and the child of a token that becomes current
 * later was already ahead of the record.
 */
export function isOfItsLine ({ generation, id, parent }: Token, record: Stored): boolean {
  return generation > record.generation + 1 ||
    (generation === record.generation + 1 && parent === record.current) ||
    (generation === record.generation && id === record.current)
}

/** Normalizes a world: caps ages, forgets dead tokens, renumbers generations and ids, and sorts messages. */
export function settle (world: World, { caps, mayTake, bury }: Frame): Settled {
  const { records } = world
  if (records.length === 0) return settleOld(world, caps)
  const fresh = (token: Token): Token => {
    if (token.generation === 0) return DEAD
    if (records.some((record) => mayTake(token, record))) return { ...token, age: Math.min(token.age, caps.token) }
    bury(token, records, world.bound)
    return DEAD
  }
  const jar = fresh(world.jar)
  const disk = world.disk && { ...world.disk, token: fresh(world.disk.token) }
  const flight = world.flight.map(({ kind, token, age }) => ({ kind, token: token && fresh(token), age }))
  const pocket = world.pocket.map(fresh).filter((token) => token !== DEAD)

  const names = new Uint8Array(NEWBORN + 1)
  let count = 0
  const name = (id: number): void => { if (id !== 0 && names[id] === 0) names[id] = ++count }
  const rank = (token: Token): number => (token.generation << 12) + (names[token.id]! << 8) + (names[token.parent]! << 4) + token.age
  const weight = ({ kind, token, age }: Message): number =>
    (KINDS.indexOf(kind) * 16 + age) * 131_072 + (token === null ? 0 : 65_536 + rank(token))

  for (const { current } of records) name(current)
  name(jar.id)
  if (disk !== null) name(disk.token.id)
  flight.sort((a, b) => weight(a) - weight(b))
  for (const { token } of flight) if (token !== null) name(token.id)
  pocket.sort((a, b) => rank(a) - rank(b) || a.parent - b.parent || a.id - b.id)
  const parents = new Set(pocket.map(({ parent }) => parent))
  const kept = pocket.filter((token, i) => !isTwin(token, pocket[i - 1]))
  for (const { id } of kept) name(id)
  if (count >= NEWBORN) throw new RangeError('more tokens than the model has names for')

  /** Of two equal tokens whose children are not in the pocket, the thief needs only one. */
  function isTwin (token: Token, other: Token | undefined): boolean {
    return other !== undefined && rank(token) === rank(other) && token.parent === other.parent &&
      (token.id === other.id || (!parents.has(token.id) && !parents.has(other.id)))
  }

  // The rules treat generation 1, the login's token, differently: it is never shifted, and no other generation becomes 1.
  const shift = Math.max(0, Math.min(...records.map(({ generation }) => generation)) - 1)
  const rename = (token: Token): Token => token === DEAD
    ? DEAD
    : { id: names[token.id]!, parent: names[token.parent]!, generation: token.generation - shift, age: token.age }
  return {
    names,
    world: {
      ...world,
      records: records.map(({ current, generation, age }) => ({ current: names[current]!, generation: generation - shift, age: Math.min(age, caps.record) })),
      jar: rename(jar),
      bound: renamed(world.bound, names),
      disk: disk && { token: rename(disk.token), behind: isSame(disk.token, jar) ? 0 : disk.behind },
      flight: flight.map(({ kind, token, age }) => ({ kind, token: token && rename(token), age })),
      idle: Math.min(world.idle, caps.idle),
      pocket: kept.map(rename),
      refreshes: Math.min(world.refreshes, caps.refreshes)
    }
  }
}

export function isBound ({ id }: Pick<Token, 'id'>, bound: number): boolean {
  return (bound >> id & 1) === 1
}

function renamed (bound: number, names: Uint8Array): number {
  let after = 0
  if (bound !== 0) names.forEach((name, id) => { if (name !== 0 && isBound({ id }, bound)) after |= 1 << name })
  return after
}

/** Normalizes a world without a record, in which all tokens are the old one. */
function settleOld (world: World, caps: Frame['caps']): Settled {
  const old = (token: Token): Token => ({ ...token, age: caps.token })
  return {
    names: Uint8Array.from({ length: NEWBORN + 1 }, (_, id) => id),
    world: {
      ...world,
      jar: old(world.jar),
      disk: world.disk && { token: old(world.disk.token), behind: 0 },
      flight: world.flight.map((message) => ({ ...message, token: old(message.token!) })).sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.age - b.age),
      idle: Math.min(world.idle, caps.idle),
      pocket: world.pocket.slice(0, 1).map(old)
    }
  }
}

function isSame (token: Token, other: Token): boolean {
  return token.id === other.id && token.generation === other.generation
}
