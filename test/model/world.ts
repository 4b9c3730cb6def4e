/**
 * One moment of the modelled world: a session's record, one cookie jar, the messages on their way, a thief's pocket.
 * Everything is relative (ages, not times; generations counted from the oldest record), so that a world that has only
 * grown older or gone further is the same world again: that is what makes the search finite and yet complete.
 */

/** A refresh token. Its id stands for the hash of its `jti`. */
export interface Token {
  id: number
  parent: number
  generation: number
  age: number
}

/** What the store holds of a session. */
export interface Stored {
  current: number
  generation: number
  age: number
}

export interface Message {
  /**
   * A request whose browser has crashed is an `orphan`: it may still be served, but its answer reaches nobody. `registered`
   * answers a `registration`: it brings a token that carries the key of the browser, and no access token.
   */
  kind: 'request' | 'orphan' | 'answer' | 'registration' | 'registered'
  /** An answer without a token brings an access token alone. */
  token: Token | null
  age: number
}

/** The cookie jar as a crash would leave it. */
export interface Disk {
  token: Token
  /** How many ticks the jar has held something else. */
  behind: number
}

export interface World {
  /** What the store holds, then what it held before each of its last writes, which it may yet lose. */
  records: Stored[]
  /**
   * `fallen`: it has lost writes and not written since. Its next write stays, so that it heals before it falls again.
   * `worn`: it has lost writes and will lose no more. `emptied`: the session was ended on purpose, and only its old token
   * may come again.
   */
  store: 'sound' | 'fallen' | 'worn' | 'emptied'
  /** Of a session that is adopted, what the host knows of its old token. There is no record before it came for the first time. */
  old: 'none' | 'new' | 'traded in'
  jar: Token
  /** Whether the browser is to register a key of its device with the login's token, which it does once at most. */
  registration: 'none' | 'offered'
  /** The ids of the tokens that carry that key, as bits. A record whose `current` is one of them is bound. */
  bound: number
  /** null: no browser crashes. */
  disk: Disk | null
  flight: Message[]
  /** Ticks since an answer brought the client an access token. */
  idle: number
  /** `waits`: until its token is of the kind that is asked about. */
  thief: 'absent' | 'waits' | 'plays'
  pocket: Token[]
  /** How often the victim got an access token since the thief began. */
  refreshes: number
}

/** A token that no record takes, nor will ever take again: they are all alike. */
export const DEAD: Token = { id: 0, parent: 0, generation: 0, age: 0 }
export const KINDS = ['request', 'orphan', 'answer', 'registration', 'registered'] as const

export const ROOT = 1
export const LOGIN = 2
/** The id of a token that was just made, until `settle` numbers it. */
export const NEWBORN = 15

/** What makes a difference. */
export interface Frame {
  /** Beyond these an age or a count makes none. */
  caps: { token: number, record: number, idle: number, refreshes: number }
  /** Whether the record takes the token, now or later. */
  mayTake: (token: Token, record: Stored) => boolean
  /** Told of each token that is forgotten. */
  bury: (token: Token, records: Stored[], bound: number) => void
}

export interface Settled {
  world: World
  /** What became of each id. */
  names: Uint8Array
}

/** The login's token is in the jar, and its root in the record. */
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

/** An older scheme has given out the token in the jar: the first of a session that is not there yet. */
export function beforeMove (frame: Frame, crashes: boolean): World {
  const world = afterLogin(frame, crashes)
  const old = { ...world.jar, age: frame.caps.token }
  return { ...world, records: [], old: 'new', jar: old, disk: world.disk && { token: old, behind: 0 } }
}

/**
 * The next token of the record, its current one, or one ahead of it. One that is none of these for any record that the
 * store may fall back to will never be: generations only rise, and the child of a token that becomes current later was
 * ahead of the record before.
 */
export function isOfItsLine ({ generation, id, parent }: Token, record: Stored): boolean {
  return generation > record.generation + 1 ||
    (generation === record.generation + 1 && parent === record.current) ||
    (generation === record.generation && id === record.current)
}

/** The normal form of a world: ages capped, the dead forgotten, generations and ids counted anew, messages in order. */
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

  /** Of two that differ in nothing and have no child in the pocket, the thief needs only one. */
  function isTwin (token: Token, other: Token | undefined): boolean {
    return other !== undefined && rank(token) === rank(other) && token.parent === other.parent &&
      (token.id === other.id || (!parents.has(token.id) && !parents.has(other.id)))
  }

  // Generation 1 is the login's, which the rules tell from the others: it is never moved, and none becomes it.
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

/** Where there is no record yet, all tokens are the old one. */
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
