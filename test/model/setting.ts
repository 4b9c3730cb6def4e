import { decide } from '../../lib/sessions/rotation.ts'
import type { RotationWindows } from '../../lib/config.ts'
import { isOfItsLine } from './world.ts'
import type { Frame } from './world.ts'

export type Judge = typeof decide
export type Stolen = 'live' | 'just used' | 'older'

/** What may happen in a world. Times in ticks. */
export interface Setting {
  /** The rules that are tried: the shipped ones, or a variant of them. */
  judge: Judge
  windows: RotationWindows
  /** How many ticks a request or an answer may be on its way. */
  messageLife: number
  inFlight: number
  /** How long the client, all its tabs together, makes do with an access token. 0: each tab refreshes as it pleases. */
  accessLife: number
  losesMessages: boolean
  /** Browsers crash, which loses the cookie writes of at most so many ticks. 0: they do not. */
  losesCookies: number
  doublesMessages: boolean
  /** How many of its last writes the store may lose at once. */
  losesWrites: number
  /** Once, or again and again. */
  losesThem: 'once' | 'ever again'
  /** What the thief has a copy of, when it begins. */
  thief: Stolen | null
  /** The body transport: an answer without a new refresh token brings the one that was sent, and the client keeps what comes. */
  echoes: boolean
  /** The session is one that is adopted: its first token is of an older scheme, and the client may log out. */
  moves: boolean
  /** When the host is told that the old token was traded in. The shipped way: after its session was created. */
  marks: 'after' | 'before' | 'never'
  /** Whether the login's browser may register a key of its device. */
  registers: boolean
  /** Not the shipped way: a token has one child, however often it is asked for. */
  oneChild: boolean
  /** Not the shipped way: a child that a retry gives out is younger than it is, by so many ticks. */
  rejuvenates: number
  mayTake: Frame['mayTake']
}

/** A client of three tabs that refresh as they please, over a network and a store without faults. */
export const plain: Setting = {
  judge: decide,
  windows: { expiresIn: Infinity, overlap: 5, retryWindow: Infinity, recoveryWindow: Infinity, rotate: true },
  messageLife: 1,
  inFlight: 3,
  accessLife: 0,
  losesMessages: false,
  losesCookies: 0,
  doublesMessages: false,
  losesWrites: 0,
  losesThem: 'ever again',
  thief: null,
  echoes: false,
  moves: false,
  marks: 'after',
  registers: false,
  oneChild: false,
  rejuvenates: 0,
  mayTake: isOfItsLine
}

export const badNetwork = { losesMessages: true, doublesMessages: true } satisfies Partial<Setting>
export const badStore = { losesWrites: 3 } satisfies Partial<Setting>

/** Other windows than `plain` has. */
export function windows (changes: Partial<RotationWindows>): Pick<Setting, 'windows'> {
  return { windows: { ...plain.windows, ...changes } }
}

/** So many refreshes are counted; a thief who is not found by then is never found. */
export const MANY = 12

export function capsOf ({ windows, accessLife }: Setting): Frame['caps'] {
  const longest = (...spans: number[]): number => Math.max(...spans.filter(Number.isFinite))
  return {
    token: longest(windows.overlap, windows.recoveryWindow, windows.registration ?? 0),
    record: longest(windows.overlap, windows.retryWindow),
    idle: accessLife,
    refreshes: MANY
  }
}
