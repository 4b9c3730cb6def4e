import type { Decision } from '../../lib/sessions/rotation.ts'
import { mustBeRefused, serve, tradeIn } from './server.ts'
import { capsOf } from './setting.ts'
import type { Setting, Stolen } from './setting.ts'
import { DEAD, isBound, NEWBORN, settle } from './world.ts'
import type { Frame, Message, Settled, Token, World } from './world.ts'

export interface Move {
  /** `#3` stands for the token with the id 3. */
  name: string
  /** null: the session is ended. */
  next: Settled | null
  /** The parent of the newborn token. */
  parent: Token | null
  /** The client must log in again although there is no thief. */
  logsOut: boolean
  /** The thief's token was accepted. */
  steals: boolean
  /** The old token was accepted after its session had been ended. */
  revives: boolean
  /** The thief's token was accepted although the session is bound. */
  pierces: boolean
}

export function frameOf (setting: Setting): Frame {
  return { caps: capsOf(setting), mayTake: setting.mayTake, bury: (token, records, bound) => mustBeRefused(token, records, bound, setting) }
}

/** Everything that can happen next. */
export function movesOf (world: World, setting: Setting, frame: Frame): Move[] {
  const moves: Move[] = []
  const add = (name: string, changes: Partial<World>, more: Partial<Move> = {}): void => {
    moves.push({ name, next: settle({ ...world, ...changes }, frame), parent: null, logsOut: false, steals: false, revives: false, pierces: false, ...more })
  }
  if (world.store === 'emptied') {
    addReplay(world, setting, add)
    return moves
  }
  addTime(world, setting, add)
  addClient(world, setting, add)
  addBrowser(world, setting, add)
  addNetwork(world, setting, add)
  if (setting.moves) addMove(world, setting, add)
  addServer(world, setting, add, (name, logsOut) => moves.push({ name, next: null, parent: null, logsOut, steals: false, revives: false, pierces: false }))
  return moves
}

type Add = (name: string, changes: Partial<World>, more?: Partial<Move>) => void
type End = (name: string, logsOut: boolean) => void

/** Time passes unless a message has reached the end of its lifetime, or the cookies on disk lag as far behind as they may. */
function addTime ({ records, jar, disk, flight, idle, pocket }: World, { messageLife, losesCookies }: Setting, add: Add): void {
  if (flight.some(({ age }) => age === messageLife)) return
  if (disk !== null && disk.behind === losesCookies) return
  const older = <Aging extends { age: number }>(one: Aging): Aging => ({ ...one, age: one.age + 1 })
  add('a tick', {
    records: records.map(older),
    jar: older(jar),
    disk: disk && { token: older(disk.token), behind: disk.behind + 1 },
    flight: flight.map((message) => ({ ...older(message), token: message.token && older(message.token) })),
    idle: idle + 1,
    pocket: pocket.map(older)
  })
}

function addClient (world: World, { inFlight, accessLife, thief: wanted }: Setting, add: Add): void {
  const { jar, flight, idle, thief, pocket } = world
  if (flight.length < inFlight && idle >= accessLife) {
    add(`the client sends #${jar.id}`, { flight: [...flight, { kind: 'request', token: jar, age: 0 }] })
  }
  if (world.registration === 'offered' && flight.length < inFlight && jar.generation === 1) {
    add(`the browser registers with #${jar.id}`, { flight: [...flight, { kind: 'registration', token: jar, age: 0 }], registration: 'none' })
  }
  // A copied token that carries the key is rejected without the key, so no thief copies one.
  if (wanted !== null && thief === 'absent' && jar !== DEAD && !isBound(jar, world.bound)) add(`a thief copies #${jar.id}`, { thief: 'waits', pocket: [jar] })
  if (thief === 'waits' && isStolen(wanted, pocket[0], world)) add('the thief begins', { thief: 'plays' })
}

/** The server fails in the middle of a trade-in, or the client logs out with a token of the plugin. */
function addMove (world: World, setting: Setting, add: Add): void {
  const { records, old, jar, flight } = world
  const { marks, losesMessages } = setting
  const asked = flight.filter((message) => !isAnswer(message))
  if (old === 'new' && losesMessages) {
    const traded = tradeIn(setting, world)
    for (const message of asked) {
      const others = { flight: flight.filter((other) => other !== message) }
      if (marks === 'before') add('the server fails once it has marked the old token', { ...others, records, old: traded.old })
      else add('the server fails once it has created the session', { ...others, records: traded.records })
      add('the server fails once it has done both', { ...others, ...traded })
    }
  }
  if (records.length > 0 && jar.generation > 1) {
    add('the client logs out', { records: [], store: 'emptied', jar: DEAD, disk: null, flight: [], thief: 'absent', pocket: [], idle: 0, refreshes: 0 })
  }
}

