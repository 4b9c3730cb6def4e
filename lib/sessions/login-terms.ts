import { LONGEST, toWholeSeconds } from '../checks/durations.ts'
import { checkCallFlag, show } from '../checks/fields.ts'
import type { Config } from '../config.ts'
import { toNumericDate } from '../json.ts'
import type { SessionTerms } from '../tokens/refresh-token.ts'

export interface LoginTerms extends SessionTerms {
  /** Seconds. */
  maxAge: number
}

/** The options as the host passed them. */
interface TermsOptions {
  expiresIn?: unknown
  maxAge?: unknown
  persistent?: unknown
  authTime?: unknown
}

/**
 * The terms of one login: its own options, or the app's options as the default.
 *
 * @param call the name of the called function, for the error
 * @param isLogin whether the user has just been authenticated, in case `authTime` is not given
 * @throws TypeError
 */
export type ParseTerms = (call: string, options: TermsOptions, isLogin: boolean) => LoginTerms

const CLOCK_SKEW = 300 // seconds that the clock of an identity provider may be ahead

export function createParseTerms ({ refreshToken, now }: Config): ParseTerms {
  const { windows, maxAge: defaultMaxAge } = refreshToken

  function parseIdleLife (call: string, value: unknown): number | null {
    if (value === undefined) return null
    const idleLife = toWholeSeconds(`${call}: expiresIn`, value, LONGEST) * 1000
    if (idleLife <= windows.overlap) {
      throw new TypeError(`${call}: expiresIn is ${show(value)}, not longer than refreshToken.overlap (${windows.overlap / 1000} s): give more`)
    }
    return idleLife === windows.expiresIn ? null : idleLife
  }

  function parseAuthTime (call: string, value: unknown, isLogin: boolean): number | null {
    if (value === undefined) return isLogin ? toNumericDate(now()) : null
    if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= toNumericDate(now()) + CLOCK_SKEW) return value as number
    throw new TypeError(`${call}: authTime is ${show(value)}: give the time of the login in whole seconds since the epoch, like the auth_time of an ID token`)
  }

  return function parseTerms (call, { expiresIn, maxAge, persistent, authTime }, isLogin) {
    return {
      idleLife: parseIdleLife(call, expiresIn),
      maxAge: maxAge === undefined ? defaultMaxAge : toWholeSeconds(`${call}: maxAge`, maxAge, LONGEST),
      persistent: checkCallFlag(call, 'persistent', persistent, true),
      authTime: parseAuthTime(call, authTime, isLogin),
      jkt: null,
      adoptedKey: null,
      device: null
    }
  }
}
