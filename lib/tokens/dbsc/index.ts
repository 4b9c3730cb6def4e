import type { Key } from '../../config.ts'
import { toNumericDate } from '../../json.ts'
import { createVerifySignature } from '../dpop/verifiers.ts'
import { deriveDeviceBoundKey } from '../keys.ts'
import { createReadDeviceProof } from './proof.ts'
import type { ReadDeviceProof } from './proof.ts'
import { createStamps } from './stamps.ts'

const REGISTRATION_LIFE = 120 // seconds
// A browser signs at most six times in nine minutes, but can reuse its signature of a known challenge. So all renewals in this
// time share one challenge.
const CHALLENGE_STEP = 300 // seconds
/** For how many seconds the server accepts a bound cookie after the browser has dropped it, since a request may be on its way. */
const GRACE = 10

/** Challenges, proofs and bound cookies, which show that a browser has its device key. None of them must be stored. */
export interface DeviceProofs {
  readProof: ReadDeviceProof
  /** The challenge for the registration of a key, which is sent once, with the response to the login. */
  registrationChallenge (sessionId: string): string
  isRegistrationChallenge (sessionId: string, challenge: unknown): boolean
  /** The challenge for renewals of the bound cookie. It is valid for at least one step and at most two. */
  challenge (sessionId: string): string
  isChallenge (sessionId: string, challenge: unknown): boolean
  /** The value of a bound cookie. */
  boundValue (sessionId: string): string
  /** The session of a bound cookie, and until when it is valid, in seconds since the epoch; null if it is invalid or has expired. */
  readBoundValue (value: string): { sessionId: string, until: number } | null
}

/**
 * The library that reads the proofs is imported only here, so that an app without them does not load it.
 *
 * @param lifetime seconds
 */
export async function createDeviceProofs (refreshKeys: readonly Key[], lifetime: number, now: () => number): Promise<DeviceProofs> {
  const { createDecoder, createVerifier } = await import('fast-jwt')
  const stamps = createStamps(refreshKeys.map(deriveDeviceBoundKey) as [Buffer, ...Buffer[]])
  const seconds = (): number => toNumericDate(now())
  const step = (): number => Math.floor(seconds() / CHALLENGE_STEP)

  return {
    readProof: createReadDeviceProof(createDecoder({ complete: true }), createVerifySignature(createVerifier)),
    registrationChallenge: (sessionId) => stamps.make('registration', sessionId, seconds()),
    isRegistrationChallenge (sessionId, challenge) {
      const at = stamps.read('registration', sessionId, challenge)
      return at !== null && seconds() - at < REGISTRATION_LIFE
    },
    challenge: (sessionId) => stamps.make('challenge', sessionId, step()),
    isChallenge (sessionId, challenge) {
      const of = stamps.read('challenge', sessionId, challenge)
      return of !== null && step() - of <= 1
    },
    boundValue: (sessionId) => `${sessionId}.${stamps.make('cookie', sessionId, seconds())}`,
    readBoundValue (value) {
      const [sessionId, rest] = [value.slice(0, 22), value.slice(23)]
      const at = stamps.read('cookie', sessionId, rest)
      const until = at === null ? 0 : at + lifetime + GRACE
      return until > seconds() ? { sessionId, until } : null
    }
  }
}
