import { decide } from '../../lib/sessions/rotation.ts'
import type { RotationWindows } from '../../lib/config.ts'
import { isOfItsLine } from './world.ts'
import type { Frame } from './world.ts'

export type Judge = typeof decide
export type Stolen = 'live' | 'just used' | 'older'

/** What may happen in a world. Times are in ticks. */
export interface Setting {
  /** The rules under test: the shipped ones or a variant. */
  judge: Judge
  windows: RotationWindows
  /** How many ticks a request or a response may be in flight. */
  messageLife: number
  inFlight: number
  /** How long the client, with all its tabs, uses an access token before it refreshes. 0: each tab refreshes at any time. */
  accessLife: number
  losesMessages: boolean
  /** A crash of the browser loses the cookie writes of at most this number of ticks. 0: the browser never crashes. */
  losesCookies: number
  doublesMessages: boolean
  /** How many of its last writes the store may lose at once. */
  losesWrites: number
  /** Whether the store loses writes once or repeatedly. */
  losesThem: 'once' | 'ever again'
  /** The kind of token that the thief has copied when it starts to use it. */
  thief: Stolen | null
  /** The body transport: a response without a new refresh token repeats the one sent, and the client stores what it receives. */
  echoes: boolean
  /** The session is adopted: its first token comes from an older scheme, and the client may log out. */
  moves: boolean
  /** When the app is told that the old token was traded in. The plugin does this after it has created the session. */
  marks: 'after' | 'before' | 'never'
  /** Whether the browser that logged in may register a device key. */
  registers: boolean
  /** A variant: all uses of a token return the same child. */
  oneChild: boolean
  /** A variant: the child issued at a retry counts as this number of ticks younger than it is. */
  rejuvenates: number
  mayTake: Frame['mayTake']
}

/** A client with three tabs that refresh at any time, over a network and a store without faults. */
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

export function windows (changes: Partial<RotationWindows>): Pick<Setting, 'windows'> {
  return { windows: { ...plain.windows, ...changes } }
}

/** The number of refreshes after which the search stops counting: a thief not detected by then counts as never detected. */
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