/** The old token arrives again: late, duplicated, or from a thief. */
function addReplay (world: World, setting: Setting, add: Add): void {
  const { records } = tradeIn(setting, world)
  if (records.length > 0) add('the old token comes again', {}, { revives: true })
}

/** Whether the stolen token has become the kind that the thief waits for. The model may already have forgotten an older one. */
function isStolen (wanted: Stolen | null, token: Token | undefined, { records: [record], jar }: World): boolean {
  if (record === undefined) return wanted === 'live'
  if (wanted === 'older') return token === undefined || token.generation < record.generation
  if (token === undefined) return false
  return wanted === 'live' ? token.id === jar.id : token.id === record.current && token.id !== jar.id
}

/** A browser writes its cookies to disk from time to time, and reads them back after a crash. */
function addBrowser ({ jar, disk, flight }: World, { accessLife }: Setting, add: Add): void {
  if (disk === null) return
  add('the browser writes its cookies', { disk: { token: jar, behind: 0 } })
  const orphans = flight.filter((message) => !isAnswer(message)).map((message) => ({ ...message, kind: 'orphan' as const }))
  add('the browser crashes', { jar: disk.token, disk: { ...disk, behind: 0 }, flight: orphans, idle: accessLife })
}

function addNetwork (world: World, setting: Setting, add: Add): void {
  const { jar, flight, idle, thief, refreshes } = world
  for (const message of flight) {
    const others = flight.filter((other) => other !== message)
    if (setting.losesMessages) add(`${nameOf(message)} is lost`, { flight: others })
    if (setting.doublesMessages && flight.length < setting.inFlight) add(`${nameOf(message)} is doubled`, { flight: [...flight, { ...message }] })
    if (message.kind === 'registered') add(`${nameOf(message)} arrives`, { jar: message.token!, flight: others })
    if (message.kind !== 'answer') continue
    // Tabs that refresh at the same time count as one refresh.
    const counts = thief === 'plays' && idle >= setting.accessLife
    add(`${nameOf(message)} arrives`, { jar: message.token ?? jar, flight: others, idle: 0, refreshes: refreshes + (counts ? 1 : 0) })
  }
}

function addServer (world: World, setting: Setting, add: Add, end: End): void {
  const { records, store, flight, thief, pocket } = world
  const { echoes, losesThem } = setting
  for (const message of flight) {
    if (isAnswer(message)) continue
    const token = message.token!
    const registers = message.kind === 'registration'
    const { decision, child, after } = serve(setting, world, token, registers)
    const name = `${nameOf(message)} is served: ${wordsOf(decision, child)}`
    if (decision.type !== 'accept') end(name, thief === 'absent')
    else {
      const others = flight.filter((other) => other !== message)
      const answers: Message[] = message.kind === 'orphan' || (registers && child === null) ? [] : [{ kind: registers ? 'registered' : 'answer', token: child ?? (echoes ? token : null), age: 0 }]
      const bound = registers || isBound(token, world.bound) ? world.bound | 1 << NEWBORN : world.bound
      add(name, { ...after, bound, flight: [...others, ...answers] }, { parent: token })
    }
  }
  if (thief === 'plays') {
    for (const token of pocket.length > 0 ? pocket : [DEAD]) {
      const { decision, child, after } = serve(setting, world, token)
      const name = `the thief uses #${token.id}: ${wordsOf(decision, child)}`
      if (decision.type !== 'accept') end(name, false)
      else add(name, { ...after, pocket: child === null ? pocket : [...pocket, child] }, { parent: token, steals: true, pierces: isBound({ id: records[0]?.current ?? 0 }, world.bound) })
    }
  }
  if (store !== 'sound') return
  for (let lost = 1; lost < records.length; lost++) {
    add(`the store loses ${lost === 1 ? 'its last write' : `its last ${lost} writes`}`, { records: [records[lost]!], store: losesThem === 'once' ? 'worn' : 'fallen' })
  }
}

function isAnswer ({ kind }: Message): boolean {
  return kind === 'answer' || kind === 'registered'
}

function nameOf ({ kind, token }: Message): string {
  if (kind === 'registration') return `the registration with #${token!.id}`
  if (kind === 'registered') return `the answer to the registration with #${token!.id}`
  if (kind !== 'answer') return `the request with #${token!.id}`
  return token === null ? 'an answer without a cookie' : `the answer with #${token.id}`
}

function wordsOf (decision: Decision, child: Token | null): string {
  if (decision.type !== 'accept') return decision.type
  return child === null ? decision.case : `${decision.case}, gives out #${child.id === NEWBORN ? NEWBORN : child.id}`
}
