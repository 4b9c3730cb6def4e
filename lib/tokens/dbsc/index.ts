import type { Key } from '../../config.ts'
import { toNumericDate } from '../../json.ts'
import { createVerifySignature } from '../dpop/verifiers.ts'
import { deriveDeviceBoundKey } from '../keys.ts'
import { createReadDeviceProof } from './proof.ts'
import type { ReadDeviceProof } from './proof.ts'
import { createStamps } from './stamps.ts'

const REGISTRATION_LIFE = 120 // seconds
// A browser signs six times in nine minutes at most, and sends the signature of a challenge that it knows again. So
// there is one challenge for all renewals in this time.
const CHALLENGE_STEP = 300 // seconds
/** Seconds that the server takes a bound cookie for longer than the browser keeps it: a request may be on its way. */
const GRACE = 10

/** What proves that a browser has the key of its device. No store has to remember any of it. */
export interface DeviceProofs {
  readProof: ReadDeviceProof
  /** For the registration of a key, once, after the login. */
  registrationChallenge (sessionId: string): string
  isRegistrationChallenge (sessionId: string, challenge: unknown): boolean
  /** For the renewals of the bound cookie. It is good for one step at least and two at most. */
  challenge (sessionId: string): string
  isChallenge (sessionId: string, challenge: unknown): boolean
  /** The value of a bound cookie. */
  boundValue (sessionId: string): string
  /** Whose bound cookie it is, and until when it is good, in seconds since the epoch; null where it is not or no longer good. */
  readBoundValue (value: string): { sessionId: string, until: number } | null
}

/**
 * The library that reads the proofs is loaded here, so that an app without them does not pay for it.
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
